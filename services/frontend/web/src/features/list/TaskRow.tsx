import { memo } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import type { Task } from "@/api/types";
import { setParams } from "@/lib/address";
import type { Query } from "@/lib/view";
import { TaskCheck } from "@/ui/TaskCheck";
import { selection } from "../tasks/selection";
import { useActions } from "../tasks/useActions";
import { TaskMeta } from "./TaskMeta";
import styles from "./TaskRow.module.css";

/** One task of a list: its circle, its title, and what there is to know about it. */
export const TaskRow = memo(function TaskRow({ task, query }: { task: Task; query: Query }) {
  const t = useTranslations("list");
  const { toggle } = useActions();
  const selected = useStore(selection, (state) => state.ids.has(task.id));
  const choosing = useStore(selection, (state) => state.choosing);
  const done = task.status === "completed";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a larger target for the pointer; keys use the buttons inside
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      className={`${styles.row} ${selected ? styles.selected : ""} ${done ? styles.done : ""}`}
      data-task={task.id}
      onClick={(event) => press(event, task.id)}
      onFocus={() => selection.getState().activate(task.id)}
    >
      {choosing ? (
        <TaskCheck
          done={selected}
          priority="none"
          square
          label={t("select", { title: task.title })}
          onChange={() => selection.getState().toggle(task.id)}
        />
      ) : (
        <TaskCheck
          done={done}
          priority={task.priority}
          label={t(done ? "reopen" : "complete", { title: task.title })}
          onChange={() => toggle([task])}
        />
      )}
      <button type="button" data-open className={styles.open} aria-pressed={selected || undefined} title={task.title}>
        <span className={styles.title} dir="auto">
          {task.title}
        </span>
      </button>
      <TaskMeta task={task} query={query} />
    </div>
  );
});

/** A click opens the task; with Ctrl or Shift, or while tasks are being chosen, it selects. */
function press(event: React.MouseEvent, id: string): void {
  const { choosing, toggle } = selection.getState();
  if (choosing || event.ctrlKey || event.metaKey || event.shiftKey) toggle(id);
  else setParams({ task: id }, false);
}
