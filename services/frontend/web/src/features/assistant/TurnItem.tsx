import { CornerDownRight, Undo2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useFormatter, useTranslations } from "use-intl";
import type { Turn } from "@/api/types";
import { Button } from "@/ui/Button";
import { Link } from "@/ui/Link";
import { useShown } from "../app/context";
import { useUndoChange } from "../undo/useUndoChange";
import styles from "./Assistant.module.css";
import { useTouched } from "./chat";

const Markdown = lazy(() => import("../details/Markdown"));

/** A message and its answer; `onAnswer` where the answer is a question that waits for one. */
export function TurnItem({ turn, onAnswer }: { turn: Turn; onAnswer: ((text: string) => void) | null }) {
  const t = useTranslations("assistant");
  const format = useFormatter();
  return (
    <>
      <Mine
        text={turn.message}
        title={format.dateTime(new Date(turn.at), { dateStyle: "medium", timeStyle: "short" })}
      />
      <li className={`${styles.theirs} ${turn.failed ? styles.failed : ""}`}>
        <span className="hidden-visually">{t("assistantSays")}</span>
        <div className={styles.reply} dir="auto">
          <Suspense fallback={<p className={styles.plain}>{turn.reply}</p>}>
            <Markdown text={apart(turn.reply)} />
          </Suspense>
        </div>
        {turn.changes.map((change) => (
          <Change key={change} change={change} />
        ))}
        {onAnswer ? <Answers choices={turn.choices ?? 0} onAnswer={onAnswer} /> : null}
      </li>
    </>
  );
}

/** The text with what follows a list set apart from it, as it was meant where nobody wrote Markdown. */
function apart(text: string): string {
  return text.replace(/^((?:[-*]|\d+[.)]) .*)\n(?=\S)(?!(?:[-*]|\d+[.)]) )/gm, "$1\n\n");
}

/** What the person said. */
export function Mine({ text, title }: { text: string; title?: string }) {
  const t = useTranslations("assistant");
  return (
    <li className={styles.mine} title={title}>
      <span className="hidden-visually">{t("youSay")}</span>
      <p dir="auto">{text}</p>
    </li>
  );
}

/** Stands where the answer will. */
export function Working() {
  const t = useTranslations("assistant");
  return (
    <li className={styles.working} data-working>
      <span className={styles.dots} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {t("working")}
    </li>
  );
}

/** The answers that a question waits for: a yes or no, or the number of one of those listed. */
function Answers({ choices, onAnswer }: { choices: number; onAnswer: (text: string) => void }) {
  const t = useTranslations("assistant");
  const numbers = Array.from({ length: choices }, (_, place) => String(place + 1));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields; these answer
    <div className={styles.answers} role="group" aria-label={t("answer")}>
      {numbers.map((number) => (
        <Button key={number} onClick={() => onAnswer(number)}>
          {number}
        </Button>
      ))}
      {choices === 0 ? (
        <Button tone="primary" onClick={() => onAnswer("yes")}>
          {t("yes")}
        </Button>
      ) : null}
      <Button onClick={() => onAnswer("no")}>{t(choices === 0 ? "no" : "noneOfThem")}</Button>
    </div>
  );
}

const MOST = 5;

/** What a change touched, and the way back. */
function Change({ change }: { change: string }) {
  const t = useTranslations();
  const touched = useTouched(change);
  const undo = useUndoChange();
  const [state, setState] = useState<"there" | "going" | "undone">("there");
  const takeBack = async () => {
    setState("going");
    setState((await undo(change)) ? "undone" : "there");
  };
  return (
    <div className={styles.change}>
      <CornerDownRight size={14} aria-hidden="true" />
      <ul className={styles.touched}>
        {touched.slice(0, MOST).map(({ id, title }) => (
          <Touched key={id} id={id} title={title} />
        ))}
        {touched.length > MOST ? <li>{t("assistant.more", { count: touched.length - MOST })}</li> : null}
        {touched.length === 0 ? <li>{t("assistant.changed")}</li> : null}
      </ul>
      {state === "undone" ? (
        <span className={styles.undone}>{t("change.undone")}</span>
      ) : (
        <Button tone="ghost" disabled={state === "going"} onClick={() => void takeBack()}>
          <Undo2 size={15} aria-hidden="true" />
          {t("change.undo")}
        </Button>
      )}
    </div>
  );
}

/** A task that was changed: a way to it while it is there. */
function Touched({ id, title }: { id: string; title: string }) {
  const shown = useShown(({ tasks }) => tasks.get(id)?.title);
  return (
    <li>
      {shown === undefined ? (
        <bdi>{title}</bdi>
      ) : (
        <Link to={`${location.pathname}?task=${id}`} className={styles.task}>
          <bdi>{shown}</bdi>
        </Link>
      )}
    </li>
  );
}
