import { Engine } from "@/store/engine";
import { FakeLog, reply } from "../../test/log";
import { task } from "../../test/render";
import { Connection, type ConnectionState } from "./connection";
import { HIDDEN_MS, SEEN_MS } from "./poller";
import type { ServerMessage } from "./protocol";
import { PATIENCE_MS } from "./reading";

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  send() {}
  close() {
    this.closed = true;
  }
  say(message: ServerMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let log: FakeLog;
let engine: Engine;
let connection: Connection;
let sockets: FakeSocket[];
let states: ConnectionState[];
let seen: string[];
/** How an opening goes: it is refused at once, or nothing ever comes of it. */
let openings: "refused" | "swallowed";

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
const paths = () => log.asked.map(({ path }) => path);
const shown = () => [...engine.store.getState().tasks.keys()].sort();

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, "random").mockReturnValue(0.5); // no jitter
  log = new FakeLog();
  [sockets, states, seen, openings] = [[], [], [], "refused"];
  engine = new Engine({
    send: async () => ({ change: "c", seq: log.happen("mine").seq }),
    onEvents: (events) => seen.push(...events.map(({ seq }) => String(seq))),
    onSent: () => connection.changed(),
  });
  connection = new Connection({
    url: "ws://here/ws",
    cursor: () => engine.cursor,
    token: async () => null,
    onMessage: (message) => void engine.receive(message),
    onState: (state) => {
      states.push(state);
      engine.setConnection(state);
    },
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      if (openings === "refused") setTimeout(() => socket.onclose?.({ code: 1006 }), 10);
      return socket as unknown as WebSocket;
    },
  });
});

afterEach(() => {
  connection.stop();
  visible(true);
  online(true);
  jest.useRealTimers();
});

function visible(is: boolean) {
  Object.defineProperty(document, "visibilityState", { value: is ? "visible" : "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

function online(is: boolean) {
  Object.defineProperty(navigator, "onLine", { value: is, configurable: true });
  globalThis.dispatchEvent(new Event(is ? "online" : "offline"));
}

/** Start where no WebSocket gets through, with three tasks, up to the first reading; forget what it took. */
async function blocked() {
  for (const id of ["a", "b", "c"]) log.happen(id);
  connection.start();
  await pass(1_000);
  expect(states.at(-1)).toBe("polling");
  log.asked.length = 0;
}

test("one opening that fails asks nothing of REST, a second one reads all tasks and goes on from there", async () => {
  for (const id of ["a", "b", "c"]) log.happen(id);
  connection.start();
  await pass(200);
  expect([sockets.length, log.asked.length]).toEqual([1, 0]);
  await pass(300);
  expect(sockets).toHaveLength(2);
  expect(paths()).toEqual([
    "/api/tasks?status=all&sort=created&limit=500",
    "/api/tasks?status=all&sort=created&limit=500&cursor=2",
    "/api/events?epoch=1&since=3",
  ]);
  expect(shown()).toEqual(["a", "b", "c"]);
  expect(states.at(-1)).toBe("polling");
});

test("an opening that is swallowed is not waited for, and may still take over", async () => {
  openings = "swallowed";
  log.happen("a");
  connection.start();
  await pass(4_900);
  expect(log.asked).toHaveLength(0);
  await pass(200);
  expect([states.at(-1), shown(), sockets.length]).toEqual(["polling", ["a"], 1]);
  sockets[0]?.say({ type: "heartbeat", epoch: 1, seq: 1 });
  expect(states.at(-1)).toBe("live");
  log.asked.length = 0;
  await pass(10_000);
  expect(log.asked).toHaveLength(0);
});

test("while it is seen it asks every few seconds, for no more than a 304 where nothing is new", async () => {
  await blocked();
  await pass(5 * SEEN_MS);
  expect(log.asked).toEqual(Array(5).fill({ path: "/api/events?epoch=1&since=3", etag: '"1-3"' }));
  expect(log.most).toBe(1);
});

test("what others do comes once and in order, however much it is", async () => {
  await blocked();
  for (const id of ["d", "e", "f"]) log.happen(id);
  await pass(SEEN_MS);
  expect(paths()).toEqual(["/api/events?epoch=1&since=3", "/api/events?epoch=1&since=5"]);
  expect(seen).toEqual(["4", "5", "6"]);
  expect(shown()).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("hidden it asks seldom, and at once when it is seen again", async () => {
  await blocked();
  visible(false);
  await pass(SEEN_MS);
  log.asked.length = 0;
  await pass(2 * HIDDEN_MS);
  expect(log.asked).toHaveLength(2);
  visible(true);
  await pass(0);
  expect(log.asked).toHaveLength(3);
});

test("a change made here is sent, and asked after at once", async () => {
  await blocked();
  engine.mutate([{ op: "create", task: { id: "mine", title: "Mine" } }]);
  await pass(0);
  expect(engine.store.getState().waiting).toBe(0);
  expect(paths()).toEqual(["/api/events?epoch=1&since=3"]);
  expect(seen).toEqual(["4"]);
});

test("it never asks twice at a time: who is in a hurry is heard when the answer is there", async () => {
  await blocked();
  let answer = (_: Response) => {};
  log.answer = () => new Promise((resolve) => (answer = resolve));
  await pass(SEEN_MS);
  connection.changed();
  connection.changed();
  await pass(1_000);
  expect(log.asked).toHaveLength(1);
  log.answer = null;
  answer(reply(304));
  await pass(0);
  expect(log.asked).toHaveLength(2);
  expect(log.most).toBe(1);
});

test("another epoch makes it read all tasks anew", async () => {
  await blocked();
  log.restore([task({ id: "a" })]);
  await pass(SEEN_MS);
  expect(paths()).toEqual([
    "/api/events?epoch=1&since=3",
    "/api/tasks?status=all&sort=created&limit=500",
    "/api/events?epoch=2&since=1",
  ]);
  expect(shown()).toEqual(["a"]);
});

test("tasks of two epochs are not mixed: the reading fails, and is done anew", async () => {
  await blocked();
  log.restore(["a", "b", "c"].map((id) => task({ id })));
  log.answer = (path) => {
    if (path.includes("cursor=")) log.restore([task({ id: "z" })]);
    return null;
  };
  await pass(SEEN_MS);
  expect(shown()).toEqual(["a", "b", "c"]);
  expect(states.at(-1)).toBe("offline");
  log.answer = null;
  await pass(SEEN_MS);
  expect([shown(), states.at(-1)]).toEqual([["z"], "polling"]);
});

test("a platform that is away is asked ever more seldom, and not before its Retry-After", async () => {
  await blocked();
  log.answer = () => reply(503, { detail: "away" }, { "Retry-After": "40" });
  await pass(SEEN_MS);
  expect(states.at(-1)).toBe("away");
  expect(log.asked).toHaveLength(1);
  connection.changed();
  visible(true);
  await pass(39_000);
  expect(log.asked).toHaveLength(1);
  log.answer = () => reply(503, { detail: "away" });
  await pass(1_500);
  expect(log.asked).toHaveLength(2);
  const times: number[] = [];
  for (let second = 0; second < 120; second++) {
    const before = log.asked.length;
    await pass(1_000);
    if (log.asked.length > before) times.push(second);
  }
  const gaps = times.map((time, place) => time - (times[place - 1] ?? 0)).slice(1);
  expect(gaps).toEqual([16, 32, 60]);
});

test("a captive network, which answers with pages of its own, is as good as none", async () => {
  log.answer = () => reply(200, "<html>Please sign in</html>");
  connection.start();
  await pass(2_000);
  expect(states.at(-1)).toBe("offline");
  expect(engine.store.getState().loaded).toBe(false);
  log.answer = null;
  await pass(2 * SEEN_MS);
  expect(states.at(-1)).toBe("polling");
});

test("an answer that never comes is not waited for", async () => {
  await blocked();
  log.answer = () => new Promise(() => {});
  await pass(SEEN_MS + PATIENCE_MS);
  expect(states.at(-1)).toBe("offline");
  log.answer = null;
  await pass(SEEN_MS);
  expect(states.at(-1)).toBe("polling");
});

test("offline nothing is asked; back online it is, at once", async () => {
  await blocked();
  online(false);
  log.asked.length = 0;
  await pass(60_000);
  expect([states.at(-1), log.asked.length]).toEqual(["offline", 0]);
  online(true);
  await pass(0);
  expect([states.at(-1), log.asked.length]).toEqual(["polling", 1]);
});

test("while REST answers the WebSocket is tried every half minute, while it does not, every few seconds", async () => {
  await blocked();
  await pass(30_000);
  const before = sockets.length;
  await pass(120_000);
  expect(sockets.length - before).toBe(4);
  log.answer = () => Promise.reject(new TypeError("no network"));
  await pass(120_000);
  const worse = sockets.length;
  await pass(60_000);
  expect(sockets.length - worse).toBeGreaterThanOrEqual(5);
});

test("the first word of the WebSocket ends the asking; nothing is missed or comes twice", async () => {
  await blocked();
  openings = "swallowed";
  await pass(31_000);
  log.happen("d");
  let answer = (_: Response) => {};
  log.answer = () => new Promise((resolve) => (answer = resolve));
  await pass(SEEN_MS);
  const late = log.happen("e");
  sockets.at(-1)?.say({ type: "events", events: [{ ...late, seq: 4, task: task({ id: "d", seq: 4 }) }, late] });
  expect(seen).toEqual(["4", "5"]);
  log.answer = null;
  log.asked.length = 0;
  answer(reply(410, { detail: "too late" }));
  states.length = 0;
  sockets.at(-1)?.say({ type: "heartbeat", epoch: 1, seq: 5 });
  await pass(10_000);
  expect(seen).toEqual(["4", "5"]);
  expect([states, log.asked]).toEqual([["live"], []]);
  expect(shown()).toEqual(["a", "b", "c", "d", "e"]);
});

test("how the tries of the WebSocket go is not told while REST answers", async () => {
  await blocked();
  states.length = 0;
  await pass(60_000);
  expect(new Set(states)).toEqual(new Set(["polling"]));
  expect(sockets.length).toBeGreaterThan(4);
});

test("stopped, it asks no more", async () => {
  await blocked();
  connection.stop();
  await pass(120_000);
  expect(log.asked).toHaveLength(0);
});

test("a clock that is set back does not keep it silent, a log that contradicts itself does not keep it busy", async () => {
  log.happen("a");
  log.answer = () => reply(429, undefined, { "Retry-After": "10" });
  connection.start();
  await pass(1_000);
  const asked = log.asked.length;
  jest.setSystemTime(Date.now() - 3_600_000);
  log.answer = null;
  await pass(20_000);
  expect(log.asked.length).toBeGreaterThan(asked);
  expect(states.at(-1)).toBe("polling");
  log.answer = (path) => (path.startsWith("/api/events") ? reply(410) : null);
  log.asked.length = 0;
  await pass(SEEN_MS * 1.5);
  expect(paths().filter((path) => path.startsWith("/api/events")).length).toBeLessThan(12);
  expect(states.at(-1)).toBe("offline");
});
