import { useId } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { Switch } from "@/ui/Switch";
import { ask, device, setWanted } from "../notifications/browser";
import styles from "./Settings.module.css";

/** Notifications of this browser; turning them on asks for its permission. */
export function DeviceRow() {
  const t = useTranslations("settings.device");
  const id = useId();
  const { permission, wanted } = useStore(device);
  const blocked = permission === "denied" || permission === "unsupported";
  const turn = (on: boolean) => {
    if (on && permission === "default") void ask();
    else setWanted(on);
  };
  return (
    <div className={styles.channel}>
      <div className={styles.row}>
        <div>
          <label htmlFor={id} className={styles.name}>
            {t("title")}
          </label>
          <p className={styles.hint}>{blocked ? t(permission) : t("hint")}</p>
        </div>
        <Switch id={id} checked={permission === "granted" && wanted} onChange={turn} disabled={blocked} />
      </div>
    </div>
  );
}
