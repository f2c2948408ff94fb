import { Check } from "lucide-react";
import type { Priority } from "@/api/types";
import styles from "./TaskCheck.module.css";

interface TaskCheckProps {
  done: boolean;
  priority: Priority;
  label: string;
  onChange: () => void;
  tabIndex?: number;
  /** A box to mark the task by, in the place of the circle. */
  square?: boolean;
}

/** The circle that completes a task; its colour is the task's priority. */
export function TaskCheck({ done, priority, label, onChange, tabIndex = 0, square = false }: TaskCheckProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: an input cannot be drawn as this circle and keep its hit area
    <button
      type="button"
      role="checkbox"
      aria-checked={done}
      aria-label={label}
      tabIndex={tabIndex}
      className={`${styles.hit} ${styles[priority]} ${done ? styles.done : ""} ${square ? styles.square : ""}`}
      onClick={(event) => {
        event.stopPropagation();
        onChange();
      }}
    >
      <span className={styles.circle}>
        <Check size={12} strokeWidth={3.2} aria-hidden="true" />
      </span>
    </button>
  );
}
