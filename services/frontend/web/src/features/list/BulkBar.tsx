import { CheckCheck, Trash2, X } from "lucide-react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import type { Task } from "@/api/types";
import { Button, IconButton } from "@/ui/Button";
import { useShown } from "../app/context";
import { selection } from "../tasks/selection";
import { useActions } from "../tasks/useActions";
import styles from "./BulkBar.module.css";

/** What can be done with all selected tasks at once. */
export function BulkBar() {
  const t = useTranslations();
  const ids = useStore(selection, (state) => state.ids);
  const tasks = useShown((shown) => shown.tasks);
  const { toggle, remove } = useActions();
  const chosen = [...ids].map((id) => tasks.get(id)).filter((task): task is Task => task !== undefined);
  if (chosen.length === 0) return null;
  const open = chosen.some(({ status }) => status === "open");
  return (
    <div className={styles.bar} role="toolbar" aria-label={t("list.selected", { count: chosen.length })}>
      <span className={styles.count}>{t("list.selected", { count: chosen.length })}</span>
      <Button
        tone="ghost"
        onClick={() => {
          toggle(chosen);
          selection.getState().clear();
        }}
      >
        <CheckCheck size={16} aria-hidden="true" />
        {t(open ? "bulk.complete" : "bulk.reopen")}
      </Button>
      <Button tone="ghost" onClick={() => remove(chosen)}>
        <Trash2 size={16} aria-hidden="true" />
        {t("bulk.delete")}
      </Button>
      <IconButton
        label={t("bulk.clear")}
        icon={<X size={16} />}
        onClick={() => selection.getState().clear()}
        keys="esc"
      />
    </div>
  );
}
