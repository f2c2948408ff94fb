import type { Operation, Reminder, ReminderInput, Task, TaskFields } from "@/api/types";

/** A change that the page made: shown at once, sent in order, kept until the platform's own events show it. */
export interface Mutation {
  readonly key: string;
  readonly kind: "batch" | "undo";
  readonly operations: readonly Operation[];
  /** Of an undo: the key of the change that it takes back. */
  readonly of: string | null;
  /** Of an undo: the platform's id of that change, once it is known; it outlives the page with the undo. */
  readonly undoes?: string | null;
  /** The tasks it touches as they were shown before; null where there was none. */
  readonly before: Readonly<Record<string, Task | null>>;
  readonly at: string;
  /** The tab that it waits in. */
  readonly tab: string;
}

/** Return the tasks with the changes laid over them. */
export function overlay(tasks: ReadonlyMap<string, Task>, mutations: Iterable<Mutation>): ReadonlyMap<string, Task> {
  let shown: Map<string, Task> | null = null;
  for (const mutation of mutations) {
    shown ??= new Map(tasks);
    applyMutation(shown, mutation);
  }
  return shown ?? tasks;
}

export function applyMutation(tasks: Map<string, Task>, mutation: Mutation): void {
  if (mutation.kind === "undo") restore(tasks, mutation.before);
  else for (const operation of mutation.operations) applyOperation(tasks, operation, mutation.at);
}

function restore(tasks: Map<string, Task>, states: Mutation["before"]): void {
  for (const [id, task] of Object.entries(states)) {
    if (task) tasks.set(id, task);
    else tasks.delete(id);
  }
}

/** Apply one operation to `tasks`; one of a task that is not there changes nothing. */
export function applyOperation(tasks: Map<string, Task>, operation: Operation, at: string): void {
  if (operation.op === "create") {
    if (!tasks.has(operation.task.id)) tasks.set(operation.task.id, created(operation.task, at));
    return;
  }
  const task = tasks.get(operation.id);
  if (!task) return;
  if (operation.op === "update") tasks.set(task.id, { ...changed(task, operation.task), updated_at: at });
  else if (operation.op === "delete") tasks.delete(task.id);
  else if (operation.op === "complete") tasks.set(task.id, { ...task, status: "completed", completed_at: at });
  else tasks.set(task.id, { ...task, status: "open", completed_at: null });
}

function created(fields: TaskFields & { id: string; title: string }, at: string): Task {
  const empty: Task = {
    id: fields.id,
    seq: Number.MAX_SAFE_INTEGER, // the newest, until the platform says which
    version: 1,
    title: fields.title.trim(),
    description: "",
    status: "open",
    priority: "none",
    tags: [],
    due: null,
    recurrence: null,
    series_id: null,
    occurrence: null,
    nominal: null,
    reminders: [],
    external_id: null,
    created_at: at,
    updated_at: at,
    completed_at: null,
  };
  return changed(empty, fields);
}

function changed(task: Task, fields: TaskFields): Task {
  return {
    ...task,
    title: fields.title?.trim() || task.title,
    description: fields.description === undefined ? task.description : (fields.description ?? ""),
    priority: fields.priority === undefined ? task.priority : (fields.priority ?? "none"),
    tags: fields.tags === undefined ? task.tags : (fields.tags ?? []),
    due: fields.due === undefined ? task.due : fields.due,
    recurrence: fields.recurrence === undefined ? task.recurrence : fields.recurrence,
    reminders: fields.reminders === undefined ? task.reminders : (fields.reminders ?? []).map(shownReminder),
    external_id: fields.external_id === undefined ? task.external_id : fields.external_id,
  };
}

/** A reminder as it is shown until the platform has computed its time. */
function shownReminder(input: ReminderInput, place: number): Reminder {
  const id = input.id ?? `new-${place}`;
  return { id, before: input.before ?? null, at: input.at ?? "", status: "scheduled", seq: 0 };
}

/** The ids that operations touch. */
export function touched(operations: readonly Operation[]): string[] {
  return operations.map((operation) => (operation.op === "create" ? operation.task.id : operation.id));
}
