import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Task } from "@/api/types";
import { personal } from "@/lib/account";
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

/** What outlives the page: the tasks as last confirmed, with their cursor, and the changes that wait to be sent. */
export class Database {
  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  static async open(name: string = personal(NAME)): Promise<Database> {
    const db = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("meta");
        fresh.createObjectStore("tasks", { keyPath: "id" });
        fresh.createObjectStore("queue", { keyPath: "mutation.key" });
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new Database(db);
  }

  /** Remove everything, as at the end of a session. */
  static async erase(name: string = personal(NAME)): Promise<void> {
    await deleteDB(name);
  }

  close(): void {
    this.db.close();
  }

  async readConfirmed(): Promise<Confirmed | null> {
    const read = this.db.transaction(["meta", "tasks"]);
    const [cursor, tasks] = await Promise.all([
      read.objectStore("meta").get(CURSOR),
      read.objectStore("tasks").getAll(),
    ]);
    if (!cursor) return null;
    return { cursor, tasks: new Map(tasks.map((task) => [task.id, task])) };
  }

  async writeConfirmed(confirmed: Confirmed): Promise<void> {
    if (!confirmed.cursor) return;
    const write = this.db.transaction(["meta", "tasks"], "readwrite");
    const tasks = write.objectStore("tasks");
    void tasks.clear();
    for (const task of confirmed.tasks.values()) void tasks.put(task);
    void write.objectStore("meta").put(confirmed.cursor, CURSOR);
    await write.done;
  }

  /** Write what events changed; only where the stored cursor is the one right before them. */
  async writeEvents(events: readonly LogEvent[], cursor: Cursor): Promise<void> {
    const first = events[0];
    if (!first) return;
    const write = this.db.transaction(["meta", "tasks"], "readwrite");
    const stored = await write.objectStore("meta").get(CURSOR);
    if (stored?.epoch === cursor.epoch && stored.seq === first.seq - 1) {
      const tasks = write.objectStore("tasks");
      for (const { task, type } of events) {
        if (task) void (type === "task.deleted" ? tasks.delete(task.id) : tasks.put(task));
      }
      void write.objectStore("meta").put(cursor, CURSOR);
    }
    await write.done;
  }

  async readQueue(): Promise<QueueRecord[]> {
    return (await this.db.getAll("queue")).sort((one, other) => one.order - other.order);
  }

  async putQueued(record: QueueRecord): Promise<void> {
    await this.db.put("queue", record);
  }

  async deleteQueued(key: string): Promise<void> {
    await this.db.delete("queue", key);
  }
}
