import { CloudOff, LogIn } from "lucide-react";
import { useTranslations } from "use-intl";
import { isCurrent } from "@/sync/connection";
import { Tooltip } from "@/ui/Tooltip";
import { useShown } from "../app/context";
import styles from "./ConnectionPill.module.css";

const ICONS = { offline: CloudOff, signedOut: LogIn } as const;
const HINTED = ["polling", "offline", "signedOut"] as const;

/** Whether the list is live; how many changes wait to be sent; and whether the device keeps them until then. */
export function ConnectionPill() {
  const t = useTranslations();
  const connection = useShown((shown) => shown.connection);
  const waiting = useShown((shown) => shown.waiting);
  const storage = useShown((shown) => shown.storage);
  const parts = [t(`connection.${connection}`)];
  if (waiting > 0 && !isCurrent(connection)) parts.push(t("connection.waiting", { count: waiting }));
  if (storage !== "kept") parts.push(t("connection.unkept"));
  const text = parts.join(" · ");
  const hinted = HINTED.find((one) => one === connection);
  const hint = storage !== "kept" ? t(`storage.${storage}`) : hinted ? t(`connection.${hinted}Hint`) : text;
  const Icon = connection === "offline" || connection === "signedOut" ? ICONS[connection] : null;
  return (
    <Tooltip text={hint}>
      <output className={`${styles.pill} ${styles[connection]}`} data-connection={connection} data-waiting={waiting}>
        {Icon ? <Icon size={13} aria-hidden="true" /> : <span className={styles.dot} />}
        <span className={styles.text}>{text}</span>
      </output>
    </Tooltip>
  );
}
