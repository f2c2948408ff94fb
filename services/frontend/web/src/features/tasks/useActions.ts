import { useMemo } from "react";
import { useTranslations } from "use-intl";
import type { Operation, Task, TaskFields } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import type { Engine } from "@/store/engine";
import { useEngine } from "../app/context";
import { say } from "../toasts/toasts";
import { selection } from "./selection";

export interface Actions {
  /** Complete open tasks, or reopen completed ones. */
  toggle: (tasks: readonly Task[]) => void;
  remove: (tasks: readonly Task[]) => void;
  /** Change tasks; `said` is what is told of it, or true where the change is plain to see and nothing need be. */
  update: (tasks: readonly Task[], fields: TaskFields | ((task: Task) => TaskFields), said?: true | string) => void;
  add: (fields: TaskFields & { title: string }) => string;
  /** Take back the latest change of this window. */
  undo: () => void;
}

const MOST = 500; // that one batch may hold
const done: string[][] = [];

type Kind = "completed" | "reopened" | "deleted" | "updated";
type Say = (keys: string[], kind: Kind, tasks: readonly Task[], text?: string) => void;

/** What can be done with tasks: at once, with a way back. */
export function useActions(): Actions {
  const engine = useEngine();
  const t = useTranslations("change");
  return useMemo(() => {
    const takeBack = (keys: string[]) => {
      done.splice(0, done.length, ...done.filter((other) => other !== keys));
      for (const key of keys.toReversed()) engine.undo(key);
      say(t("undone"));
    };
    const report: Say = (keys, kind, tasks, own) => {
      const first = tasks[0];
      const usual =
        tasks.length === 1 && first ? t(kind, { title: first.title }) : t(`${kind}Many`, { count: tasks.length });
      const text = own ?? usual;
      say(text, { action: { label: t("undo"), run: () => takeBack(keys) } });
    };
    return actions(engine, report, () => {
      const keys = done.at(-1);
      if (keys) takeBack(keys);
      else say(t("nothingToUndo"));
    });
  }, [engine, t]);
}

function actions(engine: Engine, report: Say, undo: () => void): Actions {
  return {
    undo,
    toggle(tasks) {
      const op = tasks.some(({ status }) => status === "open") ? "complete" : "reopen";
      const wanted = tasks.filter(({ status }) => (status === "open") === (op === "complete"));
      report(
        carryOut(
          engine,
          wanted.map(({ id }) => ({ op, id })),
        ),
        op === "complete" ? "completed" : "reopened",
        wanted,
      );
    },
    remove(tasks) {
      report(
        carryOut(
          engine,
          tasks.map(({ id }) => ({ op: "delete", id })),
        ),
        "deleted",
        tasks,
      );
      selection.getState().clear();
    },
    update(tasks, fields, said) {
      const of = typeof fields === "function" ? fields : () => fields;
      const keys = carryOut(
        engine,
        tasks.map((task) => ({ op: "update", id: task.id, task: of(task) })),
      );
      if (said !== true) report(keys, "updated", tasks, said);
    },
    add(fields) {
      const id = uuid7();
      carryOut(engine, [{ op: "create", task: { ...fields, id } }]);
      return id;
    },
  };
}

function carryOut(engine: Engine, operations: readonly Operation[]): string[] {
  const keys: string[] = [];
  for (let start = 0; start < operations.length; start += MOST)
    keys.push(engine.mutate(operations.slice(start, start + MOST)));
  if (keys.length > 0) done.push(keys);
  return keys;
}
