import { useDeferredValue, useMemo } from "react";
import { type Counts, countTasks } from "@/lib/view";
import { useClock, useShown } from "../app/context";

/** The counts of the sidebar; they may follow a frame later than the list. */
export function useCounts(): Counts {
  const tasks = useDeferredValue(useShown((shown) => shown.tasks));
  const clock = useClock();
  return useMemo(() => countTasks(tasks.values(), clock), [tasks, clock]);
}
