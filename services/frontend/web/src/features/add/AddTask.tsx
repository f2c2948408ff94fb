import { Plus } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useTranslations } from "use-intl";
import type { TaskFields } from "@/api/types";
import type { Query } from "@/lib/view";
import { Button } from "@/ui/Button";
import { useClock } from "../app/context";
import { useActions } from "../tasks/useActions";
import styles from "./AddTask.module.css";

/** The line that adds a task to the list that is shown: it gets that list's day or tag. */
export function AddTask({ query }: { query: Query }) {
  const t = useTranslations("add");
  const id = useId();
  const { today } = useClock();
  const { add } = useActions();
  const [title, setTitle] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() === "") return;
    add({ ...belonging(query, today), title: title.trim() });
    setTitle("");
  };
  if (query.view === "completed" || query.view === "overdue") return null;
  return (
    <form className={styles.form} onSubmit={submit}>
      <label htmlFor={id} className="hidden-visually">
        {t("label")}
      </label>
      <Plus size={18} aria-hidden="true" />
      <input
        id={id}
        className={styles.input}
        value={title}
        maxLength={500}
        placeholder={t("placeholder")}
        autoComplete="off"
        enterKeyHint="done"
        dir="auto"
        data-add
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      {title.trim() ? (
        <Button type="submit" tone="primary">
          {t("submit")}
        </Button>
      ) : null}
    </form>
  );
}

/** What a task has to have to be in a list. */
export function belonging(query: Query, today: string): TaskFields {
  if (query.tag !== null) return { tags: [query.tag] };
  return query.view === "today" || query.view === "upcoming" ? { due: { date: today } } : {};
}
