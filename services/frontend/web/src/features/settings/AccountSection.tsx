import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { Database } from "@/store/database";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { useApp, useShown } from "../app/context";
import type { Auth } from "../signin/auth";
import { Section } from "./Section";
import styles from "./Settings.module.css";

/** Who is signed in, and the way out; not there where the platform has no sign-in. */
export function AccountSection() {
  const { auth } = useApp().session;
  return auth ? <Account auth={auth} /> : null;
}

function Account({ auth }: { auth: Auth }) {
  const t = useTranslations("settings.account");
  const [lost, setLost] = useState(0);
  const here = useShown(({ waiting, issues }) => waiting + issues.length);
  const { session } = useApp();
  const leave = useMutation({
    mutationFn: () => {
      session.stop();
      return auth.signOut();
    },
  });
  const start = async () => {
    const unsent = Math.max(here, await countQueued());
    if (unsent > 0) setLost(unsent);
    else leave.mutate();
  };
  return (
    <Section title={t("title")} hint={t("hint")}>
      <p className={styles.text}>
        {t.rich("signedIn", { name: auth.name, b: (name) => <strong dir="auto">{name}</strong> })}
      </p>
      <Button className={styles.start} disabled={leave.isPending} onClick={() => void start()}>
        <LogOut size={16} aria-hidden="true" />
        {t("signOut")}
      </Button>
      <Dialog title={t("confirm")} open={lost > 0} onClose={() => setLost(0)}>
        <div className={styles.form}>
          <p className={styles.warning}>{t("lost", { count: lost })}</p>
          <div className={styles.end}>
            <Button onClick={() => setLost(0)}>{t("stay")}</Button>
            <Button tone="danger" disabled={leave.isPending} onClick={() => leave.mutate()}>
              {t("signOutAnyway")}
            </Button>
          </div>
        </div>
      </Dialog>
    </Section>
  );
}

/** The changes that wait on this device, those of other windows too. */
async function countQueued(): Promise<number> {
  try {
    const database = await Database.open();
    const queued = await database.readQueue();
    database.close();
    return queued.length;
  } catch {
    return 0; // a browser that stores nothing
  }
}
