import { useMemo } from "react";
import { useTranslations } from "use-intl";
import type { Task } from "@/api/types";
import { dueOf, moveDue } from "@/lib/due";
import { addDays } from "@/lib/zones";
import { useClock, useEngine } from "../app/context";
import { selection } from "../tasks/selection";
import { useActions } from "../tasks/useActions";
import { useDayName } from "./useDayName";

export interface Move {
  /** Put a task, with the others where it is one of those selected, on a day. */
  to: (id: string, day: string) => void;
  /** Put it so many days later or earlier; what is overdue, or has no day, begins today. */
  by: (id: string, days: number) => void;
}

/** Moves tasks between days: their times stay, it is said, and it can be taken back. */
export function useMove(): Move {
  const t = useTranslations("change");
  const engine = useEngine();
  const name = useDayName();
  const { today, zone } = useClock();
  const { update } = useActions();
  return useMemo(() => {
    const dayOf = (task: Task) => dueOf(task, zone)?.day ?? null;
    const to = (id: string, day: string) => {
      const tasks = together(id, engine.store.getState().tasks).filter((task) => dayOf(task) !== day);
      const [first] = tasks;
      if (!first) return;
      const text =
        tasks.length === 1
          ? t("moved", { title: first.title, day: name(day) })
          : t("movedMany", { count: tasks.length, day: name(day) });
      update(tasks, (task) => ({ due: moveDue(task.due, day) }), text);
    };
    const by = (id: string, days: number) => {
      const task = engine.store.getState().tasks.get(id);
      if (!task) return;
      const from = dayOf(task);
      const wanted = from === null || from < today ? today : addDays(from, days);
      to(id, wanted < today ? today : wanted);
    };
    return { to, by };
  }, [engine, name, t, today, update, zone]);
}

/** The open tasks that move with one: all that are selected, where it is selected too. */
function together(id: string, tasks: ReadonlyMap<string, Task>): Task[] {
  const { ids } = selection.getState();
  const wanted = ids.has(id) ? [...ids] : [id];
  return wanted.flatMap((one) => tasks.get(one) ?? []).filter(({ status }) => status === "open");
}
