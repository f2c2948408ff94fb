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

/** The circle that completes a task; its colour is the task's priority. A list has dozens: its tick is drawn without more. */
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
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M20 6 9 17l-5-5" />
        </svg>
      </span>
    </button>
  );
}
