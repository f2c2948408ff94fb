import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { NotificationSettings } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { Button } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { Failed } from "@/ui/Failed";
import { Spinner } from "@/ui/Spinner";
import { say } from "../toasts/toasts";
import { ChannelRow } from "./ChannelRow";
import { DeviceRow } from "./DeviceRow";
import { fieldError, restOf } from "./errors";
import { Field, Section } from "./Section";
import styles from "./Settings.module.css";

const SETTINGS = ["notifications", "settings"] as const;
const PATH = "/api/notifications/settings";

/** How a person is reached: on the open pages, by this device, by e-mail and by a webhook. */
export function ChannelsSection() {
  const t = useTranslations();
  const { data, error, refetch } = useQuery({
    queryKey: SETTINGS,
    queryFn: () => call<NotificationSettings>("GET", PATH),
    refetchOnWindowFocus: false,
  });
  return (
    <Section title={t("settings.channels.title")} hint={t("settings.channels.hint")}>
      {data ? <ChannelsForm key={JSON.stringify(data)} saved={data} /> : null}
      {!data && !error ? <Spinner label={t("app.loading")} /> : null}
      {!data && error ? <Failed error={error} onRetry={() => void refetch()} /> : null}
    </Section>
  );
}

/** The settings as the form holds them. */
interface Draft {
  inApp: boolean;
  email: boolean;
  address: string;
  webhook: boolean;
  url: string;
}

function draftOf({ in_app, email, webhook }: NotificationSettings): Draft {
  return {
    inApp: in_app.enabled,
    email: email.enabled,
    address: email.address ?? "",
    webhook: webhook.enabled,
    url: webhook.url ?? "",
  };
}

function bodyOf({ inApp, email, address, webhook, url }: Draft) {
  return {
    in_app: { enabled: inApp },
    email: { enabled: email, address: address.trim() || null },
    webhook: { enabled: webhook, url: url.trim() || null },
  };
}

function useSave() {
  const t = useTranslations("settings");
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (draft: Draft) => call<NotificationSettings>("PUT", PATH, { body: bodyOf(draft), key: uuid7() }),
    onSuccess: (saved) => {
      queries.setQueryData(SETTINGS, saved);
      say(t("saved"));
    },
  });
}

const FIELDS = ["email.address", "webhook.url"];

function ChannelsForm({ saved }: { saved: NotificationSettings }) {
  const t = useTranslations();
  const [draft, setDraft] = useState(() => draftOf(saved));
  const save = useSave();
  const set = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  const dirty = JSON.stringify(draft) !== JSON.stringify(draftOf(saved));
  const rest = restOf(save.error, FIELDS, t("app.unreachable"));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(draft);
  };
  return (
    <form className={styles.channels} onSubmit={submit} noValidate>
      <ChannelRow channel="in_app" on={draft.inApp} onChange={(inApp) => set({ inApp })} testable={!dirty} />
      <DeviceRow />
      <ChannelRow
        channel="email"
        on={draft.email}
        onChange={(email) => set({ email })}
        testable={!dirty && draft.address !== ""}
      >
        <Address draft={draft} set={set} error={fieldError(save.error, "email.address")} />
      </ChannelRow>
      <ChannelRow
        channel="webhook"
        on={draft.webhook}
        onChange={(webhook) => set({ webhook })}
        testable={!dirty && draft.url !== ""}
      >
        <Webhook draft={draft} set={set} error={fieldError(save.error, "webhook.url")} />
        <SigningKey signingKey={saved.webhook.signing_key ?? null} />
      </ChannelRow>
      {rest ? (
        <p className={styles.error} role="alert">
          {rest}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" tone="primary" disabled={!dirty || save.isPending}>
          {t("app.save")}
        </Button>
        {dirty ? <p className={styles.hint}>{t("settings.channels.saveFirst")}</p> : null}
      </div>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
  error: string | null;
}

function Address({ draft, set, error }: PartProps) {
  const t = useTranslations("settings.channels");
  return (
    <Field label={t("address")} error={error}>
      {(names) => (
        <input
          {...names}
          type="email"
          className={styles.input}
          autoComplete="email"
          placeholder="name@example.com"
          value={draft.address}
          onChange={(event) => set({ address: event.target.value })}
        />
      )}
    </Field>
  );
}

function Webhook({ draft, set, error }: PartProps) {
  const t = useTranslations("settings.channels");
  return (
    <Field label={t("url")} hint={t("urlHint")} error={error}>
      {(names) => (
        <input
          {...names}
          type="url"
          className={styles.input}
          placeholder="https://example.com/hook"
          dir="ltr"
          value={draft.url}
          onChange={(event) => set({ url: event.target.value })}
        />
      )}
    </Field>
  );
}

function SigningKey({ signingKey }: { signingKey: string | null }) {
  const t = useTranslations("settings.channels");
  const [shown, setShown] = useState(false);
  if (!signingKey) return null;
  return (
    <div className={styles.field}>
      <p className={styles.label}>{t("signingKey")}</p>
      <CopyText text={signingKey} label={t("signingKey")} hidden={!shown} />
      <p className={styles.hint}>{t("signingKeyHint")}</p>
      <Button tone="ghost" className={styles.start} onClick={() => setShown(!shown)}>
        {shown ? t("hideKey") : t("showKey")}
      </Button>
    </div>
  );
}
