import { ArrowUp } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useId } from "react";
import { useTranslations } from "use-intl";
import { Button } from "@/ui/Button";
import styles from "./Assistant.module.css";
import type { Messages } from "./useMessages";

const MOST = 2_000; // characters that a message may have

/** Where a message is written: Enter sends it, Shift+Enter begins a line. */
export function Composer({ messages }: { messages: Messages }) {
  const t = useTranslations("assistant");
  const id = useId();
  const { text, write, send, sending, problem } = messages;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form className={styles.composer} onSubmit={submit}>
      {problem ? (
        <p role="alert" className={styles.problem} dir="auto">
          {problem}
        </p>
      ) : null}
      <div className={styles.box}>
        <label htmlFor={id} className="hidden-visually">
          {t("message")}
        </label>
        <textarea
          id={id}
          className={styles.input}
          rows={1}
          value={text}
          maxLength={MOST}
          placeholder={t("placeholder")}
          enterKeyHint="send"
          dir="auto"
          data-add
          onChange={(event) => write(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button
          type="submit"
          tone="primary"
          className={styles.send}
          aria-label={t("send")}
          disabled={sending !== null || text.trim() === ""}
        >
          <ArrowUp size={18} aria-hidden="true" />
        </Button>
      </div>
    </form>
  );
}
