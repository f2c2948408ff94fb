import type { Mutation } from "./optimistic";

type Before = Mutation["before"];

/** How many changes are shown as they were the moment they are taken back; older ones once the platform has done it. */
const REMEMBERED = 100;

/** The changes of this page that can be taken back, each once. */
export class Undoable {
  private readonly latest = new Map<string, Before>();
  private readonly older = new Set<string>();

  add(key: string, before: Before): void {
    this.latest.set(key, before);
    if (this.latest.size <= REMEMBERED) return;
    for (const oldest of this.latest.keys()) {
      this.latest.delete(oldest);
      this.older.add(oldest);
      return;
    }
  }

  /** The tasks as they were before a change; null where it is not one of this page, or was taken back already. */
  take(key: string): Before | null {
    const before = this.latest.get(key) ?? (this.older.has(key) ? {} : null);
    this.latest.delete(key);
    this.older.delete(key);
    return before;
  }
}
