import { accessToken, setTokenSource } from "@/api/http";
import { hasLeft } from "@/lib/account";
import { uuid7 } from "@/lib/ids";
import { Database } from "@/store/database";
import { Engine } from "@/store/engine";
import { browserTabs } from "@/store/tabs";
import { Connection } from "@/sync/connection";
import type { LogEvent, ServerMessage } from "@/sync/protocol";
import type { Auth } from "../signin/auth";

const PATIENCE_MS = 1_000;

type Listener = (message: ServerMessage) => void;

/** A person's session in this window: the list, and the connection that keeps it live. */
export interface Session {
  engine: Engine;
  /** The person's sign-in; null where the platform has none. */
  auth: Auth | null;
  /** Resolves once the list is there, or a second later without: what else the page asks for waits its turn. */
  settled: Promise<void>;
  /** Hear what has no place in the log: notifications, and steps of the assistant. Returns how to stop. */
  listen: (listener: Listener) => () => void;
  /** Hear the events of the log as they come. Returns how to stop. */
  follow: (listener: (events: readonly LogEvent[]) => void) => () => void;
  stop: () => void;
}

/** Open the session: what the device has is shown first, then the platform says what is new. */
export function openSession(auth: Auth | null = null): Session {
  setTokenSource(auth);
  const listeners = new Set<Listener>();
  const followers = new Set<(events: readonly LogEvent[]) => void>();
  const engine: Engine = new Engine({
    tabs: browserTabs(uuid7()),
    onEvents: (events) => each(followers, events),
    onSent: () => connection.changed(),
  });
  const opened = engine.keepIn(openDatabase);
  const ready = Database.wasFilled() ? opened : Promise.resolve(); // with nothing on the device nothing is waited for
  const connection = new Connection({
    url: `${location.origin.replace(/^http/, "ws")}/ws`,
    cursor: () => engine.cursor,
    token: accessToken,
    ready: () => ready,
    onState: (state) => engine.setConnection(state),
    onMessage: (message) => {
      if (!engine.receive(message)) connection.resync();
      each(listeners, message);
    },
  });
  const stop = new AbortController();
  const signedOut = () => {
    connection.stop();
    engine.setConnection(auth?.stand.getState().standing === "away" ? "offline" : "signedOut");
  };
  if (hasTokens(auth)) connection.start();
  else signedOut();
  const unwatch = auth?.stand.subscribe(() => hasTokens(auth) || signedOut());
  const seen = () => document.visibilityState === "visible" && engine.lookAround();
  document.addEventListener("visibilitychange", seen, stop);
  return {
    engine,
    auth,
    settled: settled(engine),
    listen: (listener) => subscribe(listeners, listener),
    follow: (listener) => subscribe(followers, listener),
    stop: () => {
      stop.abort();
      unwatch?.();
      connection.stop();
      engine.stop();
    },
  };
}

/** A person who has signed out, be it in another window, leaves nothing on the device, nor gets anything there anew. */
async function openDatabase(): Promise<Database> {
  if (hasLeft()) throw new Error("signed out");
  return Database.open();
}

function settled({ store }: Engine): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, PATIENCE_MS);
    const unsubscribe = store.subscribe(({ loaded }) => {
      if (!loaded) return;
      unsubscribe();
      clearTimeout(late);
      setTimeout(resolve); // the list is rendered first
    });
  });
}

function hasTokens(auth: Auth | null): boolean {
  return auth === null || auth.stand.getState().standing === "in";
}

function subscribe<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => all.delete(one);
}

/** Tell all of them; one that fails keeps nothing from the others. */
function each<T>(all: ReadonlySet<(news: T) => void>, news: T): void {
  for (const one of all) {
    try {
      one(news);
    } catch (error) {
      reportError(error);
    }
  }
}
