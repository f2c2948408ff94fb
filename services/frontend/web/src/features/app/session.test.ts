import { waitFor } from "@testing-library/react";
import { createStore } from "zustand/vanilla";
import { enterAccount, forgetAccount, keepPersonal, rememberAccount } from "@/lib/account";
import { Database } from "@/store/database";
import { task } from "../../../test/render";
import type { Auth, Stand } from "../signin/auth";
import { openSession, type Session } from "./session";

const ANNA = { id: "https://id.example.com anna", name: "Anna" };
const BEN = { id: "https://id.example.com ben", name: "Ben" };

/** The platform at the other end: a WebSocket that is live at once, and what it was sent, by whom. */
class Socket {
  static readonly all: Socket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  constructor() {
    Socket.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }
  readonly hellos: unknown[] = [];
  send(text: string) {
    this.hellos.push(JSON.parse(text));
    const snapshot = { type: "snapshot", epoch: 1, seq: 1, tasks: [task({ id: "milk" })], part: 1, last: true };
    this.say(snapshot);
    this.say({ type: "heartbeat", epoch: 1, seq: 1 });
  }
  close() {}
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let sent: { by: string | null; key: string | null }[];
let accepts: boolean;
let sessions: Session[];

function authOf({ id, name }: typeof ANNA): Auth {
  enterAccount(id);
  rememberAccount({ id, name });
  const stand = createStore<Stand>(() => ({ standing: "in", detail: null }));
  return {
    name,
    stand,
    token: async () => `of ${name}`,
    refused: async () => null,
    failed: (detail) => stand.setState({ standing: "ended", detail }),
    signIn: async () => {},
    signOut: async () => {},
  };
}

function open(who: typeof ANNA | null): Session {
  if (!who) enterAccount(null);
  const session = openSession(who && authOf(who));
  sessions.push(session);
  return session;
}

const state = (session: Session) => session.engine.store.getState();
const isLive = (session: Session) => waitFor(() => expect(state(session).connection).toBe("live"));

beforeEach(() => {
  localStorage.clear();
  [sent, accepts, sessions] = [[], true, []];
  Socket.all.length = 0;
  Object.assign(globalThis, { WebSocket: Socket, reportError: jest.fn() });
  globalThis.fetch = (async (_path: string, { headers }: RequestInit) => {
    const given = new Headers(headers);
    sent.push({ by: given.get("Authorization"), key: given.get("Idempotency-Key") });
    const [status, document] = accepts ? [200, { change: "c", results: [] }] : [401, { detail: "expired" }];
    return { ok: accepts, status, headers: new Headers(), json: async () => document };
  }) as unknown as typeof fetch;
});

afterEach(async () => {
  for (const session of sessions) session.stop();
  for (const { name } of await indexedDB.databases()) await Database.erase(name);
  enterAccount(null);
});

test("what waits when a sign-in ends is sent after the next one of the same person, and by nobody else", async () => {
  const first = open(ANNA);
  await isLive(first);
  accepts = false;
  const keys = [first.engine.mutate([{ op: "complete", id: "milk" }])];
  await waitFor(() => expect(state(first).connection).toBe("signedOut"));
  keys.push(first.engine.mutate([{ op: "reopen", id: "milk" }]));
  expect(state(first).waiting).toBe(2);
  await waitFor(() => expect(first.engine.isAtRisk).toBe(false));
  first.stop();
  accepts = true;
  sent.length = 0;

  const other = open(BEN);
  await isLive(other);
  expect([state(other).waiting, sent]).toEqual([0, []]);
  other.stop();

  const again = open(ANNA);
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent).toEqual(keys.map((key) => ({ by: "Bearer of Anna", key })));
  await waitFor(() => expect(state(again).waiting).toBe(0));
});

test("a sign-out in another window: its changes are not sent, and nothing of the person comes back to the device", async () => {
  const session = open(ANNA);
  await isLive(session);
  accepts = false;
  session.engine.mutate([{ op: "complete", id: "milk" }]);
  await waitFor(() => expect(session.engine.isAtRisk).toBe(false));
  forgetAccount(ANNA.id);
  await Database.erase();
  session.engine.mutate([{ op: "reopen", id: "milk" }]);
  document.dispatchEvent(new Event("visibilitychange"));
  await waitFor(() => expect(state(session).storage).toBe("unavailable"));
  expect(await indexedDB.databases()).toEqual([]);
});

test("a listener that fails keeps nothing from the others, nor from the list", async () => {
  const session = open(null);
  const heard: number[] = [];
  session.follow(() => {
    throw new Error("a mistake");
  });
  session.follow((events) => heard.push(...events.map(({ seq }) => seq)));
  session.listen(() => {
    throw new Error("another");
  });
  await isLive(session);
  const event = { seq: 2, type: "task.created", task: task({ id: "rice", seq: 2 }), key: null, change: null };
  Socket.all.at(-1)?.say({ type: "events", events: [event] });
  expect([heard, state(session).tasks.size]).toEqual([[2], 2]);
  expect(globalThis.reportError).toHaveBeenCalled();
});

test("a session that is stopped writes nothing more, and connects no more", async () => {
  const session = open(null);
  session.stop();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(Socket.all).toEqual([]);
});

test("a device that holds nothing waits for no database; one that does asks for what came after", async () => {
  jest.spyOn(Database, "open").mockReturnValueOnce(new Promise(() => {}));
  await isLive(open(null));
  expect(Database.wasFilled()).toBe(false);
  await isLive(open(null));
  await waitFor(() => expect(Database.wasFilled()).toBe(true));
  await isLive(open(null));
  expect(Socket.all.map(({ hellos }) => hellos)).toEqual([
    [{ type: "hello", epoch: null, since: null }],
    [{ type: "hello", epoch: null, since: null }],
    [{ type: "hello", epoch: 1, since: 1 }],
  ]);
  await Database.erase();
  expect(Database.wasFilled()).toBe(false);
});

test("what a tab that is gone left on a device that is taken for new is sent all the same", async () => {
  const first = open(null);
  await isLive(first);
  first.stop();
  const left = { kind: "batch" as const, operations: [{ op: "complete" as const, id: "milk" }], of: null, before: {} };
  const database = await Database.open();
  const mutation = { ...left, key: "left", at: "2026-11-30T08:00:00Z", tab: "gone" };
  await database.writeQueue(new Map([["left", { order: 1, mutation, reason: null }]]));
  database.close();
  localStorage.clear();
  const again = open(null);
  await waitFor(() => expect(sent.map(({ key }) => key)).toEqual(["left"]));
  expect(Socket.all.at(-1)?.hellos).toEqual([{ type: "hello", epoch: null, since: null }]);
  await waitFor(() => expect([state(again).waiting, Database.wasFilled()]).toEqual([0, true]));
});

test("nothing that comes late is kept of a person who has signed out", async () => {
  await isLive(open(ANNA));
  await waitFor(() => expect(Database.wasFilled()).toBe(true));
  forgetAccount(ANNA.id);
  keepPersonal("me", "late");
  expect(Object.keys(localStorage)).toEqual([]);
});

test("what the page asks for besides waits for the list, but not for ever", async () => {
  const session = open(null);
  await session.settled;
  expect(state(session).loaded).toBe(true);
  session.stop();
  await Database.erase();
  jest.useFakeTimers();
  jest.spyOn(Socket.prototype, "send").mockImplementation(() => {});
  const silent = open(null);
  const settled = jest.fn();
  void silent.settled.then(settled);
  await jest.advanceTimersByTimeAsync(999);
  expect(settled).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect([settled.mock.calls.length, state(silent).loaded]).toEqual([1, false]);
  jest.useRealTimers();
});
