import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useFormatter, useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { Me } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { deviceZone } from "@/lib/zones";
import { Button } from "@/ui/Button";
import { useApp, useClock } from "../app/context";
import { learnMe } from "../app/me";
import { say } from "../toasts/toasts";
import { restOf } from "./errors";
import { Field, Section } from "./Section";
import styles from "./Settings.module.css";

const LOCALES = ["en-US", "en-GB", "en-AU", "en-CA", "en-IN", "de-DE", "de-AT", "de-CH"];

/** Time zone and locale: what a date means, and how times are written. */
export function RegionSection() {
  const t = useTranslations("settings.region");
  const { me } = useApp();
  const format = useFormatter();
  const { now } = useClock();
  const change = useChange();
  const here = deviceZone();
  return (
    <Section
      title={t("title")}
      hint={t("now", { time: format.dateTime(now, { dateStyle: "full", timeStyle: "short" }) })}
    >
      <Field label={t("zone")} hint={t("zoneHint")}>
        {(names) => (
          <select
            {...names}
            className={styles.input}
            value={me.time_zone}
            disabled={change.isPending}
            onChange={(event) => change.mutate({ time_zone: event.target.value })}
          >
            <Zones chosen={me.time_zone} />
          </select>
        )}
      </Field>
      {here === me.time_zone ? null : (
        <Button className={styles.start} onClick={() => change.mutate({ time_zone: here })}>
          {t("useDevice", { zone: here.replaceAll("_", " ") })}
        </Button>
      )}
      <Field label={t("locale")} hint={t("localeHint")}>
        {(names) => (
          <select
            {...names}
            className={styles.input}
            value={me.locale}
            disabled={change.isPending}
            onChange={(event) => change.mutate({ locale: event.target.value })}
          >
            {[...new Set([...LOCALES, me.locale])].map((locale) => (
              <option key={locale} value={locale} lang={locale}>
                {nameOf(locale)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Section>
  );
}

function useChange() {
  const t = useTranslations();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (changes: { time_zone?: string; locale?: string }) =>
      call<Me>("PATCH", "/api/me", { body: changes, key: uuid7() }),
    onSuccess: ({ time_zone, locale }) => {
      learnMe(queries, { time_zone, locale });
      say(t("settings.saved"));
    },
    onError: (error) => say(restOf(error, [], t("app.unreachable")) ?? error.message, { tone: "danger" }),
  });
}

/** All zones that the browser knows, by region. */
function Zones({ chosen }: { chosen: string }) {
  const regions = useMemo(() => {
    const found = new Map<string, string[]>();
    for (const zone of new Set(["UTC", chosen, ...Intl.supportedValuesOf("timeZone")])) {
      const region = zone.includes("/") ? (zone.split("/")[0] ?? "") : "UTC";
      found.set(region, [...(found.get(region) ?? []), zone]);
    }
    return [...found].sort(([one], [other]) => one.localeCompare(other));
  }, [chosen]);
  return regions.map(([region, zones]) => (
    <optgroup key={region} label={region}>
      {zones.sort().map((zone) => (
        <option key={zone} value={zone}>
          {zone.replaceAll("_", " ")}
        </option>
      ))}
    </optgroup>
  ));
}

/** A locale in its own language, such as Deutsch (Österreich). */
function nameOf(locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: "language", languageDisplay: "standard" }).of(locale) ?? locale;
  } catch {
    return locale;
  }
}
