import type { Task } from "@/api/types";
import type { Cursor, LogEvent } from "@/sync/protocol";

/** What the platform has confirmed: the tasks as they were at `cursor`. */
export interface Confirmed {
  readonly cursor: Cursor | null;
  readonly tasks: ReadonlyMap<string, Task>;
}

export const NOTHING: Confirmed = { cursor: null, tasks: new Map() };

/** What came of some events: the new state, the events that were new, and whether one before them is missing. */
export interface Applied {
  readonly confirmed: Confirmed;
  readonly fresh: readonly LogEvent[];
  readonly gap: boolean;
}

/** Apply events in their order. What was seen before is skipped; at a gap it stops. */
export function applyEvents(confirmed: Confirmed, events: readonly LogEvent[]): Applied {
  const { cursor } = confirmed;
  if (cursor === null) return { confirmed, fresh: [], gap: true };
  const fresh: LogEvent[] = [];
  const tasks = new Map(confirmed.tasks);
  let seq = cursor.seq;
  let gap = false;
  for (const event of events) {
    if (event.seq <= seq) continue;
    if (event.seq !== seq + 1) {
      gap = true;
      break;
    }
    seq = event.seq;
    fresh.push(event);
    if (event.task === null) continue;
    if (event.type === "task.deleted") tasks.delete(event.task.id);
    else tasks.set(event.task.id, event.task);
  }
  if (fresh.length === 0) return { confirmed, fresh, gap };
  return { confirmed: { cursor: { epoch: cursor.epoch, seq }, tasks }, fresh, gap };
}

/** Collects the parts of a snapshot; `add` returns the whole once the last part is there. */
export class SnapshotReader {
  private tasks = new Map<string, Task>();
  private next = 1;

  add(message: { epoch: number; seq: number; tasks: Task[]; part: number; last: boolean }): Confirmed | null {
    if (message.part === 1) {
      this.tasks = new Map();
      this.next = 1;
    }
    if (message.part !== this.next) return null;
    this.next++;
    for (const task of message.tasks) this.tasks.set(task.id, task);
    if (!message.last) return null;
    const tasks = this.tasks;
    this.tasks = new Map();
    this.next = 1;
    return { cursor: { epoch: message.epoch, seq: message.seq }, tasks };
  }
}
