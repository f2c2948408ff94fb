import { CircleAlert, Info, LogIn } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";
import { LocaleProvider } from "@/i18n/locale";
import { deviceZone } from "@/lib/zones";
import { Button } from "@/ui/Button";
import type { Out, Reason } from "./auth";
import styles from "./SignInScreen.module.css";

const QUIET = new Set<Reason["kind"]>(["signedOut", "signedOutElsewhere"]);

/** The page as long as nobody is signed in. */
export default function SignInScreen({ out }: { out: Out }) {
  return (
    <LocaleProvider locale={navigator.language} zone={deviceZone()}>
      <Screen {...out} />
    </LocaleProvider>
  );
}

function Screen({ settings, reason, signIn }: Out) {
  const t = useTranslations("signIn");
  const name = useTranslations("app")("name");
  const { shown, leaving, leave } = useLeaving(reason, signIn);
  useEffect(() => {
    document.title = `${t("title")} · ${name}`;
  }, [t, name]);
  const service = hostOf(settings.issuer);
  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <span className={styles.mark} aria-hidden="true" />
        <h1 className={styles.title}>{t("heading", { name })}</h1>
        <p className={styles.hint}>{t("hint")}</p>
        {shown ? <Message reason={shown} service={service} /> : null}
        {signIn ? (
          <>
            <Button tone="primary" className={styles.button} disabled={leaving} onClick={leave}>
              <LogIn size={17} aria-hidden="true" />
              {t(leaving ? "leaving" : shown && !QUIET.has(shown.kind) ? "again" : "button")}
            </Button>
            <p className={styles.where}>{t("where", { service })}</p>
          </>
        ) : null}
      </div>
    </main>
  );
}

function useLeaving(reason: Reason | null, signIn: Out["signIn"]) {
  const [shown, show] = useState(reason);
  const [leaving, setLeaving] = useState(false);
  const leave = () => {
    setLeaving(true);
    show(null);
    void signIn?.().catch(() => {
      setLeaving(false);
      show({ kind: "unreachable" });
    });
  };
  useEffect(() => {
    const back = ({ persisted }: PageTransitionEvent) => persisted && setLeaving(false); // by the browser's "back"
    addEventListener("pageshow", back);
    return () => removeEventListener("pageshow", back);
  }, []);
  return { shown, leaving, leave };
}

function Message({ reason: { kind, detail }, service }: { reason: Reason; service: string }) {
  const t = useTranslations("signIn.reasons");
  const quiet = QUIET.has(kind);
  const Icon = quiet ? Info : CircleAlert;
  return (
    <p className={`${styles.message} ${quiet ? "" : styles.bad}`} role={quiet ? "status" : "alert"}>
      <Icon size={17} aria-hidden="true" />
      <span>{t(kind, { service, detail: detail ?? "" })}</span>
    </p>
  );
}

function hostOf(issuer: string): string {
  try {
    return new URL(issuer).host;
  } catch {
    return issuer;
  }
}
