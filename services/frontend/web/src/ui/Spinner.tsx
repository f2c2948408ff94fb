import styles from "./Spinner.module.css";

export function Spinner({ label }: { label: string }) {
  return (
    <div className={styles.box} role="status">
      <span className={styles.spinner} aria-hidden="true" />
      <span className="hidden-visually">{label}</span>
    </div>
  );
}
