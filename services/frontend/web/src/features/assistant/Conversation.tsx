import { MessageCircleDashed } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslations } from "use-intl";
import { ApiError } from "@/api/http";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Failed } from "@/ui/Failed";
import { Link } from "@/ui/Link";
import { Spinner } from "@/ui/Spinner";
import styles from "./Assistant.module.css";
import { useConversations, useTurns, useWorking } from "./chat";
import { Mine, TurnItem, Working } from "./TurnItem";
import type { Messages } from "./useMessages";
import { useTrailOf } from "./useTrailOf";

/** The turns of a conversation, and the one that is being made. */
export function Conversation({ conversation, messages }: { conversation: string; messages: Messages }) {
  const t = useTranslations();
  const { data, error, isPending, refetch } = useTurns(conversation);
  const working = useWorking(conversation);
  const turns = data?.items ?? [];
  useTrailOf(conversation, turns);
  const end = useEnd(`${turns.length} ${messages.sending ?? ""} ${working}`);
  if (isPending) return <Spinner label={t("app.loading")} />;
  if (!data) return isMissing(error) ? <Gone /> : <Failed error={error} onRetry={() => void refetch()} />;
  const busy = messages.sending !== null || working;
  return (
    <>
      {turns.length === 0 && !busy ? <Unanswered conversation={conversation} onTake={messages.write} /> : null}
      <ol className={styles.turns} aria-live="polite">
        {turns.map((turn, place) => (
          <TurnItem
            key={turn.id}
            turn={turn}
            onAnswer={place === turns.length - 1 && turn.asks && !busy ? messages.send : null}
          />
        ))}
        {messages.sending === null ? null : <Mine text={messages.sending} />}
        {busy ? <Working /> : null}
      </ol>
      <div ref={end} />
    </>
  );
}

function isMissing(error: Error): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 422);
}

/** Keeps what came last in sight. */
function useEnd(content: string) {
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new content is what it follows
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" }); // browsers may answer with a promise, which is no way to stop
  }, [content]);
  return end;
}

/** A conversation whose first message got no answer: it is not lost. */
function Unanswered({ conversation, onTake }: { conversation: string; onTake: (text: string) => void }) {
  const t = useTranslations("assistant");
  const title = useConversations().data?.items.find(({ id }) => id === conversation)?.title;
  return (
    <Empty icon={<MessageCircleDashed />} title={t("unanswered")} hint={t("unansweredHint")}>
      {title ? <Button onClick={() => onTake(title)}>{t("takeUp")}</Button> : null}
    </Empty>
  );
}

function Gone() {
  const t = useTranslations("assistant");
  return (
    <Empty icon={<MessageCircleDashed />} title={t("gone")} hint={t("goneHint")}>
      <Link to="/assistant">{t("new")}</Link>
    </Empty>
  );
}
