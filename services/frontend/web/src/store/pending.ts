import type { Operation, Task, TaskFields } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import type { Cursor, LogEvent } from "@/sync/protocol";
import type { Mutation } from "./optimistic";
import type { Receipt } from "./sender";

/** A change that is on its way. */
export interface Pending {
  readonly mutation: Mutation;
  readonly order: number;
  readonly receipt: Receipt | null;
  /** Whether the platform's own events have shown it. */
  readonly seen: boolean;
  /** Whether the platform may have it already. */
  readonly tried: boolean;
  /** Whether the list may show it without an event that says so: another tab sent it, or a snapshot came meanwhile. */
  readonly shownAlready: boolean;
  /** Whether it was held against what others did since the list was last known to be as they have it. */
  readonly checked: boolean;
}

export function pendingOf(mutation: Mutation, order: number, more: Partial<Pending> = {}): Pending {
  return { mutation, order, receipt: null, seen: false, tried: false, shownAlready: false, checked: false, ...more };
}

export function markSeen(pending: readonly Pending[], events: readonly LogEvent[]): Pending[] {
  const keys = new Set(events.map(({ key }) => key));
  return pending.map((one) => (keys.has(one.mutation.key) ? { ...one, seen: true } : one));
}

/** The platform has taken a change; an undo of it that waits knows now what to take back. */
export function acknowledged(pending: readonly Pending[], key: string, receipt: Receipt): Pending[] {
  return pending.map((one) => {
    if (one.mutation.key === key) return { ...one, receipt };
    return one.mutation.of === key ? { ...one, mutation: { ...one.mutation, undoes: receipt.change } } : one;
  });
}

/** Without the changes that the list shows by itself. */
export function stillNeeded(pending: readonly Pending[], cursor: Cursor | null): Pending[] {
  const at = cursor?.seq ?? 0;
  return pending.filter(({ receipt, seen }) => !receipt || !(receipt.seq ? at >= receipt.seq : seen));
}

/** Whether a list that is as the platform has it shows a change, though no event told of it. */
export function isShown({ receipt, shownAlready }: Pending): boolean {
  return receipt !== null && (receipt.change === null || (shownAlready && receipt.seq === 0));
}

/** What is left to show and to send once all tasks were read anew; in another epoch nothing is as it was. */
export function replaced(pending: readonly Pending[], before: Cursor | null, cursor: Cursor | null): Pending[] {
  const another = before !== null && before.epoch !== cursor?.epoch;
  return pending
    .filter(({ receipt }) => !receipt || (!another && receipt.seq > (cursor?.seq ?? 0)))
    .map((one) => ({ ...one, shownAlready: one.tried, ...(another ? { seen: false, checked: false } : {}) }));
}

/** The changes to hold against what others did: not what they saw already, nor what is taken back anyway. */
export function unchecked(pending: readonly Pending[]): ReadonlySet<Mutation> {
  const undone = new Set(pending.map(({ mutation }) => mutation.of));
  const asked = pending.filter(
    ({ mutation, checked, receipt, seen }) => !checked && !receipt && !seen && !undone.has(mutation.key),
  );
  return new Set(asked.map(({ mutation }) => mutation));
}

/** The changes without one that was not sent: those made after it are as if it had never been. */
export function withdrawn(pending: readonly Pending[], key: string): Pending[] {
  const place = pending.findIndex(({ mutation }) => mutation.key === key);
  const gone = pending[place]?.mutation;
  if (!gone) return [...pending];
  const later = pending.slice(place + 1).flatMap((one) => {
    const mutation = without(one.mutation, gone);
    return mutation ? [{ ...one, mutation }] : [];
  });
  return [...pending.slice(0, place), ...later];
}

function without(mutation: Mutation, gone: Mutation): Mutation | null {
  const made = new Set(gone.operations.flatMap((one) => (one.op === "create" ? [one.task.id] : [])));
  const operations = mutation.operations.filter((one) => one.op === "create" || !made.has(one.id));
  if (operations.length === 0 && mutation.operations.length > 0) return null;
  const before = { ...mutation.before };
  for (const operation of gone.operations) {
    if (operation.op !== "update") continue;
    const [then, seen] = [gone.before[operation.id], before[operation.id]];
    if (then && seen) before[operation.id] = unchanged(seen, operation.task, then);
  }
  return { ...mutation, operations, before };
}

/** A task as it was seen, but for the fields that a change gave it and nobody changed since. */
function unchanged(seen: Task, fields: TaskFields, then: Task): Task {
  const names = (Object.keys(fields) as (keyof TaskFields & keyof Task)[]).filter((name) =>
    same(seen[name], fields[name]),
  );
  return { ...seen, ...Object.fromEntries(names.map((name) => [name, then[name]])) };
}

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** Operations that were answered with 404, without the deletions of what is gone anyway. */
export function withoutMoot(operations: readonly Operation[], tasks: ReadonlyMap<string, Task>): readonly Operation[] {
  if (operations.length === 1) return operations[0]?.op === "delete" ? [] : operations; // the list may not know it yet
  const made = new Set(operations.flatMap((one) => (one.op === "create" ? [one.task.id] : [])));
  return operations.filter((one) => one.op !== "delete" || tasks.has(one.id) || made.has(one.id));
}

/** Operations that bring the tasks back that others deleted, with what was changed of them; the rest as they were. */
export function revived({ operations, before }: Mutation, tasks: ReadonlyMap<string, Task>): Operation[] {
  const made = new Map<string, string>();
  return operations.flatMap((operation): Operation[] => {
    if (operation.op === "create" || tasks.has(operation.id)) return [operation];
    const known = made.get(operation.id);
    if (known) return [{ ...operation, id: known }];
    const task = before[operation.id];
    if (!task || operation.op === "delete") return [];
    const id = uuid7();
    made.set(task.id, id);
    return [
      { op: "create", task: { ...fieldsOf(task), id } },
      { ...operation, id },
    ];
  });
}

function fieldsOf({
  title,
  description,
  priority,
  tags,
  due,
  recurrence,
  reminders,
}: Task): TaskFields & { title: string } {
  const written = reminders.map(({ before, at }) => (before ? { before } : { at }));
  return { title, description, priority, tags, due, recurrence, reminders: written };
}
