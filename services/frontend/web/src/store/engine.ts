import { createStore, type StoreApi } from "zustand/vanilla";
import type { ApiError } from "@/api/http";
import type { Operation, Task } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { type ConnectionState, isCurrent } from "@/sync/connection";
import type { Cursor, LogEvent, ServerMessage } from "@/sync/protocol";
import { applyEvents, type Confirmed, NOTHING, SnapshotReader } from "./confirmed";
import { findConflicts, type Issue, type Reason, titleOf } from "./conflicts";
import type { Database } from "./database";
import { type Mutation, overlay, touched } from "./optimistic";
import { type Receipt, type Send, Sender, sendMutation } from "./sender";
import { loneTab, type Tabs } from "./tabs";

/** What the page shows; replaced as a whole whenever something changes. */
export interface Shown {
  readonly tasks: ReadonlyMap<string, Task>;
  /** Whether there is a list to show, from the device or from the platform. */
  readonly loaded: boolean;
  readonly connection: ConnectionState;
  /** How many changes wait to be sent. */
  readonly waiting: number;
  readonly issues: readonly Issue[];
}

interface Pending {
  readonly mutation: Mutation;
  readonly order: number;
  readonly receipt: Receipt | null;
  /** Whether the platform's own events have shown it. */
  readonly seen: boolean;
}

export interface EngineOptions {
  tabs?: Tabs;
  send?: Send;
  now?: () => Date;
  onEvents?: (events: readonly LogEvent[]) => void;
  /** A change of this window was taken. */
  onSent?: () => void;
}

/** The list as the platform confirmed it, with the page's own changes laid over it, sent in order. */
export class Engine {
  readonly store: StoreApi<Shown>;
  private confirmed: Confirmed = NOTHING;
  private pending: Pending[] = [];
  private readonly reader = new SnapshotReader();
  private readonly sender: Sender;
  private readonly tabs: Tabs;
  private database: Database | null = null;
  private readonly changes = new Map<string, string | null>();
  private order = 0;
  private keeper = false;
  private checked = false;

  constructor(private readonly options: EngineOptions = {}) {
    this.tabs = options.tabs ?? loneTab("only");
    this.store = createStore<Shown>(() => ({
      tasks: new Map(),
      loaded: false,
      connection: "connecting",
      waiting: 0,
      issues: [],
    }));
    this.sender = new Sender({
      next: () => this.next(),
      send: options.send ?? sendMutation,
      onSent: (mutation, receipt) => this.sent(mutation, receipt),
      onRefused: (mutation, error) => this.refused(mutation, error),
    });
  }

  get cursor(): Cursor | null {
    return this.confirmed.cursor;
  }

  /** Show what the device has, and take over the changes that tabs which are gone left in the queue. */
  async attach(database: Database): Promise<void> {
    this.database = database;
    const [confirmed, queue, alive] = await Promise.all([
      database.readConfirmed(),
      database.readQueue(),
      this.tabs.alive(),
    ]);
    if (confirmed && this.confirmed.cursor === null) this.confirmed = confirmed;
    const left = queue.filter(({ mutation }) => !alive.has(mutation.tab) || mutation.tab === this.tabs.name);
    this.order = Date.now();
    for (const { mutation, order, reason } of left) {
      const adopted = { ...mutation, offline: true };
      if (reason) this.setAside({ mutation: adopted, reason, title: titleOf(adopted) });
      else this.pending.push({ mutation: adopted, order, receipt: null, seen: false });
    }
    this.tabs.keep(() => {
      this.keeper = true;
      if (this.confirmed !== confirmed) void this.database?.writeConfirmed(this.confirmed);
    });
    this.show();
  }

  /** Change tasks: at once here, then on the platform. Returns the key that the change is known by. */
  mutate(operations: readonly Operation[]): string {
    const { tasks } = this.store.getState();
    const before = Object.fromEntries(touched(operations).map((id) => [id, tasks.get(id) ?? null]));
    return this.enqueue({ kind: "batch", operations, of: null, before });
  }

  /** Take a change of this page back: one that waits is dropped, one that was sent is undone by the platform. */
  undo(key: string): void {
    const found = this.pending.find(({ mutation }) => mutation.key === key);
    const before = found?.mutation.before ?? this.undoable.get(key);
    if (!before) return;
    this.undoable.delete(key);
    if (found && !found.receipt && key !== this.sending) {
      this.remove(key);
      this.show();
    } else {
      this.enqueue({ kind: "undo", operations: [], of: key, undoes: this.changes.get(key) ?? null, before });
    }
  }

  /** Settle an issue: send the change as it is, or let it go. */
  settle(key: string, keep: boolean): void {
    const issue = this.store.getState().issues.find(({ mutation }) => mutation.key === key);
    if (!issue) return;
    this.store.setState({ issues: this.store.getState().issues.filter((other) => other !== issue) });
    void this.database?.deleteQueued(key);
    const { operations } = issue.mutation;
    if (keep && operations.length > 0)
      this.mutate(issue.reason.kind === "deleted" ? revived(issue.mutation) : operations);
  }

  setConnection(connection: ConnectionState): void {
    if (!isCurrent(connection)) this.checked = false;
    if (connection !== this.store.getState().connection) this.store.setState({ connection });
    if (isCurrent(connection)) this.caughtUp();
  }

  /** Take a message of the platform. Returns false where an event is missing: come back by cursor. */
  receive(message: ServerMessage): boolean {
    if (message.type === "snapshot") {
      const whole = this.reader.add(message as Extract<ServerMessage, { type: "snapshot" }>);
      if (whole) this.replace(whole);
    } else if (message.type === "events") {
      return this.follow((message as Extract<ServerMessage, { type: "events" }>).events);
    }
    return true;
  }

  private readonly undoable = new Map<string, Mutation["before"]>();
  private sending: string | null = null;

  private replace(confirmed: Confirmed): void {
    this.confirmed = confirmed;
    this.pending = this.pending.filter(({ receipt }) => receipt === null);
    if (this.keeper) void this.database?.writeConfirmed(confirmed);
    this.show();
  }

  private follow(events: readonly LogEvent[]): boolean {
    const { confirmed, fresh, gap } = applyEvents(this.confirmed, events);
    this.confirmed = confirmed;
    if (fresh.length > 0) {
      const keys = new Set(fresh.map(({ key }) => key));
      this.pending = this.pending.map((one) => (keys.has(one.mutation.key) ? { ...one, seen: true } : one));
      this.dropShown();
      if (this.keeper && confirmed.cursor) void this.database?.writeEvents(fresh, confirmed.cursor);
      this.show();
      this.options.onEvents?.(fresh);
    }
    return !gap;
  }

  /** Stop laying changes over the list that the list shows by itself. */
  private dropShown(): void {
    const seq = this.confirmed.cursor?.seq ?? 0;
    this.pending = this.pending.filter(({ receipt, seen }) => !receipt || !(receipt.seq ? seq >= receipt.seq : seen));
  }

  private caughtUp(): void {
    const settled = this.pending.filter(({ receipt }) => receipt?.change === null);
    if (settled.length > 0) {
      this.pending = this.pending.filter((one) => !settled.includes(one));
      this.show();
    }
    if (!this.checked) {
      this.checked = true;
      const waiting = this.pending.map(({ mutation }) => mutation);
      for (const issue of findConflicts(this.confirmed.tasks, waiting)) {
        this.remove(issue.mutation.key, false);
        this.setAside(issue);
      }
      this.show();
    }
    this.sender.hurry();
  }

  private enqueue(content: Pick<Mutation, "kind" | "operations" | "of" | "undoes" | "before">): string {
    const mutation: Mutation = {
      ...content,
      key: uuid7(),
      at: (this.options.now?.() ?? new Date()).toISOString(),
      offline: !isCurrent(this.store.getState().connection),
      tab: this.tabs.name,
    };
    this.order = Math.max(this.order + 1, Date.now());
    this.pending.push({ mutation, order: this.order, receipt: null, seen: false });
    if (mutation.kind === "batch") this.undoable.set(mutation.key, mutation.before);
    void this.database?.putQueued({ order: this.order, mutation, reason: null });
    this.show();
    this.sender.hurry();
    return mutation.key;
  }

  private next(): Mutation | null {
    if (!isCurrent(this.store.getState().connection)) return null;
    const found = this.pending.find(({ receipt }) => receipt === null)?.mutation ?? null;
    if (found?.kind === "undo" && !found.undoes) {
      this.leave(found);
      return this.next();
    }
    this.sending = found?.key ?? null;
    return found;
  }

  /** Do not send an undo of a change that the platform has no id of: it would take back the latest one. */
  private leave(undo: Mutation): void {
    const nothing = undo.of !== null && this.changes.has(undo.of);
    this.remove(undo.key, nothing);
    if (!nothing) {
      const detail = "It is not known what became of the change that was to be undone.";
      this.setAside({ mutation: undo, reason: { kind: "refused", status: 409, detail }, title: titleOf(undo) });
    }
    this.show();
  }

  private sent(mutation: Mutation, receipt: Receipt): void {
    this.sending = null;
    this.changes.set(mutation.key, receipt.change);
    this.pending = this.pending.map((one) => {
      if (one.mutation === mutation) return { ...one, receipt };
      if (one.mutation.of !== mutation.key) return one;
      const undo = { ...one.mutation, undoes: receipt.change };
      void this.database?.putQueued({ order: one.order, mutation: undo, reason: null });
      return { ...one, mutation: undo };
    });
    void this.database?.deleteQueued(mutation.key);
    this.dropShown();
    this.show();
    this.options.onSent?.();
  }

  private refused(mutation: Mutation, error: ApiError): void {
    this.sending = null;
    this.remove(mutation.key, false);
    const reason: Reason = { kind: "refused", status: error.status, detail: error.problem.detail };
    this.setAside({ mutation, reason, title: titleOf(mutation) });
    this.show();
  }

  private setAside(issue: Issue): void {
    this.store.setState({ issues: [...this.store.getState().issues, issue] });
    const { mutation, reason } = issue;
    void this.database?.putQueued({ order: this.order++, mutation, reason });
  }

  private remove(key: string, forget = true): void {
    this.pending = this.pending.filter(({ mutation }) => mutation.key !== key);
    if (forget) void this.database?.deleteQueued(key);
  }

  private show(): void {
    const laidOver = this.pending.map(({ mutation }) => mutation);
    this.store.setState({
      tasks: overlay(this.confirmed.tasks, laidOver),
      loaded: this.confirmed.cursor !== null,
      waiting: this.pending.filter(({ receipt }) => receipt === null).length,
    });
  }
}

/** What brings a task back that others deleted, with the change made to it. */
function revived(mutation: Mutation): Operation[] {
  return mutation.operations.flatMap((operation): Operation[] => {
    if (operation.op !== "update") return [];
    const task = mutation.before[operation.id];
    if (!task) return [];
    const { title, description, priority, tags, due, recurrence } = task;
    return [
      {
        op: "create",
        task: {
          description,
          priority,
          tags,
          due,
          recurrence,
          ...operation.task,
          title: operation.task.title ?? title,
          id: uuid7(),
        },
      },
    ];
  });
}
