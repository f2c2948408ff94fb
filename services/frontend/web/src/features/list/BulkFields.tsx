import { Flag, X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useTranslations } from "use-intl";
import { PRIORITIES, type Task, type TaskFields } from "@/api/types";
import { moveDue } from "@/lib/due";
import { fold } from "@/lib/view";
import { addDays } from "@/lib/zones";
import { Button } from "@/ui/Button";
import { useClock } from "../app/context";
import { useCounts } from "../shell/useCounts";
import { useActions } from "../tasks/useActions";
import styles from "./BulkBar.module.css";

type Chosen = { tasks: readonly Task[]; onDone: () => void };

/** The priority of all selected tasks. */
export function BulkPriority({ tasks, onDone }: Chosen) {
  const t = useTranslations("priority");
  const { update } = useActions();
  return (
    <div className={styles.choices}>
      {PRIORITIES.map((priority) => (
        <Button
          key={priority}
          tone="ghost"
          className={styles.choice}
          aria-pressed={tasks.every((task) => task.priority === priority)}
          onClick={() => {
            update(tasks, { priority });
            onDone();
          }}
        >
          <Flag size={15} aria-hidden="true" className={styles[priority]} />
          {t(priority)}
        </Button>
      ))}
    </div>
  );
}

/** The due day of all selected tasks: the time that one has stays. */
export function BulkDue({ tasks, onDone }: Chosen) {
  const t = useTranslations();
  const id = useId();
  const { today } = useClock();
  const { update } = useActions();
  const set = (day: string) => update(tasks, (task) => ({ due: moveDue(task.due, day) }));
  const choose = (day: string) => {
    set(day);
    onDone();
  };
  const clear = () => {
    update(tasks, withoutDue);
    onDone();
  };
  const days = { today, tomorrow: addDays(today, 1), nextWeek: addDays(today, 7) };
  return (
    <div className={styles.choices}>
      {(["today", "tomorrow", "nextWeek"] as const).map((name) => (
        <Button key={name} tone="ghost" className={styles.choice} onClick={() => choose(days[name])}>
          {t(`bulk.${name}`)}
        </Button>
      ))}
      <label htmlFor={id} className={styles.fieldName}>
        {t("details.day")}
      </label>
      <input
        id={id}
        type="date"
        className={styles.input}
        onChange={(event) => event.target.value && set(event.target.value)}
      />
      <Button tone="ghost" className={styles.choice} onClick={clear}>
        <X size={15} aria-hidden="true" />
        {t("details.clearDue")}
      </Button>
    </div>
  );
}

/** A task without a due date has nothing to repeat from, nor to be reminded before. */
function withoutDue(task: Task): TaskFields {
  const fixed = task.reminders.filter(({ before }) => !before);
  return { due: null, recurrence: null, reminders: fixed.map(({ id, at }) => ({ id, at })) };
}

const MOST = 50; // that a task may have

/** Tags given to all selected tasks, or taken from all that have them. */
export function BulkTags({ tasks }: Chosen) {
  const t = useTranslations("details");
  const { update } = useActions();
  const list = useId();
  const [text, setText] = useState("");
  const known = useCounts().tags;
  const own = [...new Map(tasks.flatMap(({ tags }) => tags.map((tag) => [fold(tag), tag])))];
  const add = (event: FormEvent) => {
    event.preventDefault();
    const tag = text.trim().replace(/^#/, "");
    setText("");
    const without = tasks.filter(({ tags }) => tags.length < MOST && !tags.some((one) => fold(one) === fold(tag)));
    if (tag && without.length > 0) update(without, (task) => ({ tags: [...task.tags, tag] }));
  };
  const drop = (folded: string) =>
    update(
      tasks.filter(({ tags }) => tags.some((one) => fold(one) === folded)),
      (task) => ({ tags: task.tags.filter((one) => fold(one) !== folded) }),
    );
  return (
    <form className={styles.choices} onSubmit={add}>
      <input
        className={styles.input}
        aria-label={t("addTag")}
        placeholder={t("addTag")}
        list={list}
        maxLength={64}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={list}>
        {known.map(({ tag }) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
      {own.map(([folded, tag]) => (
        <Button
          key={folded}
          tone="ghost"
          className={styles.choice}
          aria-label={t("removeTag", { tag })}
          onClick={() => drop(folded)}
        >
          <X size={15} aria-hidden="true" />
          <bdi>#{tag}</bdi>
        </Button>
      ))}
    </form>
  );
}
