import type { Due, Task } from "@/api/types";
import { instantOf, wallClock, withOffset } from "./zones";

/** A due as the person's own calendar shows it. */
export interface DueInfo {
  /** The day, as `2026-12-01`. */
  day: string;
  /** The time of day, as `09:00`; null where the task is due on the day. */
  time: string | null;
  /** When it is overdue, in milliseconds. */
  end: number;
}

/** Later than every due: where tasks without one are sorted. */
export const NEVER = Number.MAX_SAFE_INTEGER;

let known = new WeakMap<Task, DueInfo | null>();
let knownZone = "";

/** A task's due in the person's zone; null without one. Remembered per task, as lists ask again and again. */
export function dueOf(task: Task, zone: string): DueInfo | null {
  if (zone !== knownZone) {
    known = new WeakMap();
    knownZone = zone;
  }
  let found = known.get(task);
  if (found === undefined) {
    found = task.due ? readDue(task.due, zone) : null;
    known.set(task, found);
  }
  return found;
}

export function readDue(due: Due, zone: string): DueInfo {
  if ("date" in due) return { day: due.date, time: null, end: instantOf(`${due.date}T23:59`, zone) + 60_000 };
  const end = "at" in due ? Date.parse(due.at) : instantOf(due.local.slice(0, 16), zone);
  const local = "at" in due ? wallClock(end, zone) : due.local;
  return { day: local.slice(0, 10), time: local.slice(11, 16), end };
}

export function isOverdue(task: Task, zone: string, now: number): boolean {
  const due = dueOf(task, zone);
  return due !== null && task.status === "open" && due.end < now;
}

/** The same due on another day: its form, its time and its zone stay. */
export function moveDue(due: Due | null, day: string): Due {
  if (due && "local" in due) return { local: `${day}T${due.local.slice(11)}` };
  if (due && "at" in due) {
    const zone = due.time_zone || "UTC";
    const local = `${day}T${wallClock(Date.parse(due.at), zone).slice(11)}`;
    return { at: withOffset(local, zone), time_zone: due.time_zone ?? null };
  }
  return { date: day };
}
