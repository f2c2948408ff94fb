import { ApiError } from "@/api/http";
import type { Problem, Task } from "@/api/types";
import type { Engine } from "@/store/engine";
import { applyOperation, type Mutation } from "@/store/optimistic";
import type { Receipt, Send } from "@/store/sender";
import type { LogEvent } from "@/sync/protocol";

export const refusal = (status: number, retryAfter: number | null = null) =>
  new ApiError(status, { type: "", title: "", status, detail: "not so", errors: null } as Problem, retryAfter);

/** The platform as windows see it: one log, one effect for a key, and every event to every window that is connected. */
export class Backend {
  epoch = 1;
  seq = 10;
  tasks = new Map<string, Task>();
  /** What came in, with its key, in its order; and what had an effect. */
  readonly heard: Mutation[] = [];
  readonly effects: Mutation[] = [];
  /** Stands in for the answer, before there is an effect; an error is thrown. */
  before: (mutation: Mutation) => Error | null | Promise<Error | null> = () => null;
  /** Stands in for the answer, after there was an effect. */
  after: (mutation: Mutation) => Error | null | Promise<Error | null> = () => null;
  private readonly receipts = new Map<string, Receipt>();
  private readonly windows = new Set<Engine>();

  constructor(tasks: Task[] = []) {
    for (const one of tasks) this.tasks.set(one.id, one);
  }

  readonly send: Send = async (mutation) => {
    this.heard.push(mutation);
    const refused = await this.before(mutation);
    if (refused) throw refused;
    const receipt = this.receipts.get(mutation.key) ?? this.take(mutation);
    const lost = await this.after(mutation);
    if (lost) throw lost;
    return receipt;
  };

  /** A window is live from now on: it has everything, and hears what is new. */
  connect(engine: Engine): void {
    this.snapshot(engine);
    this.windows.add(engine);
    engine.setConnection("live");
  }

  disconnect(engine: Engine): void {
    this.windows.delete(engine);
    engine.setConnection("offline");
  }

  snapshot(engine: Engine): void {
    const { epoch, seq } = this;
    engine.receive({ type: "snapshot", epoch, seq, tasks: [...this.tasks.values()], part: 1, last: true });
  }

  /** Another device changes a task, or deletes it (null). */
  change(id: string, fields: Partial<Task> | null): void {
    const task = this.tasks.get(id);
    if (!task) throw new Error(`no task ${id}`);
    this.happen(fields ? { ...task, ...fields } : task, fields === null, "other");
  }

  private take(mutation: Mutation): Receipt {
    const scratch = new Map(this.tasks);
    for (const one of mutation.operations) {
      if (one.op !== "create" && !scratch.has(one.id)) throw refusal(404);
      applyOperation(scratch, one, mutation.at);
    }
    if (mutation.kind === "undo") for (const [id, task] of Object.entries(mutation.before)) restore(scratch, id, task);
    this.effects.push(mutation);
    let seq = 0;
    for (const id of new Set([...this.tasks.keys(), ...scratch.keys()])) {
      const [was, is] = [this.tasks.get(id), scratch.get(id)];
      if (was === is) continue;
      this.happen(is ?? (was as Task), is === undefined, mutation.key);
      if (is && mutation.kind === "batch") seq = this.seq;
    }
    const receipt = { change: `change of ${mutation.key}`, seq };
    this.receipts.set(mutation.key, receipt);
    return receipt;
  }

  private happen(task: Task, deleted: boolean, key: string): void {
    const told = { ...task, seq: ++this.seq };
    if (deleted) this.tasks.delete(task.id);
    else this.tasks.set(task.id, told);
    const type = deleted ? "task.deleted" : "task.updated";
    const event: LogEvent = { seq: this.seq, type, task: told, key, change: null, at: "", actor: "" };
    for (const engine of this.windows) engine.receive({ type: "events", events: [event] });
  }
}

function restore(tasks: Map<string, Task>, id: string, task: Task | null): void {
  if (task) tasks.set(id, task);
  else tasks.delete(id);
}
