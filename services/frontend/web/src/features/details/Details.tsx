"use client";

import { Trash2, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { setParams } from "@/lib/address";
import { IconButton } from "@/ui/Button";
import { TaskCheck } from "@/ui/TaskCheck";
import { useActions } from "../tasks/useActions";
import { Description } from "./Description";
import styles from "./Details.module.css";
import { DueField } from "./DueField";
import { ExternalIdField } from "./ExternalIdField";
import { History } from "./History";
import { PriorityField } from "./PriorityField";
import { RecurrenceField } from "./RecurrenceField";
import { RemindersField } from "./RemindersField";
import { TagsField } from "./TagsField";
import { TitleField } from "./TitleField";

/** Everything about one task, changed in place: there is nothing to save. */
export default function Details({ task }: { task: Task }) {
  const t = useTranslations("details");
  const box = useRef<HTMLElement>(null);
  const { toggle, remove } = useActions();
  const close = () => setParams({ task: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows another task, not every change of one
  useEffect(() => box.current?.focus(), [task.id]);
  const done = task.status === "completed";
  return (
    <aside
      ref={box}
      className={styles.details}
      aria-label={t("label", { title: task.title })}
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && close()}
    >
      <header className={styles.header}>
        <TaskCheck
          done={done}
          priority={task.priority}
          label={t(done ? "reopen" : "complete")}
          onChange={() => toggle([task])}
        />
        <span className={styles.status}>{t(done ? "completed" : "open")}</span>
        <IconButton
          label={t("delete")}
          icon={<Trash2 size={17} />}
          onClick={() => {
            close();
            remove([task]);
          }}
        />
        <IconButton label={t("close")} icon={<X size={18} />} onClick={close} keys="esc" />
      </header>
      <div className={styles.body} key={task.id}>
        <TitleField task={task} />
        <Description task={task} />
        <div className={styles.fields}>
          <DueField task={task} />
          <RecurrenceField task={task} />
          <RemindersField task={task} />
          <PriorityField task={task} />
          <TagsField task={task} />
          <ExternalIdField task={task} />
        </div>
        <History task={task} />
      </div>
    </aside>
  );
}
