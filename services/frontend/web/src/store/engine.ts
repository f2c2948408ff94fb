import { createStore, type StoreApi } from "zustand/vanilla";
import type { ApiError } from "@/api/http";
import type { Operation } from "@/api/types";
import { uuid7 } from "@/lib/ids";
import { type ConnectionState, isCurrent } from "@/sync/connection";
import type { Cursor, LogEvent, ServerMessage } from "@/sync/protocol";
import { applyEvents, type Confirmed, NOTHING, SnapshotReader } from "./confirmed";
import { canKeep, findConflicts, type Issue, type Reason, titleOf } from "./conflicts";
import type { Database, QueueRecord } from "./database";
import { type Mutation, overlay, touched } from "./optimistic";
import {
  acknowledged,
  isShown,
  markSeen,
  type Pending,
  pendingOf,
  replaced,
  revived,
  stillNeeded,
  unchecked,
  withdrawn,
  withoutMoot,
} from "./pending";
import { Persistence } from "./persistence";
import { type Receipt, type Send, Sender, sendMutation } from "./sender";
import { NOTHING_SHOWN, type Shown } from "./shown";
import { loneTab, type Tabs } from "./tabs";
import { Undoable } from "./undoable";

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
  private readonly persistence: Persistence;
  private readonly undoable = new Undoable();
  /** The platform's ids of what was sent; null where it changed nothing. */
  private readonly changes = new Map<string, string | null>();
  private order = 0;
  private keeper: boolean | null = null;

  constructor(private readonly options: EngineOptions = {}) {
    this.tabs = options.tabs ?? loneTab("only");
    this.store = createStore<Shown>(() => NOTHING_SHOWN);
    this.sender = new Sender({
      next: () => this.next(),
      send: options.send ?? sendMutation,
      onSent: (mutation, receipt) => this.sent(mutation, receipt),
      onRefused: (mutation, error) => this.refused(mutation, error),
    });
    this.persistence = new Persistence({
      read: (database) => this.read(database),
      keys: () => this.keys(),
      record: (key) => this.record(key),
      confirmed: () => (this.keeper ? this.confirmed : null),
      onState: (storage) => this.store.setState({ storage }),
    });
  }

  get cursor(): Cursor | null {
    return this.confirmed.cursor;
  }

  /** Whether closing the page now would lose changes that nobody else has. */
  get isAtRisk(): boolean {
    const waiting = [...this.pending.filter(({ receipt }) => receipt === null), ...this.issues];
    return waiting.some(({ mutation }) => !this.persistence.isKept(mutation.key));
  }

  /**
   * Keep on the device what is here, as long as it can be opened there; shows what the device has, and takes over the
   * changes that tabs which are gone left in the queue.
   */
  keepIn(open: () => Promise<Database>): Promise<void> {
    return this.persistence.start(open);
  }

  /** The person looks at the page: see what became of other tabs, and of the device's storage. */
  lookAround(): void {
    void this.persistence.look();
    this.persistence.hurry();
  }

  /** Send nothing more, and keep nothing more. */
  stop(): void {
    this.sender.stop();
    this.persistence.stop();
  }

  /** Change tasks: at once here, then on the platform. Returns the key that the change is known by. */
  mutate(operations: readonly Operation[]): string {
    const { tasks } = this.store.getState();
    const before = Object.fromEntries(touched(operations).map((id) => [id, tasks.get(id) ?? null]));
    return this.enqueue({ kind: "batch", operations, of: null, before });
  }

  /** Take a change of this page back: one that never went out is dropped, any other is undone by the platform. */
  undo(key: string): void {
    const before = this.undoable.take(key);
    if (!before) return;
    if (this.issues.some(({ mutation }) => mutation.key === key)) {
      this.settle(key, false);
    } else if (this.pending.some(({ mutation, tried }) => mutation.key === key && !tried)) {
      const keys = this.pending.map(({ mutation }) => mutation.key);
      this.pending = withdrawn(this.pending, key);
      this.persistence.changed(...keys);
      this.show();
    } else {
      this.enqueue({ kind: "undo", operations: [], of: key, undoes: this.changes.get(key) ?? null, before });
    }
  }

  /** Settle an issue: send the change as it is, or let it go. */
  settle(key: string, keep: boolean): void {
    const issue = this.issues.find(({ mutation }) => mutation.key === key);
    if (!issue) return;
    this.store.setState({ issues: this.issues.filter((other) => other !== issue) });
    if (keep && canKeep(issue)) this.again(issue);
    this.persistence.changed(key);
  }

  setConnection(connection: ConnectionState): void {
    const before = this.store.getState().connection;
    if (isCurrent(before) && !isCurrent(connection))
      this.pending = this.pending.map((one) => ({ ...one, checked: one.receipt !== null }));
    if (connection !== before) this.store.setState({ connection });
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

  private get issues(): readonly Issue[] {
    return this.store.getState().issues;
  }

  private async read(database: Database): Promise<void> {
    const wanted = this.confirmed.cursor === null;
    const [stored, queue] = await Promise.all([wanted ? database.readConfirmed() : null, database.readQueue()]);
    if (stored && this.confirmed.cursor === null) this.confirmed = stored;
    await this.takeOver(database, queue);
    if (this.keeper === null) {
      this.keeper = false;
      this.tabs.keep(() => {
        this.keeper = true;
        if (this.confirmed !== stored) this.persistence.moved(null);
      });
    }
    this.show();
  }

  /** Take over what tabs left behind; they are asked after the queue is read, since only a living tab writes to it. */
  private async takeOver(database: Database, queue: readonly QueueRecord[]): Promise<void> {
    if (queue.length === 0) return;
    const alive = await this.tabs.alive();
    const { name } = this.tabs;
    const here = new Set(this.keys());
    const left = queue.filter(({ mutation: { key, tab } }) => {
      const known = here.has(key) || this.changes.has(key) || this.persistence.isWriting(key);
      return !known && (tab === name || !alive.has(tab));
    });
    if (left.length === 0) return;
    const taken = await database.claim(left, name).catch(() => left); // no space: two tabs may send it, to one effect
    for (const { mutation, order, reason } of taken) {
      this.order = Math.max(this.order, order);
      if (reason) this.setAside(mutation, reason, order);
      else this.pending.push(pendingOf(mutation, order, { tried: true, shownAlready: true }));
    }
    this.pending.sort((one, other) => one.order - other.order);
    this.show();
    this.sender.hurry();
  }

  private keys(): string[] {
    return [...this.pending, ...this.issues].map(({ mutation }) => mutation.key);
  }

  private record(key: string): QueueRecord | null {
    const waiting = this.pending.find(({ mutation, receipt }) => mutation.key === key && receipt === null);
    if (waiting) return { order: waiting.order, mutation: waiting.mutation, reason: null };
    const issue = this.issues.find(({ mutation }) => mutation.key === key);
    return issue ? { order: issue.order, mutation: issue.mutation, reason: issue.reason } : null;
  }

  private replace(confirmed: Confirmed): void {
    this.pending = replaced(this.pending, this.confirmed.cursor, confirmed.cursor);
    this.confirmed = confirmed;
    this.persistence.moved(null);
    this.show();
  }

  private follow(events: readonly LogEvent[]): boolean {
    const { confirmed, fresh, gap } = applyEvents(this.confirmed, events);
    this.confirmed = confirmed;
    if (fresh.length > 0) {
      this.pending = stillNeeded(markSeen(this.pending, fresh), confirmed.cursor);
      this.persistence.moved(fresh);
      this.show();
      this.options.onEvents?.(fresh);
    }
    return !gap;
  }

  private caughtUp(): void {
    const before = this.pending.length;
    this.pending = this.pending.filter((one) => !isShown(one));
    if (this.pending.length < before) this.show();
    if (this.keeper) void this.persistence.look();
    this.sender.hurry();
  }

  private enqueue(content: Pick<Mutation, "kind" | "operations" | "of" | "undoes" | "before">): string {
    const key = uuid7();
    const at = (this.options.now?.() ?? new Date()).toISOString();
    this.wait({ ...content, key, at, tab: this.tabs.name });
    if (content.kind === "batch") this.undoable.add(key, content.before);
    return key;
  }

  private wait(mutation: Mutation, more: Partial<Pending> = {}): void {
    this.order = Math.max(this.order + 1, Date.now());
    const checked = isCurrent(this.store.getState().connection);
    this.pending.push(pendingOf(mutation, this.order, { checked, ...more }));
    this.persistence.changed(mutation.key);
    this.sender.hurry(); // first: what is shown is rendered before anything else gets its turn
    this.show();
  }

  /** Send what was set aside: under its own key only where the platform may have taken it all the same. */
  private again({ mutation, reason }: Issue): void {
    const { kind, operations, of, undoes, before } = mutation;
    if (reason.kind === "refused" && reason.status >= 500) this.wait(mutation, { tried: true });
    else if (kind === "undo") this.enqueue({ kind, operations, of, undoes: undoes ?? null, before });
    else {
      const now = reason.kind === "deleted" ? revived(mutation, this.store.getState().tasks) : operations;
      if (now.length > 0) this.mutate(now);
    }
  }

  private next(): Mutation | null {
    if (!isCurrent(this.store.getState().connection)) return null;
    this.check();
    for (;;) {
      const found = this.pending.find(({ receipt }) => receipt === null);
      if (!found) return null;
      const { mutation } = found;
      if (mutation.kind === "batch" || mutation.undoes) {
        this.pending = this.pending.map((one) => (one === found ? { ...one, tried: true } : one));
        return mutation;
      }
      this.leave(mutation);
    }
  }

  /** Set aside what meets what others did while the list here was not as they had it. */
  private check(): void {
    const asked = unchecked(this.pending);
    if (asked.size === 0) return;
    const all = this.pending.map(({ mutation }) => mutation);
    const conflicts = findConflicts(this.confirmed.tasks, all, asked);
    for (const { mutation, reason } of conflicts) this.setAside(mutation, reason);
    this.pending = this.pending.map((one) => ({ ...one, checked: true }));
    if (conflicts.length > 0) this.show();
  }

  /** Do not send an undo of a change that the platform has no id of: it would take back the latest one. */
  private leave(undo: Mutation): void {
    const changedNothing = undo.of !== null && this.changes.has(undo.of);
    if (changedNothing) this.remove(undo.key);
    else this.setAside(undo, { kind: "unknown" });
    this.show();
  }

  private sent({ key }: Mutation, receipt: Receipt): void {
    this.changes.set(key, receipt.change);
    const before = this.pending.length;
    this.pending = stillNeeded(acknowledged(this.pending, key, receipt), this.confirmed.cursor);
    this.persistence.changed(key, ...this.undosOf(key));
    if (this.pending.length < before) this.show();
    else this.store.setState({ waiting: this.waiting });
    this.options.onSent?.();
  }

  private refused(mutation: Mutation, error: ApiError): void {
    const { key, operations } = mutation;
    const rest = error.status === 404 ? withoutMoot(operations, this.confirmed.tasks) : operations;
    if (rest.length > 0 && rest.length < operations.length) {
      this.pending = this.pending.map((one) =>
        one.mutation.key === key ? { ...one, mutation: { ...mutation, operations: rest } } : one,
      );
      this.persistence.changed(key);
    } else {
      if (rest.length === 0 && mutation.kind === "batch") this.remove(key);
      else this.setAside(mutation, { kind: "refused", status: error.status, detail: error.problem.detail });
      if (error.status < 500) this.undosOf(key).forEach((undo) => void this.remove(undo)); // there is nothing to undo
    }
    this.show();
  }

  private undosOf(key: string): string[] {
    return this.pending.flatMap(({ mutation }) => (mutation.of === key ? [mutation.key] : []));
  }

  private setAside(mutation: Mutation, reason: Reason, order = ++this.order): void {
    const issue = { mutation, reason, title: titleOf(mutation), order };
    this.store.setState({ issues: [...this.issues, issue] });
    this.remove(mutation.key);
  }

  private remove(key: string): void {
    this.pending = this.pending.filter(({ mutation }) => mutation.key !== key);
    this.persistence.changed(key);
  }

  private show(): void {
    const laidOver = this.pending.map(({ mutation }) => mutation);
    this.store.setState({
      tasks: overlay(this.confirmed.tasks, laidOver),
      loaded: this.confirmed.cursor !== null,
      waiting: this.waiting,
    });
  }

  private get waiting(): number {
    return this.pending.filter(({ receipt }) => receipt === null).length;
  }
}
