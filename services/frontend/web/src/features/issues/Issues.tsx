import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { canKeep, type Issue } from "@/store/conflicts";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { useEngine, useShown } from "../app/context";
import styles from "./Issues.module.css";

/** Changes that the platform did not take: they wait here until a person says what becomes of them. */
export default function Issues() {
  const t = useTranslations("issues");
  const issues = useShown((shown) => shown.issues);
  const [open, setOpen] = useState(false);
  if (issues.length === 0) return null;
  return (
    <div className={styles.banner} role="alert">
      <TriangleAlert size={16} aria-hidden="true" />
      <span className={styles.text}>{t("banner", { count: issues.length })}</span>
      <Button onClick={() => setOpen(true)}>{t("review")}</Button>
      <Dialog title={t("title")} open={open} onClose={() => setOpen(false)}>
        <ul className={styles.issues}>
          {issues.map((issue) => (
            <IssueItem key={issue.mutation.key} issue={issue} />
          ))}
        </ul>
      </Dialog>
    </div>
  );
}

function IssueItem({ issue }: { issue: Issue }) {
  const t = useTranslations("issues");
  const engine = useEngine();
  const { reason, title, mutation } = issue;
  const labels =
    reason.kind === "field"
      ? [t("keepMine"), t("keepTheirs")]
      : [t(reason.kind === "deleted" ? "restore" : "retry"), t("discard")];
  return (
    <li className={styles.issue}>
      <p className={styles.title} dir="auto">
        {title}
      </p>
      <p className={styles.reason}>
        {reason.kind === "deleted" ? t("deleted") : null}
        {reason.kind === "field" ? t("field", { field: t(`fields.${reason.field}`) }) : null}
        {reason.kind === "refused" ? t("refused", { detail: reason.detail }) : null}
        {reason.kind === "unknown" ? t("unknown") : null}
      </p>
      {reason.kind === "field" ? <Values mine={reason.mine} theirs={reason.theirs} /> : null}
      <div className={styles.choices}>
        {canKeep(issue) ? (
          <Button tone="primary" onClick={() => engine.settle(mutation.key, true)}>
            {labels[0]}
          </Button>
        ) : null}
        <Button onClick={() => engine.settle(mutation.key, false)}>{labels[1]}</Button>
      </div>
    </li>
  );
}

function Values({ mine, theirs }: { mine: unknown; theirs: unknown }) {
  const t = useTranslations("issues");
  const text = (value: unknown) =>
    value === null || value === "" ? t("none") : typeof value === "string" ? value : JSON.stringify(value);
  return (
    <dl className={styles.values}>
      <dt>{t("mine")}</dt>
      <dd dir="auto">{text(mine)}</dd>
      <dt>{t("theirs")}</dt>
      <dd dir="auto">{text(theirs)}</dd>
    </dl>
  );
}
