import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslations } from "use-intl";
import { request } from "@/api/http";
import { startOver } from "@/lib/reload";
import { Database } from "@/store/database";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Link } from "@/ui/Link";
import { useApp } from "../app/context";
import { restOf } from "./errors";
import { Field, Section } from "./Section";
import styles from "./Settings.module.css";

/** The way out: everything that the platform and this device hold of the person. */
export function EraseSection() {
  const t = useTranslations("settings.erase");
  const [open, setOpen] = useState(false);
  return (
    <Section title={t("title")} hint={t("hint")}>
      <Button tone="danger" className={styles.start} onClick={() => setOpen(true)}>
        {t("button")}
      </Button>
      <Dialog title={t("confirm")} open={open} onClose={() => setOpen(false)}>
        <Confirmation onClose={() => setOpen(false)} />
      </Dialog>
    </Section>
  );
}

function useErase() {
  const { session } = useApp();
  return useMutation({
    mutationFn: async () => {
      await request("DELETE", "/api/me");
      session.stop();
      await Database.erase();
      localStorage.clear();
      startOver();
    },
  });
}

function Confirmation({ onClose }: { onClose: () => void }) {
  const t = useTranslations();
  const [typed, setTyped] = useState("");
  const erase = useErase();
  const word = t("settings.erase.word");
  const right = typed.trim().toLowerCase() === word.toLowerCase();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right) erase.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p className={styles.warning}>{t("settings.erase.what")}</p>
      <p className={styles.text}>
        <Link to="/transfer" className={styles.link} onClick={onClose}>
          {t("settings.erase.exportFirst")}
        </Link>
      </p>
      <Field label={t("settings.erase.type", { word })} error={restOf(erase.error, [], t("app.unreachable"))}>
        {(names) => (
          <input
            {...names}
            className={styles.input}
            value={typed}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      <div className={styles.end}>
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button type="submit" tone="danger" disabled={!right || erase.isPending}>
          {t("settings.erase.button")}
        </Button>
      </div>
    </form>
  );
}
