import { CLOSED, type Cursor, hello, type ServerMessage, SUBPROTOCOL } from "./protocol";

/** `away`: connected, but the platform cannot reach its store just now. */
export type ConnectionState = "connecting" | "live" | "away" | "offline";

export interface ConnectionOptions {
  url: string;
  cursor: () => Cursor | null;
  token: () => Promise<string | null>;
  onMessage: (message: ServerMessage) => void;
  onState: (state: ConnectionState) => void;
  open?: (url: string, protocols: string[]) => WebSocket;
}

const SILENCE_MS = 12_000; // heartbeats come every 5 s
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
const TOO_MANY_MS = 30_000;

/** The WebSocket, opened anew for as long as it is wanted; it tells what it hears and how it stands. */
export class Connection {
  private socket: WebSocket | null = null;
  private failures = 0;
  private lags = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;
  private attempt = 0;

  constructor(private readonly options: ConnectionOptions) {}

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
  }

  /** Come back by cursor, at once. */
  resync(): void {
    this.drop();
    if (!this.stopped) void this.connect();
  }

  private hurry = (): void => {
    this.failures = 0;
    this.resync();
  };

  private lost = (): void => {
    this.drop();
    this.options.onState("offline");
    this.later(LAST_RETRY_MS); // a device may be wrong about being offline
  };

  private seen = (): void => {
    if (document.visibilityState === "visible" && this.socket === null) this.hurry();
  };

  private async connect(): Promise<void> {
    const attempt = ++this.attempt;
    this.options.onState("connecting");
    const token = await this.options.token().catch(() => null);
    if (this.stopped || attempt !== this.attempt) return;
    const protocols = token ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL];
    const open = this.options.open ?? ((url, offered) => new WebSocket(url, offered));
    const socket = open(this.options.url, protocols);
    this.socket = socket;
    this.lags = 0;
    this.watch();
    socket.onopen = () => socket.send(hello(this.options.cursor()));
    socket.onmessage = (event) => this.hear(socket, String(event.data));
    socket.onclose = (event) => this.closed(socket, event.code);
  }

  private hear(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    this.watch();
    const message = JSON.parse(text) as ServerMessage;
    this.options.onMessage(message);
    if (message.type === "heartbeat") this.beat(message.epoch, message.seq);
  }

  private beat(epoch: number | null, seq: number | null): void {
    const cursor = this.options.cursor();
    this.failures = 0;
    if (epoch === null || seq === null) {
      this.options.onState("away");
    } else if (cursor && cursor.epoch === epoch && cursor.seq >= seq) {
      this.lags = 0;
      this.options.onState("live");
    } else if (++this.lags >= 2) {
      this.resync(); // the events up to the head did not come by themselves
    }
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.drop();
    this.options.onState(navigator.onLine === false ? "offline" : "connecting");
    if (this.stopped) return;
    if (code === CLOSED.tooMany) this.later(TOO_MANY_MS);
    else this.later(Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS));
    if (this.failures > 2) this.options.onState("offline");
  }

  private later(milliseconds: number): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), milliseconds * (0.75 + Math.random() / 2));
  }

  private watch(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.resync(), SILENCE_MS);
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.attempt++;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}
