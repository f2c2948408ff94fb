import { ApiError, call, NetworkError } from "@/api/http";
import type { BatchAnswer, UndoAnswer } from "@/api/types";
import { jittered } from "@/sync/poller";
import type { Mutation } from "./optimistic";

/** What a change came to: the change's id, and the `seq` that shows all of it (0 where only its key can tell). */
export interface Receipt {
  readonly change: string | null;
  readonly seq: number;
}

export type Send = (mutation: Mutation) => Promise<Receipt>;

/** A network that swallows what is sent to it says nothing for ever; the largest change takes this long on a slow one. */
export const PATIENCE_MS = 60_000;

/** Send a change under its own key: a repeat gets the first result. */
export const sendMutation: Send = async (mutation) => {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    return await post(mutation, patience.signal);
  } catch (error) {
    if (patience.signal.aborted) throw new NetworkError(`no answer in ${PATIENCE_MS / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

async function post({ key, kind, undoes, operations }: Mutation, signal: AbortSignal): Promise<Receipt> {
  if (kind === "undo") {
    const answer = await call<UndoAnswer>("POST", "/api/undo", { key, body: { change: undoes }, signal });
    return { change: answer.change, seq: 0 };
  }
  const answer = await call<BatchAnswer>("POST", "/api/tasks/batch", { key, body: { operations }, signal });
  return { change: answer.change, seq: Math.max(0, ...answer.results.map(({ task }) => task?.seq ?? 0)) };
}

export interface SenderOptions {
  next: () => Mutation | null;
  send: Send;
  onSent: (mutation: Mutation, receipt: Receipt) => void;
  /** The platform will not take it, or, by a status of 500, has not been able to for a while. */
  onRefused: (mutation: Mutation, error: ApiError) => void;
}

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
/** How often a change is tried that alone is answered with a failure, so that it does not hold up all others for ever. */
export const TRIES = 10;
const ALWAYS_TOO_LARGE = 413;

/** Sends queued changes one after the other; what cannot be sent now is tried again, and never overtaken. */
export class Sender {
  private running = false;
  private stopped = false;
  private failures = 0;
  private tries = { key: "", count: 0 };
  /** Until when the platform wants to be left alone. */
  private forbidden = 0;
  private wake: (() => void) | null = null;

  constructor(private readonly options: SenderOptions) {}

  /** Look whether there is something to send; a wait for the next attempt ends, unless the platform asked for it. */
  hurry(): void {
    if (performance.now() >= this.forbidden) this.wake?.();
    if (!this.running && !this.stopped) void this.run();
  }

  /** Send nothing more; what is on its way may arrive. */
  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let mutation = this.next(); mutation; mutation = this.next()) await this.sendOne(mutation);
    } finally {
      this.running = false;
    }
  }

  private next(): Mutation | null {
    return this.stopped ? null : this.options.next();
  }

  private async sendOne(mutation: Mutation): Promise<void> {
    let receipt: Receipt;
    try {
      receipt = await this.options.send(mutation);
    } catch (error) {
      if (!(error instanceof ApiError)) return this.pause(null); // whatever came, it was not the platform's word
      if (!this.isFinal(mutation.key, error)) return this.pause(error.retryAfter);
      this.failures = 0;
      return this.options.onRefused(mutation, error);
    }
    this.failures = 0;
    this.options.onSent(mutation, receipt);
  }

  /** Whether the platform refuses a change for good; or something between or behind it fails at this change again and again. */
  private isFinal(key: string, { status, isTemporary, spoken }: ApiError): boolean {
    if (status === 401) return false;
    if (!isTemporary && (spoken || status === ALWAYS_TOO_LARGE)) return true;
    if (isTemporary && status !== 500) return false;
    this.tries = { key, count: this.tries.key === key ? this.tries.count + 1 : 1 };
    return this.tries.count >= TRIES;
  }

  private async pause(seconds: number | null): Promise<void> {
    const backoff = jittered(Math.min(FIRST_WAIT_MS * 2 ** this.failures++, LAST_WAIT_MS));
    const asked = (seconds ?? 0) * 1000;
    this.forbidden = performance.now() + asked;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(backoff, asked));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }
}
