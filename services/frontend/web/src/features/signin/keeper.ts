import { createStore } from "zustand/vanilla";
import { ApiError, NetworkError, type TokenSource } from "@/api/http";
import type { Stand, Standing } from "./auth";

/** An access token as it is held: until when, in milliseconds since 1970 by this device's clock (null: not told). */
export interface Held {
  access: string;
  expires: number | null;
}

/** The sign-in service said no: asking again would not help. */
export class Refused extends Error {
  override name = "Refused";
}

export interface KeeperOptions {
  held: Held | null;
  standing: Standing;
  /** Get new tokens; rejects with Refused, or with anything else where it may succeed later. */
  renew: () => Promise<Held>;
}

const EARLY_MS = 60_000;
const RETRY_MS = 10_000;
const LONGEST_MS = 2 ** 31 - 1;

/** Holds the access token, renews it before it expires, and knows when only the person can help. */
export class Keeper implements TokenSource {
  readonly stand;
  private held: Held | null;
  private due = Number.POSITIVE_INFINITY;
  private renewing: Promise<Held> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: KeeperOptions) {
    this.stand = createStore<Stand>(() => ({ standing: options.standing, detail: null }));
    this.held = options.held;
    if (options.held) this.plan(options.held);
  }

  /** The token for a call: renewed where it is about to expire. */
  async token(): Promise<string> {
    this.needPerson();
    const { held } = this;
    if (held && Date.now() < this.due) return held.access;
    try {
      return (await this.renew()).access;
    } catch (error) {
      this.needPerson();
      if (held && (held.expires ?? 0) > Date.now()) return held.access;
      throw new NetworkError(String(error));
    }
  }

  /** The platform took a token no more: another one to try with, null where there is none. */
  async refused(token: string): Promise<string | null> {
    if (this.held && this.held.access !== token) return this.held.access;
    return this.renew().then(
      ({ access }) => access,
      () => null,
    );
  }

  /** The platform did not take the renewed token either. */
  failed(detail: string): void {
    if (this.stand.getState().standing === "in") this.end(detail);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private needPerson(): void {
    if (this.stand.getState().standing === "in") return;
    const detail = "The sign-in has ended.";
    throw new ApiError(401, { type: "about:blank", title: "Unauthorized", status: 401, detail, errors: null }, null);
  }

  /** One renewal at a time: a refresh token that is rotated is good for one alone. */
  private renew(): Promise<Held> {
    this.renewing ??= this.options
      .renew()
      .then((held) => {
        this.held = held;
        this.plan(held);
        return held;
      })
      .catch((error: unknown) => {
        if (error instanceof Refused) this.end(null);
        else this.wake(RETRY_MS);
        throw error;
      })
      .finally(() => {
        this.renewing = null;
      });
    return this.renewing;
  }

  private end(detail: string | null): void {
    this.stop();
    this.stand.setState({ standing: "ended", detail });
  }

  private plan({ expires }: Held): void {
    if (expires === null) return;
    const left = expires - Date.now();
    this.due = expires - Math.min(EARLY_MS, left / 3);
    this.wake(Math.max(0, this.due - Date.now()));
  }

  private wake(milliseconds: number): void {
    clearTimeout(this.timer);
    if (this.stand.getState().standing !== "in") return;
    this.timer = setTimeout(() => void this.renew().catch(() => {}), Math.min(milliseconds, LONGEST_MS));
  }
}
