import { Flag } from "lucide-react";
import { useTranslations } from "use-intl";
import { PRIORITIES, type Priority, type Task } from "@/api/types";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";

export function PriorityField({ task }: { task: Task }) {
  const t = useTranslations();
  const { update } = useActions();
  return (
    <Field icon={<Flag size={15} />} name={t("search.priority")}>
      <select
        className={styles.input}
        aria-label={t("search.priority")}
        value={task.priority}
        onChange={(event) => update([task], { priority: event.target.value as Priority }, true)}
      >
        {PRIORITIES.map((priority) => (
          <option key={priority} value={priority}>
            {t(`priority.${priority}`)}
          </option>
        ))}
      </select>
    </Field>
  );
}
