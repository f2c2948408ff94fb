import { useTranslations } from "use-intl";
import styles from "./Keys.module.css";

const SIGNS: Record<string, string> = { arrowdown: "↓", arrowup: "↑" };
const NAMES = ["ctrl", "shift", "alt", "escape", "enter", "delete", "backspace", "home", "end"] as const;

/** Keys to press, as `g t` (one after the other) or `ctrl+k` (together), as they stand on the keyboard. */
export function Keys({ keys, read = false }: { keys: string; read?: boolean }) {
  const t = useTranslations("keys.names");
  const named = (key: string) => {
    if (key === "ctrl" && /Mac|iP(hone|ad)/.test(navigator.userAgent)) return "⌘";
    const known = NAMES.find((name) => name === key);
    return known ? t(known) : (SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  };
  return (
    <span className={styles.keys} aria-hidden={!read}>
      {keys.split(/[ +]/).map((key, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a key may be pressed twice, and the list never changes
        <kbd key={place}>{named(key)}</kbd>
      ))}
    </span>
  );
}
