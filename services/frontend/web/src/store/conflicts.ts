import type { Operation, Task, TaskFields } from "@/api/types";
import { applyMutation, type Mutation } from "./optimistic";

/**
 * Why a change was set aside: others changed the same field, or deleted the task; the platform refused it; or it is an
 * undo of what nobody knows.
 */
export type Reason =
  | { kind: "field"; field: keyof TaskFields; theirs: unknown; mine: unknown }
  | { kind: "deleted" }
  | { kind: "refused"; status: number; detail: string }
  | { kind: "unknown" };

export interface Issue {
  readonly mutation: Mutation;
  readonly reason: Reason;
  readonly title: string;
  readonly order: number;
}

/** Whether what was set aside can be sent after all. */
export function canKeep({ mutation, reason }: Issue): boolean {
  return reason.kind !== "unknown" && (mutation.kind === "batch" || Boolean(mutation.undoes));
}

/**
 * Find those of the changes made offline that meet what others did meanwhile; all are laid over one another.
 *
 * Changes of different fields go together; the same field changed to another value, or a task that is gone, does not.
 */
export function findConflicts(
  tasks: ReadonlyMap<string, Task>,
  mutations: readonly Mutation[],
  offline: ReadonlySet<Mutation>,
): Pick<Issue, "mutation" | "reason">[] {
  const shown = new Map(tasks);
  const conflicts: Pick<Issue, "mutation" | "reason">[] = [];
  for (const mutation of mutations) {
    const reason = offline.has(mutation) && mutation.kind === "batch" ? conflictOf(shown, mutation) : null;
    if (reason) conflicts.push({ mutation, reason });
    else applyMutation(shown, mutation);
  }
  return conflicts;
}

function conflictOf(shown: ReadonlyMap<string, Task>, mutation: Mutation): Reason | null {
  const made = new Set<string>();
  for (const operation of mutation.operations) {
    if (operation.op === "create") {
      made.add(operation.task.id);
      continue;
    }
    const current = shown.get(operation.id);
    if (!current) {
      if (made.has(operation.id) || operation.op === "delete") continue;
      return { kind: "deleted" };
    }
    const before = mutation.before[operation.id];
    const reason = before ? fieldConflict(operation, before, current) : null;
    if (reason) return reason;
  }
  return null;
}

function fieldConflict(operation: Operation, before: Task, current: Task): Reason | null {
  if (operation.op !== "update") return null;
  for (const field of Object.keys(operation.task) as (keyof TaskFields)[]) {
    const mine = operation.task[field];
    const theirs = current[field];
    if (!same(theirs, before[field]) && !same(theirs, mine)) return { kind: "field", field, theirs, mine };
  }
  return null;
}

/** The title that a person knows a change by. */
export function titleOf(mutation: Mutation): string {
  for (const operation of mutation.operations) {
    if (operation.op === "create") return operation.task.title;
    const before = mutation.before[operation.id];
    if (before) return before.title;
  }
  return Object.values(mutation.before).find((task) => task !== null)?.title ?? "";
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
