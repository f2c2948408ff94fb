import { Link2 } from "lucide-react";
import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";
import { useDraft } from "./useDraft";

/** The name that a program or an imported file knows the task by; left out where it has none. */
export function ExternalIdField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { update } = useActions();
  const { reset: _, ...draft } = useDraft(task.external_id ?? "", (text) =>
    update([task], { external_id: text.trim() || null }, t("externalIdChanged")),
  );
  if (task.external_id === null) return null;
  return (
    <Field icon={<Link2 size={15} />} name={t("externalId")}>
      <input
        {...draft}
        className={styles.input}
        aria-label={t("externalId")}
        maxLength={255}
        dir="auto"
        spellCheck={false}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </Field>
  );
}
