import { ApiError, call, NetworkError } from "@/api/http";
import type { BatchAnswer, UndoAnswer } from "@/api/types";
import type { Mutation } from "./optimistic";

/** What a change came to: the change's id, and the `seq` that shows all of it (0 where only its key can tell). */
export interface Receipt {
  readonly change: string | null;
  readonly seq: number;
}

export type Send = (mutation: Mutation) => Promise<Receipt>;

/** Send a change under its own key: a repeat gets the first result. */
export const sendMutation: Send = async (mutation) => {
  const { key } = mutation;
  if (mutation.kind === "undo") {
    const answer = await call<UndoAnswer>("POST", "/api/undo", { key, body: { change: mutation.undoes } });
    return { change: answer.change, seq: 0 };
  }
  const answer = await call<BatchAnswer>("POST", "/api/tasks/batch", {
    key,
    body: { operations: mutation.operations },
  });
  return { change: answer.change, seq: Math.max(0, ...answer.results.map(({ task }) => task?.seq ?? 0)) };
};

export interface SenderOptions {
  next: () => Mutation | null;
  send: Send;
  onSent: (mutation: Mutation, receipt: Receipt) => void;
  onRefused: (mutation: Mutation, error: ApiError) => void;
  wait?: (milliseconds: number) => Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;

/** Sends queued changes one after the other; what cannot be sent now is tried again, and never overtaken. */
export class Sender {
  private running = false;
  private failures = 0;
  private wake: (() => void) | null = null;

  constructor(private readonly options: SenderOptions) {}

  /** Look whether there is something to send; a wait for the next attempt ends. */
  hurry(): void {
    this.wake?.();
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let mutation = this.options.next(); mutation; mutation = this.options.next()) await this.sendOne(mutation);
    } finally {
      this.running = false;
    }
  }

  private async sendOne(mutation: Mutation): Promise<void> {
    try {
      const receipt = await this.options.send(mutation);
      this.failures = 0;
      this.options.onSent(mutation, receipt);
    } catch (error) {
      if (error instanceof ApiError && !error.isTemporary && error.status !== 401) {
        this.failures = 0;
        this.options.onRefused(mutation, error);
        return;
      }
      if (!(error instanceof ApiError || error instanceof NetworkError)) throw error;
      await this.pause(error instanceof ApiError ? error.retryAfter : null);
    }
  }

  private async pause(seconds: number | null): Promise<void> {
    const milliseconds = seconds === null ? Math.min(FIRST_WAIT_MS * 2 ** this.failures, LAST_WAIT_MS) : seconds * 1000;
    this.failures++;
    const wait = this.options.wait ?? ((time: number) => new Promise<void>((resolve) => setTimeout(resolve, time)));
    await Promise.race([
      wait(milliseconds),
      new Promise<void>((resolve) => {
        this.wake = resolve;
      }),
    ]);
    this.wake = null;
  }
}
