import { type DBSchema, deleteDB, type IDBPDatabase, openDB, unwrap } from "idb";
import type { Task } from "@/api/types";
import { keepPersonal, personal } from "@/lib/account";
import { keep, kept } from "@/lib/device";
import type { Cursor, LogEvent } from "@/sync/protocol";
import type { Confirmed } from "./confirmed";
import type { Reason } from "./conflicts";
import type { Mutation } from "./optimistic";

export interface QueueRecord {
  order: number;
  mutation: Mutation;
  /** Set where it was set aside: it waits for a person, not for the platform. */
  reason: Reason | null;
}

interface Schema extends DBSchema {
  meta: { key: string; value: Cursor };
  tasks: { key: string; value: Task };
  queue: { key: string; value: QueueRecord };
}

const NAME = "task-platform";
const CURSOR = "cursor";
const FILLED = "list";
const VERSION = 1;
const BLOCKED_MS = 3_000;
const SLICE = 250; // tasks that are written before the page gets its turn: ten thousand at once would hold up a key

/** What outlives the page: the tasks as last confirmed, with their cursor, and the changes that wait to be sent. */
export class Database {
  /** Called once where the browser closed it: it was deleted, or a newer page gave it another form. */
  onLost: (() => void) | null = null;

  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  static async open(name: string = personal(NAME), version: number = VERSION): Promise<Database> {
    let opened: Database | null = null;
    const lost = () => opened?.onLost?.();
    const db = await openDB<Schema>(name, version, {
      upgrade(fresh, before) {
        if (before > 0) return;
        fresh.createObjectStore("meta");
        fresh.createObjectStore("tasks", { keyPath: "id" });
        fresh.createObjectStore("queue", { keyPath: "mutation.key" });
      },
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        lost();
      },
      terminated: lost,
    });
    opened = new Database(db);
    return opened;
  }

  /** Whether it is known to hold tasks, without opening it: that takes a new device longest. */
  static wasFilled(): boolean {
    return kept(personal(FILLED)) !== null;
  }

  /**
   * Remove everything, as at the end of a session: what it holds at once, itself once no window has it open. A browser
   * that stores nothing, or does not come to it, holds nobody up.
   */
  static async erase(name: string = personal(NAME)): Promise<void> {
    keep(personal(FILLED), null);
    const blocked = new Promise<void>((resolve) => setTimeout(resolve, BLOCKED_MS));
    await Promise.race([blocked, Database.empty(name).catch(() => {})]);
    await Promise.race([blocked, deleteDB(name).catch(() => {})]);
  }

  private static async empty(name: string): Promise<void> {
    const { db } = await Database.open(name);
    const write = db.transaction(["meta", "tasks", "queue"], "readwrite");
    const clear = () =>
      (["meta", "tasks", "queue"] as const).forEach((store) => void ask(write.objectStore(store).clear()));
    await within(write, clear).finally(() => db.close());
  }

  close(): void {
    this.onLost = null;
    this.db.close();
  }

  async readConfirmed(): Promise<Confirmed | null> {
    const read = this.db.transaction(["meta", "tasks"]);
    const [cursor, tasks] = await Promise.all([
      read.objectStore("meta").get(CURSOR),
      read.objectStore("tasks").getAll(),
    ]);
    if (!cursor) return null;
    keepPersonal(FILLED, "kept");
    return { cursor, tasks: new Map(tasks.map((task) => [task.id, task])) };
  }

  async writeConfirmed({ cursor, tasks }: Confirmed): Promise<void> {
    if (!cursor) return;
    await this.replaceTasks(tasks.values(), cursor);
    keepPersonal(FILLED, "kept");
  }

  /** Let the tasks go, which the platform has too: there is no space for what only this device has. */
  async dropConfirmed(): Promise<void> {
    await this.replaceTasks([], null);
  }

  private async replaceTasks(all: Iterable<Task>, cursor: Cursor | null): Promise<void> {
    const write = this.db.transaction(["meta", "tasks"], "readwrite");
    await within(write, async () => {
      const [meta, tasks] = [write.objectStore("meta"), write.objectStore("tasks")];
      ask(tasks.clear());
      let count = 0;
      for (const task of all) {
        if (++count % SLICE === 0) await tasks.put(task);
        else unwrap(tasks).put(task); // without a promise of its own: what becomes of it is told by the transaction
      }
      ask(cursor ? meta.put(cursor, CURSOR) : meta.delete(CURSOR));
    });
  }

  /** Write what events changed; false, and nothing, where the stored cursor is not the one right before them. */
  async writeEvents(events: readonly LogEvent[], cursor: Cursor): Promise<boolean> {
    const write = this.db.transaction(["meta", "tasks"], "readwrite");
    const [meta, tasks] = [write.objectStore("meta"), write.objectStore("tasks")];
    return within(write, async () => {
      const stored = await meta.get(CURSOR);
      if (stored?.epoch !== cursor.epoch || stored.seq + 1 !== events[0]?.seq) return false;
      for (const { task, type } of events)
        if (task) ask(type === "task.deleted" ? tasks.delete(task.id) : tasks.put(task));
      ask(meta.put(cursor, CURSOR));
      return true;
    });
  }

  async readQueue(): Promise<QueueRecord[]> {
    return (await this.db.getAll("queue")).sort((one, other) => one.order - other.order);
  }

  /** Write records, and delete those that are null, all or none; on the disk, not only on the way there. */
  async writeQueue(records: ReadonlyMap<string, QueueRecord | null>): Promise<void> {
    const write = this.db.transaction("queue", "readwrite", { durability: "strict" });
    await within(write, () => {
      for (const [key, record] of records) ask(record ? write.store.put(record) : write.store.delete(key));
    });
  }

  /** Make records a tab's own, unless another was quicker; returns those that are now. */
  async claim(records: readonly QueueRecord[], tab: string): Promise<QueueRecord[]> {
    const write = this.db.transaction("queue", "readwrite");
    return within(write, async () => {
      const claimed: QueueRecord[] = [];
      for (const { mutation } of records) {
        const stored = await write.store.get(mutation.key);
        if (stored?.mutation.tab !== mutation.tab) continue;
        const own = { ...stored, mutation: { ...stored.mutation, tab } };
        ask(write.store.put(own));
        claimed.push(own);
      }
      return claimed;
    });
  }
}

/** What became of one request is told by its transaction. */
const ask = (request: Promise<unknown>) => void request.catch(() => {});

/** Work in a transaction, all or nothing; what is thrown is why it failed, not that its requests were aborted. */
async function within<T>(transaction: { done: Promise<void>; abort: () => void }, work: () => T): Promise<Awaited<T>> {
  transaction.done.catch(() => {}); // it is asked for below
  try {
    const found = await work();
    await transaction.done;
    return found;
  } catch (error) {
    try {
      transaction.abort();
    } catch {} // it is over
    const why: unknown = await transaction.done.then(
      () => error,
      (reason: unknown) => reason,
    );
    throw (why as Error).name === "AbortError" ? error : why;
  }
}
