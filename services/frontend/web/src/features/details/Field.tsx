import type { ReactNode } from "react";
import styles from "./Details.module.css";

/** A named value of a task. */
export function Field({ icon, name, children }: { icon: ReactNode; name: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot stand beside its fields
    <div className={styles.field} role="group" aria-label={name}>
      <span className={styles.name} aria-hidden="true">
        {icon}
        {name}
      </span>
      <div className={styles.value}>{children}</div>
    </div>
  );
}
