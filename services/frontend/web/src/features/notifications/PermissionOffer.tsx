import { BellRing } from "lucide-react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { Button } from "@/ui/Button";
import { ask, decline, device } from "./browser";
import styles from "./Notifications.module.css";

/** Offers notifications of the browser, where reminders are at hand; nothing once the person has said yes or no. */
export function PermissionOffer() {
  const t = useTranslations("notifications");
  const { permission, declined } = useStore(device);
  if (permission !== "default" || declined) return null;
  return (
    <section className={styles.offer} aria-label={t("offer")}>
      <BellRing size={20} aria-hidden="true" />
      <div className={styles.offerText}>
        <p className={styles.offerTitle}>{t("offer")}</p>
        <p>{t("offerHint")}</p>
      </div>
      <div className={styles.offerActions}>
        <Button tone="primary" onClick={() => void ask()}>
          {t("allow")}
        </Button>
        <Button tone="ghost" onClick={decline}>
          {t("notNow")}
        </Button>
      </div>
    </section>
  );
}
