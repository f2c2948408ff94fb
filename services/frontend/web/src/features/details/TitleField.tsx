import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { useDraft } from "./useDraft";

export function TitleField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { update } = useActions();
  const { reset, ...draft } = useDraft(task.title, (title) =>
    title.trim() ? update([task], { title: title.trim() }, true) : reset(),
  );
  return (
    <textarea
      {...draft}
      className={styles.title}
      aria-label={t("title")}
      rows={1}
      maxLength={500}
      dir="auto"
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
        event.preventDefault();
        event.currentTarget.blur();
      }}
    />
  );
}
