import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Globe } from "lucide-react";
import { useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { Me } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { Button } from "@/ui/Button";
import { learnMe } from "../app/me";
import { say } from "../toasts/toasts";
import styles from "./ZoneBanner.module.css";

interface ZoneBannerProps {
  here: string;
  setting: string;
  onKeep: () => void;
}

export default function ZoneBanner({ here, setting, onKeep }: ZoneBannerProps) {
  const t = useTranslations("zone");
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () => call<Me>("PATCH", "/api/me", { body: { time_zone: here }, key: uuid7() }),
    onSuccess: ({ time_zone, locale }) => {
      learnMe(queries, { time_zone, locale });
      say(t("changed", { zone: plain(time_zone) }));
    },
    onError: () => say(t("failed"), { tone: "danger" }),
  });
  return (
    <section className={styles.banner} aria-label={t("label")}>
      <Globe size={16} aria-hidden="true" />
      <p className={styles.text}>{t("question", { here: plain(here), setting: plain(setting) })}</p>
      <div className={styles.choices}>
        <Button disabled={change.isPending} onClick={() => change.mutate()}>
          {t("use", { zone: plain(here) })}
        </Button>
        <Button tone="ghost" disabled={change.isPending} onClick={onKeep}>
          {t("keep", { zone: plain(setting) })}
        </Button>
      </div>
    </section>
  );
}

function plain(zone: string): string {
  return zone.replaceAll("_", " ");
}
