import type { LogEvent } from "@/sync/protocol";
import type { Confirmed } from "./confirmed";
import type { Database, QueueRecord } from "./database";

/**
 * Whether the device keeps what it is given: `full`: it has no space; `unavailable`: the browser stores nothing, or does
 * not answer; `outdated`: a newer page has given the database another form.
 */
export type StorageState = "kept" | "full" | "unavailable" | "outdated";

/** What there is to keep, as it stands when it is written. */
export interface Source {
  /** Read a database that was opened, and take over what others left behind in it. */
  read: (database: Database) => Promise<void>;
  /** The keys of all changes that wait here. */
  keys: () => Iterable<string>;
  /** What is to be kept of a change; null where it is done with. */
  record: (key: string) => QueueRecord | null;
  /** The tasks, where this tab is the one that writes them. */
  confirmed: () => Confirmed | null;
  onState: (state: StorageState) => void;
}

type Records = ReadonlyMap<string, QueueRecord | null>;

const PATIENCE_MS = 3_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

/**
 * Keeps on the device what the page holds in memory, for as long as the device can, and again once it can.
 *
 * It is told what has changed, and writes how that stands: a write that failed is made up for by the next, and a database
 * that was lost is filled anew. Nothing that fails here reaches who made the change.
 */
export class Persistence {
  private database: Database | null = null;
  private readonly changes = new Set<string>();
  private writing: Records = new Map();
  /** Events to write after one another; null: all tasks. */
  private events: LogEvent[] | null = [];
  /** There was no space for the tasks: they are left out until it is time to try again. */
  private cramped = false;
  private open: (() => Promise<Database>) | null = null;
  private state: StorageState = "kept";
  private failures = 0;
  private busy = false;
  private opening = false;
  private looking = false;
  private stopped = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly source: Source) {}

  /** Open the database, and again whenever it is lost. Returns once it was read, or has kept the page waiting too long. */
  async start(open: () => Promise<Database>): Promise<void> {
    this.open = open;
    let late: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        this.tell("unavailable");
        resolve();
      }, PATIENCE_MS);
    });
    await Promise.race([this.reopen(), patience]);
    clearTimeout(late);
  }

  /** Use a database that is open. */
  private async use(database: Database): Promise<void> {
    await this.source.read(database);
    if (this.stopped) return database.close();
    database.onLost = () => this.failed(database, new DOMException("it was closed", "InvalidStateError"));
    this.database = database;
    for (const key of this.source.keys()) this.changes.add(key);
    await this.flush();
  }

  /** Let go of the database; nothing is written any more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.database?.close();
    this.database = null;
  }

  /** Changes were made, or something became of them. */
  changed(...keys: string[]): void {
    for (const key of keys) this.changes.add(key);
    void this.flush();
  }

  /** Tasks were changed by events; null: all of them are to be written. */
  moved(events: readonly LogEvent[] | null): void {
    if (events === null || !this.database) this.events = null;
    else this.events?.push(...events);
    void this.flush();
  }

  /** Whether a change, as it stands, would outlive the page. */
  isKept(key: string): boolean {
    return this.database !== null && !this.isWriting(key);
  }

  /** Whether the device may have another state of a change than there is. */
  isWriting(key: string): boolean {
    return this.changes.has(key) || this.writing.has(key);
  }

  /** See what others left behind in the database since it was opened. */
  async look(): Promise<void> {
    const { database } = this;
    if (!database || this.looking) return;
    this.looking = true;
    await this.source.read(database).catch((error) => this.failed(database, error));
    this.looking = false;
  }

  /** Try again what failed, without waiting for its time. */
  hurry(): void {
    if (this.failures > 0) void this.tryAgain();
  }

  private async tryAgain(): Promise<void> {
    this.settle();
    this.cramped = false;
    if (this.database) await this.flush();
    else await this.reopen();
  }

  private async reopen(): Promise<void> {
    if (this.opening || this.stopped || !this.open) return;
    this.opening = true;
    let opened: Database | null = null;
    try {
      opened = await this.open();
      await this.use(opened);
    } catch (error) {
      opened?.close();
      this.failed(this.database, error);
    } finally {
      this.opening = false;
    }
  }

  private async flush(): Promise<void> {
    const { database } = this;
    if (this.busy || !database) return;
    this.busy = true;
    try {
      while (database === this.database && this.hasWork) await this.writeNext(database);
      this.written(database);
    } catch (error) {
      this.failed(database, error);
    } finally {
      this.busy = false;
      if (database !== this.database) void this.flush(); // another was opened meanwhile
    }
  }

  private get hasWork(): boolean {
    return this.changes.size > 0 || (!this.cramped && this.events?.length !== 0);
  }

  private writeNext(database: Database): Promise<void> {
    return this.changes.size > 0 ? this.writeChanges(database) : this.writeTasks(database);
  }

  private async writeChanges(database: Database): Promise<void> {
    this.writing = new Map([...this.changes].map((key) => [key, this.source.record(key)]));
    this.changes.clear();
    try {
      await database.writeQueue(this.writing).catch((error) => this.squeeze(database, this.writing, error));
    } catch (error) {
      for (const key of this.writing.keys()) this.changes.add(key);
      throw error;
    } finally {
      this.writing = new Map();
    }
  }

  /** Where space is short: what is done with goes first, then the tasks, which the platform has as well. */
  private async squeeze(database: Database, records: Records, error: unknown): Promise<void> {
    if (stateAfter(error) !== "full") throw error;
    const [waiting, done] = [[...records].filter(([, record]) => record), [...records].filter(([, record]) => !record)];
    this.cramped = true;
    this.events = null;
    await database.writeQueue(new Map(done));
    await database.dropConfirmed();
    await database.writeQueue(new Map(waiting));
  }

  private async writeTasks(database: Database): Promise<void> {
    const { events } = this;
    this.events = [];
    const confirmed = this.source.confirmed();
    if (!confirmed?.cursor) return;
    try {
      const written = events !== null && (await database.writeEvents(events, confirmed.cursor));
      if (!written) await database.writeConfirmed(confirmed);
    } catch (error) {
      this.events = null;
      throw error;
    }
  }

  private written(database: Database): void {
    if (database !== this.database) return;
    if (this.cramped) {
      this.later("full");
    } else {
      this.settle();
      this.failures = 0;
      this.tell("kept");
    }
  }

  private failed(database: Database | null, error: unknown): void {
    if (this.stopped || database !== this.database) return;
    const state = stateAfter(error);
    this.cramped = state === "full";
    if (!this.cramped) {
      database?.close();
      this.database = null;
      this.events = null;
    }
    const closed = (error as Error | null)?.name === "InvalidStateError";
    this.later(closed && this.failures === 0 ? this.state : state); // it may well be there again in a moment
  }

  private later(state: StorageState): void {
    this.tell(state);
    if (this.retry !== undefined) return;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS);
    this.retry = setTimeout(() => void this.tryAgain(), wait);
  }

  private settle(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  private tell(state: StorageState): void {
    if (state === this.state || this.stopped) return;
    this.state = state;
    this.source.onState(state);
  }
}

function stateAfter(error: unknown): StorageState {
  const name = (error as Error | null)?.name;
  if (name === "QuotaExceededError") return "full";
  return name === "VersionError" ? "outdated" : "unavailable";
}
