import styles from "./Keys.module.css";

/** Keys to press, as `g t` (one after the other) or `ctrl+k` (together). */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className={styles.keys} aria-hidden="true">
      {keys.split(" ").map((key, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a key may be pressed twice, and the list never changes
        <kbd key={place}>{key}</kbd>
      ))}
    </span>
  );
}
