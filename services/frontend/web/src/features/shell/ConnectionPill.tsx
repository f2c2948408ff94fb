import { CloudOff } from "lucide-react";
import { useTranslations } from "use-intl";
import { Tooltip } from "@/ui/Tooltip";
import { useShown } from "../app/context";
import styles from "./ConnectionPill.module.css";

/** Whether the list is live; and how many changes wait to be sent. */
export function ConnectionPill() {
  const t = useTranslations("connection");
  const connection = useShown((shown) => shown.connection);
  const waiting = useShown((shown) => shown.waiting);
  const held = waiting > 0 && connection !== "live";
  const text = held ? `${t(connection)} · ${t("waiting", { count: waiting })}` : t(connection);
  return (
    <Tooltip text={connection === "offline" ? t("offlineHint") : text}>
      <output className={`${styles.pill} ${styles[connection]}`} data-connection={connection} data-waiting={waiting}>
        {connection === "offline" ? <CloudOff size={13} aria-hidden="true" /> : <span className={styles.dot} />}
        <span className={styles.text}>{text}</span>
      </output>
    </Tooltip>
  );
}
