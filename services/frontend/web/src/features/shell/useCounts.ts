import { useDeferredValue, useMemo } from "react";
import { type Counts, countTasks } from "@/lib/view";
import { NOTHING_SHOWN } from "@/store/shown";
import { useClock, useShown } from "../app/context";

/** The counts of the sidebar: there with the first list, later on they may follow a frame behind it. */
export function useCounts(): Counts {
  const latest = useShown((shown) => shown.tasks);
  const deferred = useDeferredValue(latest);
  const tasks = deferred === NOTHING_SHOWN.tasks ? latest : deferred;
  const clock = useClock();
  return useMemo(() => countTasks(tasks.values(), clock), [tasks, clock]);
}
