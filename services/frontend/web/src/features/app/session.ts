import { accessToken, setTokenSource } from "@/api/http";
import { uuid7 } from "@/lib/ids";
import { Database } from "@/store/database";
import { Engine, type EngineOptions } from "@/store/engine";
import { browserTabs } from "@/store/tabs";
import { Connection } from "@/sync/connection";
import type { LogEvent, ServerMessage } from "@/sync/protocol";
import type { Auth } from "../signin/auth";

type Listener = (message: ServerMessage) => void;

/** A person's session in this window: the list, and the connection that keeps it live. */
export interface Session {
  engine: Engine;
  /** The person's sign-in; null where the platform has none. */
  auth: Auth | null;
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
  let connection: Connection | null = null;
  let stopped = false;
  const shared = {
    onEvents: (events: readonly LogEvent[]) => followers.forEach((follower) => void follower(events)),
    onSent: () => connection?.changed(),
  };
  const lateEngine = createEngine(shared);
  const begin = async () => {
    await lateEngine.ready;
    if (stopped) return;
    const { engine } = lateEngine;
    connection = new Connection({
      url: `${location.origin.replace(/^http/, "ws")}/ws`,
      cursor: () => engine.cursor,
      token: accessToken,
      onState: (state) => engine.setConnection(state),
      onMessage: (message) => {
        if (!engine.receive(message)) connection?.resync();
        for (const listener of listeners) listener(message);
      },
    });
    if (hasTokens(auth)) connection.start();
    else engine.setConnection("offline");
  };
  void begin();
  const unwatch = auth?.stand.subscribe(() => {
    if (hasTokens(auth)) return;
    connection?.stop();
    lateEngine.engine.setConnection("offline");
  });
  return {
    engine: lateEngine.engine,
    auth,
    listen: (listener) => subscribe(listeners, listener),
    follow: (listener) => subscribe(followers, listener),
    stop: () => {
      stopped = true;
      unwatch?.();
      connection?.stop();
    },
  };
}

function hasTokens(auth: Auth | null): boolean {
  return auth === null || auth.stand.getState().standing === "in";
}

function subscribe<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => all.delete(one);
}

function createEngine(options: EngineOptions) {
  const tabs = browserTabs(uuid7());
  const engine = new Engine({ ...options, tabs });
  const ready = Database.open()
    .then((database) => engine.attach(database))
    .catch(() => {}); // a browser that stores nothing: the page works, and keeps nothing
  return { engine, ready };
}
