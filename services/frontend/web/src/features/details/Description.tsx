import { lazy, type MouseEvent, Suspense, useState } from "react";
import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { useDraft } from "./useDraft";

const Markdown = lazy(() => import("./Markdown"));

/** The description: shown as its Markdown means it, written as text. */
export function Description({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { update } = useActions();
  const [editing, setEditing] = useState(false);
  const { reset: _, ...draft } = useDraft(task.description, (description) => update([task], { description }, true));
  const open = (event: MouseEvent) => (event.target as HTMLElement).closest("a") || setEditing(true);
  if (task.description && !editing) {
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same by keyboard
      // biome-ignore lint/a11y/useKeyWithClickEvents: as above
      <div className={styles.preview} dir="auto" onClick={open}>
        <Suspense fallback={task.description}>
          <Markdown text={task.description} />
        </Suspense>
        <button type="button" className="hidden-visually" onClick={() => setEditing(true)}>
          {t("editDescription")}
        </button>
      </div>
    );
  }
  return (
    <textarea
      {...draft}
      ref={(field) => (editing ? field?.focus() : undefined)}
      className={styles.text}
      aria-label={t("description")}
      placeholder={t("descriptionHint")}
      maxLength={20_000}
      dir="auto"
      onBlur={() => {
        draft.onBlur();
        setEditing(false);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.currentTarget.blur();
      }}
    />
  );
}
