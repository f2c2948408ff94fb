import { ApiError } from "@/api/http";
import type { Cursor, ServerMessage } from "./protocol";
import { catchUp } from "./reading";

export interface PollerOptions {
  cursor: () => Cursor | null;
  onMessage: (message: ServerMessage) => void;
  /** `polling`: the end of the log is reached; `away`: the platform says it cannot; `offline`: nothing answers. */
  onState: (state: "polling" | "away" | "offline") => void;
}

export const SEEN_MS = 4_000;
export const HIDDEN_MS = 30_000;
const LAST_WAIT_MS = 60_000;

/** Reads the log by REST again and again, one reading at a time, for as long as no WebSocket tells what is new. */
export class Poller {
  private wanted = false;
  private reading: AbortController | null = null;
  private again = false;
  private failures = 0;
  private forbiddenUntil = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private answered = false;

  constructor(private readonly options: PollerOptions) {}

  /** Whether it is at work. */
  get active(): boolean {
    return this.wanted;
  }

  /** Whether the latest reading came to its end. */
  get answers(): boolean {
    return this.wanted && this.answered;
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.later(0);
  }

  /** Read no more; what is on its way is not heard. */
  stop(): void {
    this.wanted = false;
    this.answered = false;
    this.again = false;
    this.failures = 0;
    clearTimeout(this.timer);
    this.reading?.abort();
    this.reading = null;
  }

  /** Read now, and not only when it is time; once more where a reading is on its way, which may be too early. */
  hurry(): void {
    if (!this.wanted) return;
    if (this.reading) this.again = true;
    else this.later(0);
  }

  private later(milliseconds: number): void {
    clearTimeout(this.timer);
    const least = this.forbiddenUntil - performance.now(); // Retry-After holds, whoever is in a hurry
    this.timer = setTimeout(() => void this.read(), Math.max(milliseconds, least, 0));
  }

  private async read(): Promise<void> {
    const reading = new AbortController();
    this.reading = reading;
    this.again = false;
    let wait: number;
    try {
      await catchUp(this.options.cursor, this.options.onMessage, reading.signal);
      if (reading !== this.reading) return;
      this.answered = true;
      this.failures = 0;
      this.options.onState("polling");
      wait = this.again ? 0 : jittered(spacing());
    } catch (error) {
      if (reading !== this.reading) return;
      wait = this.failed(error);
    }
    this.reading = null;
    this.later(wait);
  }

  /** Tell what failed, and how long to wait. A captive network answers with pages that are no JSON: none answers. */
  private failed(error: unknown): number {
    this.answered = false;
    const refused = error instanceof ApiError ? error : null;
    const asked = (refused?.retryAfter ?? 0) * 1000;
    this.forbiddenUntil = performance.now() + asked; // a clock that is set anew changes nothing
    this.options.onState(refused ? "away" : "offline");
    return jittered(Math.min(SEEN_MS * 2 ** this.failures++, LAST_WAIT_MS));
  }
}

const spacing = () => (document.visibilityState === "hidden" ? HIDDEN_MS : SEEN_MS);

/** Neither all windows of an office at once, nor two of them in step for ever. */
export const jittered = (milliseconds: number) => milliseconds * (0.75 + Math.random() / 2);
