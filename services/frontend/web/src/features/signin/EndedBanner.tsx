import { useMutation } from "@tanstack/react-query";
import { LogIn } from "lucide-react";
import { useTranslations } from "use-intl";
import { Button } from "@/ui/Button";
import bar from "../zone/ZoneBanner.module.css";
import type { Auth, Stand } from "./auth";

const CLOCK = /not yet valid|expired/i;

/** Says that the sign-in is over while the list stays readable, and what happens to what is changed meanwhile. */
export default function EndedBanner({ auth, stand }: { auth: Auth; stand: Stand }) {
  const t = useTranslations("signIn");
  const again = useMutation({ mutationFn: auth.signIn });
  const { standing, detail } = stand;
  const unreachable = again.isError || standing === "away";
  const why = detail && CLOCK.test(detail) ? t("clock") : detail ? t("refused", { detail }) : t("ended");
  return (
    <section className={bar.banner} aria-label={t("label")} role={again.isError ? "alert" : undefined}>
      <LogIn size={16} aria-hidden="true" />
      <p className={bar.text}>
        {unreachable ? t("away") : why} {t("kept")}
      </p>
      <div className={bar.choices}>
        <Button disabled={again.isPending} onClick={() => again.mutate()}>
          {again.isPending ? t("leaving") : unreachable ? t("again") : t("signInAgain")}
        </Button>
      </div>
    </section>
  );
}
