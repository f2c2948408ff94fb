import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { useFormatter, useTranslations } from "use-intl";
import { call } from "@/api/http";
import type { Token } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Failed } from "@/ui/Failed";
import { Spinner } from "@/ui/Spinner";
import { useApp, useClock } from "../app/context";
import { say } from "../toasts/toasts";
import { restOf } from "./errors";
import { NewToken } from "./NewToken";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { TOKENS } from "./tokens";

/** Personal access tokens: what scripts and MCP clients call with. */
export function TokensSection() {
  const t = useTranslations();
  const { data, error, refetch } = useQuery({
    queryKey: TOKENS,
    queryFn: () => call<{ items: Token[] }>("GET", "/api/tokens"),
  });
  const [making, setMaking] = useState(false);
  useFollow();
  return (
    <Section title={t("settings.tokens.title")} hint={t("settings.tokens.hint")}>
      {!data && !error ? <Spinner label={t("app.loading")} /> : null}
      {!data && error ? <Failed error={error} onRetry={() => void refetch()} /> : null}
      {data?.items.length === 0 ? <p className={styles.none}>{t("settings.tokens.none")}</p> : null}
      <ul className={styles.tokens}>
        {data?.items.map((token) => (
          <TokenItem key={token.id} token={token} />
        ))}
      </ul>
      <Button className={styles.start} onClick={() => setMaking(true)}>
        <Plus size={16} aria-hidden="true" />
        {t("settings.tokens.new")}
      </Button>
      <Dialog title={t("settings.tokens.new")} open={making} onClose={() => setMaking(false)}>
        <NewToken onClose={() => setMaking(false)} />
      </Dialog>
    </Section>
  );
}

/** A token that is made or revoked on another device shows here too. */
function useFollow(): void {
  const { session } = useApp();
  const queries = useQueryClient();
  useEffect(
    () =>
      session.follow((events) => {
        if (events.some(({ type }) => type.startsWith("token."))) void queries.invalidateQueries({ queryKey: TOKENS });
      }),
    [session, queries],
  );
}

function TokenItem({ token }: { token: Token }) {
  const t = useTranslations("settings.tokens");
  const format = useFormatter();
  const { now } = useClock();
  const [asking, setAsking] = useState(false);
  const expires = new Date(token.expires_at);
  const day = format.dateTime(expires, { dateStyle: "medium" });
  const used = token.last_used_at
    ? t("lastUsed", { at: format.dateTime(new Date(token.last_used_at), { dateStyle: "medium", timeStyle: "short" }) })
    : t("neverUsed");
  const expired = expires.getTime() <= now;
  return (
    <li className={styles.token}>
      <KeyRound size={17} aria-hidden="true" />
      <div className={styles.tokenBody}>
        <p className={styles.name}>
          <bdi>{token.name}</bdi>
        </p>
        <p className={styles.hint}>
          <span className={expired ? styles.error : ""}>{t(expired ? "expired" : "expires", { day })}</span> · {used}
        </p>
        <ul className={styles.scopes}>
          {token.scopes.map((scope) => (
            <li key={scope} className={styles.scope}>
              {scope}
            </li>
          ))}
        </ul>
      </div>
      <Button tone="danger" aria-label={t("revokeNamed", { name: token.name })} onClick={() => setAsking(true)}>
        {t("revoke")}
      </Button>
      <Dialog title={t("revokeTitle")} open={asking} onClose={() => setAsking(false)}>
        <Revoke token={token} onClose={() => setAsking(false)} />
      </Dialog>
    </li>
  );
}

function Revoke({ token, onClose }: { token: Token; onClose: () => void }) {
  const t = useTranslations();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => call("DELETE", `/api/tokens/${token.id}`, { key: uuid7() }),
    onSuccess: async () => {
      onClose();
      say(t("settings.tokens.revoked", { name: token.name }));
      await queries.invalidateQueries({ queryKey: TOKENS });
    },
  });
  const refused = restOf(revoke.error, [], t("app.unreachable"));
  return (
    <>
      <p className={styles.text}>{t("settings.tokens.revokeHint", { name: token.name })}</p>
      {refused ? (
        <p className={styles.error} role="alert">
          {refused}
        </p>
      ) : null}
      <div className={styles.end}>
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button tone="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
          {t("settings.tokens.revoke")}
        </Button>
      </div>
    </>
  );
}
