import { useTranslations } from "use-intl";
import type { ImportAnswer } from "@/api/types";
import styles from "./TransferPage.module.css";

/** What becomes, or became, of each task of a file, and what of it could not be read. */
export function Report({ report }: { report: ImportAnswer }) {
  const t = useTranslations("transfer");
  const { created, replaced, skipped, items } = report;
  return (
    <>
      <p role="status" className={styles.counts}>
        {t(report.dry_run ? "would" : "did", { created, replaced, skipped })}
      </p>
      <Problems report={report} />
      <ul className={styles.items}>
        {items.map(({ id, line, title, action }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a file may hold a task twice, and the list never changes
          <li key={`${id} ${place}`}>
            <span className={styles[action]}>{t(`actions.${action}`)}</span>
            <bdi className={styles.name}>{title}</bdi>
            {line === null ? null : <span className={styles.line}>{t("line", { line })}</span>}
          </li>
        ))}
      </ul>
      {created + replaced + skipped > items.length ? (
        <p className={styles.hint}>{t("first", { count: items.length })}</p>
      ) : null}
    </>
  );
}

function Problems({ report }: { report: ImportAnswer }) {
  const t = useTranslations("transfer");
  const { problems, problems_omitted: omitted } = report;
  if (problems.length === 0) return null;
  return (
    <div className={styles.problems}>
      <h3>{t("problems", { count: problems.length + omitted })}</h3>
      <ul>
        {problems.map(({ line, item, field, message }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two problems may read the same, and the list never changes
          <li key={place} dir="auto">
            {line == null ? null : <strong>{t("line", { line })}: </strong>}
            {[item, field].filter(Boolean).join(", ")}
            {item || field ? ": " : ""}
            {message}
          </li>
        ))}
      </ul>
      {omitted > 0 ? <p>{t("omitted", { count: omitted })}</p> : null}
    </div>
  );
}
