import { jittered, Poller } from "./poller";
import { CLOSED, type Cursor, hello, type ServerMessage, SUBPROTOCOL } from "./protocol";

/**
 * `polling`: no WebSocket gets through, the list is read by REST every few seconds;
 * `away`: connected, but the platform cannot reach its store just now;
 * `signedOut`: the sign-in has ended, so that there is nothing to connect with.
 */
export type ConnectionState = "connecting" | "live" | "polling" | "away" | "offline" | "signedOut";

/** Whether the list is known to be as others have it, a few seconds ago at the most. */
export const isCurrent = (state: ConnectionState) => state === "live" || state === "polling";

export interface ConnectionOptions {
  url: string;
  cursor: () => Cursor | null;
  token: () => Promise<string | null>;
  /** Resolves once the cursor is known. */
  ready?: () => Promise<void>;
  onMessage: (message: ServerMessage) => void;
  onState: (state: ConnectionState) => void;
  open?: (url: string, protocols: string[]) => WebSocket;
}

const SILENCE_MS = 12_000; // heartbeats come every 5 s
const QUIET_MS = 5_000; // from the opening on; the first message comes at once
const UNHEARD = 2;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
const BLOCKED_RETRY_MS = 30_000;
const TOO_MANY_MS = 30_000;

/**
 * The WebSocket, opened anew for as long as it is wanted; it tells what it hears and how it stands.
 *
 * A network may let none through. Once two openings in a row ended without a word from the platform, or one has been
 * quiet for 5 s, the log is read by REST too, from the same cursor. While REST answers, the WebSocket is tried
 * every 30 s; its first word ends the reading by REST.
 */
export class Connection {
  private socket: WebSocket | null = null;
  private readonly poller: Poller;
  private failures = 0;
  private unheard = 0;
  private heard = false;
  private lags = 0;
  private resyncs = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;
  private attempt = 0;

  constructor(private readonly options: ConnectionOptions) {
    const { cursor, onMessage, onState } = options;
    this.poller = new Poller({ cursor, onMessage, onState });
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    globalThis.addEventListener("online", this.hurry);
    globalThis.addEventListener("offline", this.lost);
    document.addEventListener("visibilitychange", this.seen);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    globalThis.removeEventListener("online", this.hurry);
    globalThis.removeEventListener("offline", this.lost);
    document.removeEventListener("visibilitychange", this.seen);
    this.drop();
    this.poller.stop();
  }

  /** Something was changed here: where no WebSocket tells what came of it, ask. */
  changed(): void {
    this.poller.hurry();
  }

  /** Come back by cursor: at once, and ever more patiently where that does not bring it up to date. */
  resync(): void {
    this.drop();
    if (this.stopped) return;
    if (this.resyncs++ === 0) void this.connect();
    else this.later(Math.min(FIRST_RETRY_MS * 2 ** this.resyncs, LAST_RETRY_MS));
  }

  private hurry = (): void => {
    this.failures = 0;
    this.resyncs = 0;
    this.resync();
  };

  private lost = (): void => {
    this.drop();
    this.poller.stop();
    this.options.onState("offline");
    this.later(LAST_RETRY_MS); // a device may be wrong about being offline
  };

  private seen = (): void => {
    if (document.visibilityState !== "visible") return;
    this.poller.hurry();
    if (this.socket === null) this.hurry();
  };

  private async connect(): Promise<void> {
    const attempt = ++this.attempt;
    this.tell("connecting");
    if (this.unheard >= UNHEARD) this.poll();
    const token = await this.options.token().catch(() => null);
    if (this.stopped || attempt !== this.attempt) return;
    const protocols = token ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL];
    this.lags = 0;
    this.heard = false;
    const socket = this.open(protocols);
    if (!socket) return this.lose(0);
    this.socket = socket;
    this.watch();
    this.quiet = setTimeout(() => this.poll(), QUIET_MS);
    socket.onopen = () => void this.greet(socket);
    socket.onmessage = (event) => this.hear(socket, String(event.data));
    socket.onclose = (event) => this.closed(socket, event.code);
  }

  private async greet(socket: WebSocket): Promise<void> {
    await this.options.ready?.();
    if (socket === this.socket) socket.send(hello(this.options.cursor()));
  }

  /** Null where the browser refuses: a policy forbids it, or the token has letters that have no place there. */
  private open(protocols: string[]): WebSocket | null {
    const open = this.options.open ?? ((url, offered) => new WebSocket(url, offered));
    try {
      return open(this.options.url, protocols);
    } catch {
      return null;
    }
  }

  private hear(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    this.watch();
    clearTimeout(this.quiet);
    this.heard = true;
    this.unheard = 0;
    this.poller.stop(); // before the message is taken: what REST reads must not come between
    const message = read(text);
    if (message) this.options.onMessage(message);
    else this.resync(); // what is missing now comes by cursor
    if (message?.type === "heartbeat") this.beat(message.epoch, message.seq);
  }

  private beat(epoch: number | null, seq: number | null): void {
    const cursor = this.options.cursor();
    this.failures = 0;
    if (epoch === null || seq === null) {
      this.options.onState("away");
    } else if (cursor && cursor.epoch === epoch && cursor.seq >= seq) {
      this.lags = 0;
      this.resyncs = 0;
      this.options.onState("live");
    } else if (++this.lags >= 2) {
      this.resync(); // the events up to the head did not come by themselves
    }
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.lose(code);
  }

  private lose(code: number): void {
    if (!this.heard && code !== CLOSED.tokenExpired) this.unheard++;
    this.drop();
    this.tell(navigator.onLine === false ? "offline" : "connecting");
    if (this.stopped) return;
    if (this.unheard >= UNHEARD) this.poll();
    if (code === CLOSED.tooMany) this.later(TOO_MANY_MS);
    else if (this.poller.answers) this.later(BLOCKED_RETRY_MS);
    else this.later(Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS));
    if (this.failures > 2) this.tell("offline");
  }

  /** Read by REST as well; where the device itself says that there is no network, there is nothing to read. */
  private poll(): void {
    if (!this.stopped && navigator.onLine !== false) this.poller.start();
  }

  /** Tell how the WebSocket stands, unless what is read by REST tells more. */
  private tell(state: ConnectionState): void {
    if (!this.poller.active) this.options.onState(state);
  }

  private later(milliseconds: number): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), jittered(milliseconds));
  }

  private watch(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => (this.heard ? this.resync() : this.lose(0)), SILENCE_MS);
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    clearTimeout(this.quiet);
    this.attempt++;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}

function read(text: string): ServerMessage | null {
  try {
    return JSON.parse(text) as ServerMessage | null;
  } catch {
    return null;
  }
}
