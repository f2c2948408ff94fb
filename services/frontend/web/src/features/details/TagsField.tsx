import { Hash, X } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { fold } from "@/lib/view";
import { useCounts } from "../shell/useCounts";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";

const MOST = 50;

/** The tags of a task; what other tasks have is offered while one writes. */
export function TagsField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const { update } = useActions();
  const set = (tags: string[]) => update([task], { tags }, true);
  return (
    <Field icon={<Hash size={15} />} name={t("tags")}>
      {task.tags.map((tag) => (
        <span key={tag} className={styles.chip}>
          <bdi>{tag}</bdi>
          <button
            type="button"
            className={styles.drop}
            aria-label={t("removeTag", { tag })}
            onClick={() => set(task.tags.filter((other) => other !== tag))}
          >
            <X size={12} aria-hidden="true" />
          </button>
        </span>
      ))}
      {task.tags.length < MOST ? <NewTag tags={task.tags} onAdd={(tag) => set([...task.tags, tag])} /> : null}
    </Field>
  );
}

function NewTag({ tags, onAdd }: { tags: readonly string[]; onAdd: (tag: string) => void }) {
  const t = useTranslations("details");
  const list = useId();
  const [text, setText] = useState("");
  const known = useCounts().tags.filter(({ tag }) => !tags.some((own) => fold(own) === fold(tag)));
  const add = () => {
    const tag = text.trim().replace(/^#/, "");
    setText("");
    if (tag && !tags.some((own) => fold(own) === fold(tag))) onAdd(tag);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== ",") return;
    event.preventDefault();
    add();
  };
  return (
    <>
      <input
        className={styles.input}
        aria-label={t("addTag")}
        placeholder={t("addTag")}
        list={list}
        maxLength={64}
        size={12}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
      <datalist id={list}>
        {known.map(({ tag }) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </>
  );
}
