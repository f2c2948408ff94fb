import styles from "./Skeleton.module.css";

const LINES = [62, 48, 71, 39, 55, 66];

/** The frame of the page before its script runs: what is there already stands where it will be. */
export function Skeleton() {
  return (
    <div className={styles.frame} aria-hidden="true">
      <div className={styles.side} />
      <div className={styles.list}>
        <div className={styles.heading} />
        {LINES.map((width) => (
          <div key={width} className={styles.line} style={{ width: `${width}%` }} />
        ))}
      </div>
    </div>
  );
}
