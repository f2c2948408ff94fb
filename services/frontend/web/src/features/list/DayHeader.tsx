import { useTranslations } from "use-intl";
import styles from "./DayHeader.module.css";
import { useDayName } from "./useDayName";

/** The heading of a day, or of what is overdue. */
export function DayHeader({ day, count, first }: { day: string | null; count: number; first: boolean }) {
  const t = useTranslations("list");
  const name = useDayName();
  return (
    <h2 className={`${styles.header} ${day ? "" : styles.late} ${first ? styles.first : ""}`}>
      {day ? name(day, "long") : t("overdue")}
      {count > 0 ? <span className={styles.count}>{count}</span> : null}
    </h2>
  );
}
