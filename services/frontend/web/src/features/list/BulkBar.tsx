import { CalendarDays, CheckCheck, CopyCheck, Flag, Hash, Trash2, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import type { Task } from "@/api/types";
import type { Row } from "@/lib/view";
import { Button, IconButton } from "@/ui/Button";
import { Popover } from "@/ui/Popover";
import { Spinner } from "@/ui/Spinner";
import { useShown } from "../app/context";
import { selection } from "../tasks/selection";
import { useActions } from "../tasks/useActions";
import styles from "./BulkBar.module.css";
import { idsOf } from "./useListKeys";

const BulkDue = lazy(() => import("./BulkFields").then(({ BulkDue: found }) => ({ default: found })));
const BulkPriority = lazy(() => import("./BulkFields").then(({ BulkPriority: found }) => ({ default: found })));
const BulkTags = lazy(() => import("./BulkFields").then(({ BulkTags: found }) => ({ default: found })));

const FIELDS = [
  { name: "priority", Icon: Flag, Field: BulkPriority },
  { name: "due", Icon: CalendarDays, Field: BulkDue },
  { name: "tags", Icon: Hash, Field: BulkTags },
] as const;

/** What can be done with all selected tasks at once; each is one undo. */
export default function BulkBar({ rows }: { rows: readonly Row[] }) {
  const t = useTranslations();
  const { ids, choosing } = useStore(selection);
  const tasks = useShown((shown) => shown.tasks);
  const { toggle, remove } = useActions();
  const chosen = [...ids].map((id) => tasks.get(id)).filter((task): task is Task => task !== undefined);
  if (chosen.length === 0 && !choosing) return null;
  const none = chosen.length === 0;
  const open = none || chosen.some(({ status }) => status === "open");
  const complete = () => {
    toggle(chosen);
    selection.getState().clear();
  };
  return (
    <div className={styles.bar} role="toolbar" aria-label={t("list.selected", { count: chosen.length })}>
      <span className={styles.count}>{t("list.selected", { count: chosen.length })}</span>
      <Button tone="ghost" onClick={() => selection.getState().add(idsOf(rows))}>
        <CopyCheck size={16} aria-hidden="true" />
        <span className={styles.label}>{t("bulk.all")}</span>
      </Button>
      <Button tone="ghost" disabled={none} onClick={complete}>
        <CheckCheck size={16} aria-hidden="true" />
        <span className={styles.label}>{t(open ? "bulk.complete" : "bulk.reopen")}</span>
      </Button>
      {FIELDS.map((field) => (
        <FieldButton key={field.name} field={field} tasks={chosen} />
      ))}
      <Button tone="ghost" disabled={none} onClick={() => remove(chosen)}>
        <Trash2 size={16} aria-hidden="true" />
        <span className={styles.label}>{t("bulk.delete")}</span>
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

/** A field of all selected tasks, behind its button. */
function FieldButton({ field, tasks }: { field: (typeof FIELDS)[number]; tasks: readonly Task[] }) {
  const t = useTranslations();
  const [open, setOpen] = useState(false);
  const { name, Icon, Field } = field;
  const trigger = (
    <Button tone="ghost" disabled={tasks.length === 0}>
      <Icon size={16} aria-hidden="true" />
      <span className={styles.label}>{t(`bulk.${name}`)}</span>
    </Button>
  );
  return (
    <Popover label={t(`bulk.${name}`)} align="center" trigger={trigger} open={open} onOpenChange={setOpen}>
      <Suspense fallback={<Spinner label={t("app.loading")} />}>
        <Field tasks={tasks} onDone={() => setOpen(false)} />
      </Suspense>
    </Popover>
  );
}
