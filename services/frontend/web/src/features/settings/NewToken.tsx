import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { NewToken as Made, Scope } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { addDays, withOffset } from "@/lib/zones";
import { Button } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { useClock } from "../app/context";
import { fieldError, restOf } from "./errors";
import { clientSettings } from "./McpSection";
import { Field } from "./Section";
import styles from "./Settings.module.css";
import { TOKENS } from "./tokens";

const SCOPES: readonly Scope[] = ["tasks:read", "tasks:write", "chat", "admin:self"];
const USUAL: readonly Scope[] = ["tasks:read", "tasks:write"];
const USUAL_DAYS = 90;
const MOST_DAYS = 365;

/** Makes a token, then shows its secret, which nobody can show again. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: { name: string; scopes: Scope[]; expires_at: string }) =>
      call<Made>("POST", "/api/tokens", { body, key: uuid7() }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: TOKENS }),
    gcTime: 0, // the secret stays nowhere
  });
  if (make.data?.secret) return <Secret name={make.data.name} secret={make.data.secret} onClose={onClose} />;
  return <TokenForm error={make.error} busy={make.isPending} onMake={make.mutate} onClose={onClose} />;
}

interface TokenFormProps {
  error: Error | null;
  busy: boolean;
  onMake: (body: { name: string; scopes: Scope[]; expires_at: string }) => void;
  onClose: () => void;
}

function TokenForm({ error, busy, onMake, onClose }: TokenFormProps) {
  const t = useTranslations();
  const { today, zone } = useClock();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(USUAL);
  const [day, setDay] = useState(() => addDays(today, USUAL_DAYS));
  const rest = restOf(error, ["name", "expires_at"], t("app.unreachable"));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onMake({
      name: name.trim(),
      scopes: SCOPES.filter((scope) => scopes.includes(scope)),
      expires_at: withOffset(`${day}T00:00`, zone),
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={t("settings.tokens.name")} hint={t("settings.tokens.nameHint")} error={fieldError(error, "name")}>
        {(names) => (
          <input
            {...names}
            className={styles.input}
            value={name}
            required
            autoComplete="off"
            dir="auto"
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <ScopeChoice scopes={scopes} onChange={setScopes} />
      <Field label={t("settings.tokens.until")} error={fieldError(error, "expires_at")}>
        {(names) => (
          <input
            {...names}
            type="date"
            className={styles.input}
            required
            value={day}
            min={addDays(today, 1)}
            max={addDays(today, MOST_DAYS)}
            onChange={(event) => setDay(event.target.value)}
          />
        )}
      </Field>
      {rest ? (
        <p className={styles.error} role="alert">
          {rest}
        </p>
      ) : null}
      <div className={styles.end}>
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button type="submit" tone="primary" disabled={busy || !name.trim() || scopes.length === 0 || !day}>
          {t("settings.tokens.make")}
        </Button>
      </div>
    </form>
  );
}

function ScopeChoice({ scopes, onChange }: { scopes: readonly Scope[]; onChange: (to: readonly Scope[]) => void }) {
  const t = useTranslations("settings.tokens");
  const toggled = (scope: Scope) =>
    scopes.includes(scope) ? scopes.filter((other) => other !== scope) : [...scopes, scope];
  return (
    <fieldset className={styles.choices}>
      <legend className={styles.label}>{t("scopes")}</legend>
      {SCOPES.map((scope) => (
        <label key={scope} className={styles.choice}>
          <input type="checkbox" checked={scopes.includes(scope)} onChange={() => onChange(toggled(scope))} />
          <span>
            {t(`scope.${scope}`)} <code className={styles.scope}>{scope}</code>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Secret({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  const t = useTranslations("settings.tokens");
  return (
    <div className={styles.form}>
      <p className={styles.warning} role="alert">
        {t("once", { name })}
      </p>
      <CopyText text={secret} label={t("secret")} />
      <p className={styles.text}>{t("forMcp")}</p>
      <CopyText text={clientSettings(secret)} label={t("mcpSettings")} />
      <div className={styles.end}>
        <Button tone="primary" onClick={onClose}>
          {t("done")}
        </Button>
      </div>
    </div>
  );
}
