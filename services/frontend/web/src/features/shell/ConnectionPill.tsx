import { CloudOff } from "lucide-react";
import { useTranslations } from "use-intl";
import { isCurrent } from "@/sync/connection";
import { Tooltip } from "@/ui/Tooltip";
import { useShown } from "../app/context";
import styles from "./ConnectionPill.module.css";

/** Whether the list is live; and how many changes wait to be sent. */
export function ConnectionPill() {
  const t = useTranslations("connection");
  const connection = useShown((shown) => shown.connection);
  const waiting = useShown((shown) => shown.waiting);
  const held = waiting > 0 && !isCurrent(connection);
  const text = held ? `${t(connection)} · ${t("waiting", { count: waiting })}` : t(connection);
  const hint = connection === "offline" || connection === "polling" ? t(`${connection}Hint`) : null;
  return (
    <Tooltip text={hint ?? text}>
      <output className={`${styles.pill} ${styles[connection]}`} data-connection={connection} data-waiting={waiting}>
        {connection === "offline" ? <CloudOff size={13} aria-hidden="true" /> : <span className={styles.dot} />}
        <span className={styles.text}>{text}</span>
      </output>
    </Tooltip>
  );
}
