import { MessageCircleDashed, MessageSquareText, Sparkles, Trash2 } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";
import type { Conversations } from "@/api/types";
import { IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Failed } from "@/ui/Failed";
import { Link } from "@/ui/Link";
import styles from "./Assistant.module.css";
import { useConversations, useDelete } from "./chat";
import { Mine, Working } from "./TurnItem";
import type { Messages } from "./useMessages";

const EXAMPLES = ["week", "add", "move"] as const;

/** Before the first message: what one may say, and the conversations there were. */
export function Beginning({ messages }: { messages: Messages }) {
  const t = useTranslations("assistant");
  if (messages.sending !== null) {
    return (
      <ol className={styles.turns}>
        <Mine text={messages.sending} />
        <Working />
      </ol>
    );
  }
  const take = (text: string) => {
    messages.write(text);
    document.querySelector<HTMLElement>("[data-add]")?.focus();
  };
  return (
    <>
      <div className={styles.hello}>
        <Empty icon={<Sparkles />} title={t("hello")} hint={t("helloHint")} />
        <ul className={styles.examples}>
          {EXAMPLES.map((example) => (
            <li key={example}>
              <button type="button" className={styles.example} onClick={() => take(t(`examples.${example}`))}>
                {t(`examples.${example}`)}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Earlier />
    </>
  );
}

function Earlier() {
  const t = useTranslations("assistant");
  const { data, error, refetch } = useConversations();
  if (!data) return error ? <Failed error={error} onRetry={() => void refetch()} /> : null;
  if (data.items.length === 0) return null;
  return (
    <section aria-labelledby="earlier" className={styles.earlier}>
      <h2 id="earlier">{t("earlier")}</h2>
      <ul>
        {data.items.map((item) => (
          <Item key={item.id} item={item} />
        ))}
      </ul>
    </section>
  );
}

function Item({ item }: { item: Conversations["items"][number] }) {
  const t = useTranslations("assistant");
  const format = useFormatter();
  const { mutate, isPending } = useDelete();
  const { id, title, turns, updated_at: at } = item;
  const Icon = turns === 0 ? MessageCircleDashed : MessageSquareText;
  return (
    <li className={styles.item}>
      <Link to={`/assistant/${id}`} className={styles.itemLink}>
        <Icon size={16} aria-hidden="true" />
        <bdi className={styles.itemTitle}>{title}</bdi>
        <span className={styles.itemDetail}>
          {turns === 0
            ? t("noAnswer")
            : format.dateTime(new Date(at), { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" })}
        </span>
      </Link>
      <IconButton
        label={t("deleteNamed", { title })}
        icon={<Trash2 size={15} />}
        disabled={isPending}
        onClick={() => mutate(id)}
      />
    </li>
  );
}
