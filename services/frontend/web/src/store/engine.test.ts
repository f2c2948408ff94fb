import { waitFor } from "@testing-library/react";
import { ApiError, NetworkError } from "@/api/http";
import type { EventType, Operation, Problem } from "@/api/types";
import type { LogEvent } from "@/sync/protocol";
import { liveEngine, task } from "../../test/render";
import { Database } from "./database";
import { Engine } from "./engine";
import type { Mutation } from "./optimistic";
import { type Receipt, type Send, sendMutation } from "./sender";
import { loneTab } from "./tabs";

const milk = task({ id: "milk", title: "Buy milk", seq: 10 });
const rename = (title: string): Operation => ({ op: "update", id: "milk", task: { title } });

function event(seq: number, fields: Partial<LogEvent> = {}): LogEvent {
  const type: EventType = "task.updated";
  return { seq, type, task: { ...milk, seq }, key: null, change: null, at: "", actor: "person", ...fields };
}

/** A platform that answers when it is told to. */
function platform() {
  const asked: { mutation: Mutation; answer: (to: Receipt | Error) => void }[] = [];
  const send: Send = (mutation) =>
    new Promise((resolve, reject) => {
      asked.push({ mutation, answer: (to) => (to instanceof Error ? reject(to) : resolve(to)) });
    });
  return { asked, send };
}

const titleIn = (engine: Engine) => engine.store.getState().tasks.get("milk")?.title;
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};
const refusal = (status: number) =>
  new ApiError(status, { type: "", title: "", status, detail: "not so", errors: null } as Problem, null);

test("a change is on its way before what it shows is rendered", () => {
  const steps: string[] = [];
  globalThis.fetch = async () => {
    steps.push("sent");
    return new Promise<never>(() => {});
  };
  const engine = liveEngine([milk], { send: sendMutation });
  engine.store.subscribe(() => steps.push("shown"));
  engine.mutate([rename("Buy oat milk")]);
  expect(steps).toEqual(["sent", "shown"]);
});

test("a change shows at once, and stays until the platform's own event shows it", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  engine.mutate([rename("Buy oat milk")]);
  expect(titleIn(engine)).toBe("Buy oat milk");
  asked[0]?.answer({ change: "c1", seq: 11 });
  await settled();
  expect(titleIn(engine)).toBe("Buy oat milk");
  expect(engine.store.getState().waiting).toBe(0);
  engine.receive({ type: "events", events: [event(11, { task: { ...milk, title: "Buy oat milk!", seq: 11 } })] });
  expect(titleIn(engine)).toBe("Buy oat milk!");
});

test("an event that comes before the answer does not make it flicker", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  const seen: (string | undefined)[] = [];
  engine.store.subscribe(() => seen.push(titleIn(engine)));
  const key = engine.mutate([rename("New")]);
  engine.receive({ type: "events", events: [event(11, { key, task: { ...milk, title: "New", seq: 11 } })] });
  asked[0]?.answer({ change: "c1", seq: 11 });
  await settled();
  expect(new Set(seen)).toEqual(new Set(["New"]));
});

test("a refused change is taken back and kept for the person to settle", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  const key = engine.mutate([rename("")]);
  asked[0]?.answer(refusal(422));
  await settled();
  expect(titleIn(engine)).toBe("Buy milk");
  expect(engine.store.getState().issues).toMatchObject([
    { title: "Buy milk", reason: { kind: "refused", detail: "not so" } },
  ]);
  engine.settle(key, true);
  expect(engine.store.getState().issues).toEqual([]);
  expect(asked[1]?.mutation.operations).toEqual([rename("")]);
});

test("changes are sent one after the other, and one that fails for now is sent again under the same key", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  engine.mutate([rename("One")]);
  engine.mutate([rename("Two")]);
  expect(asked).toHaveLength(1);
  asked[0]?.answer(new NetworkError());
  await settled();
  engine.setConnection("live"); // a heartbeat: what waits is tried at once
  await settled();
  expect(asked.map(({ mutation }) => mutation.key)).toEqual([asked[0]?.mutation.key, asked[0]?.mutation.key]);
  asked[1]?.answer({ change: "c1", seq: 11 });
  await settled();
  expect(asked[2]?.mutation.operations).toEqual([rename("Two")]);
});

test("undo drops a change that waits, and asks the platform about one that was sent", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  const first = engine.mutate([rename("One")]);
  const second = engine.mutate([rename("Two")]);
  engine.undo(second);
  expect(titleIn(engine)).toBe("One");
  asked[0]?.answer({ change: "c1", seq: 11 });
  await settled();
  engine.undo(first);
  expect(titleIn(engine)).toBe("Buy milk");
  await settled();
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({ mutation: { kind: "undo", of: first, undoes: "c1" } });
});

test("an undo that waited when the page closed still names its change", async () => {
  const database = await Database.open("undoing");
  const first = platform();
  const before = liveEngine([milk], { send: first.send });
  await before.keepIn(async () => database);
  const key = before.mutate([rename("One")]);
  before.undo(key); // while it is being sent
  first.asked[0]?.answer({ change: "c1", seq: 11 });
  await waitFor(async () =>
    expect((await database.readQueue()).map(({ mutation }) => mutation.undoes)).toEqual(["c1"]),
  );
  const second = platform();
  const after = liveEngine([milk], { send: second.send });
  await after.keepIn(async () => database);
  after.setConnection("live");
  await waitFor(() => expect(second.asked).toHaveLength(1));
  expect(second.asked[0]?.mutation).toMatchObject({ kind: "undo", of: key, undoes: "c1" });
});

test("an undo of what changed nothing is not sent, since it would take back another change", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  engine.undo(engine.mutate([rename("Buy milk")]));
  asked[0]?.answer({ change: null, seq: 0 });
  await settled();
  expect(asked).toHaveLength(1);
  expect(engine.store.getState()).toMatchObject({ waiting: 0, issues: [] });
});

test("an undo of a change that is not known is set aside, and the person told", async () => {
  const database = await Database.open("unknown");
  const lost = { kind: "undo" as const, operations: [], of: "gone", before: { milk }, at: "" };
  await database.writeQueue(new Map([["u", { order: 1, mutation: { ...lost, key: "u", tab: "dead" }, reason: null }]]));
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  await engine.keepIn(async () => database);
  engine.setConnection("live");
  await settled();
  expect(asked).toHaveLength(0);
  expect(engine.store.getState().issues.map(({ reason }) => reason.kind)).toEqual(["unknown"]);
});

test("what is missing makes it come back by cursor, what was seen is skipped", () => {
  const engine = liveEngine([milk]);
  expect(engine.receive({ type: "events", events: [event(12)] })).toBe(false);
  expect(engine.cursor).toEqual({ epoch: 1, seq: 10 });
  expect(engine.receive({ type: "events", events: [event(9), event(10), event(11)] })).toBe(true);
  expect(engine.cursor).toEqual({ epoch: 1, seq: 11 });
});

test("a snapshot in parts counts once it is whole, and a part without its beginning does not", () => {
  const engine = new Engine();
  const part = { type: "snapshot", epoch: 2, seq: 5 } as const;
  engine.receive({ ...part, tasks: [task({ id: "b" })], part: 2, last: true });
  expect(engine.store.getState().loaded).toBe(false);
  engine.receive({ ...part, tasks: [task({ id: "a" })], part: 1, last: false });
  expect(engine.store.getState().tasks.size).toBe(0);
  engine.receive({ ...part, tasks: [task({ id: "b" })], part: 2, last: true });
  expect([...engine.store.getState().tasks.keys()]).toEqual(["a", "b"]);
});

test("a deleted task goes, and another's change of the same field offline becomes a conflict", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk, task({ id: "rice" })], { send });
  engine.setConnection("offline");
  engine.mutate([rename("Mine")]);
  engine.mutate([{ op: "update", id: "rice", task: { priority: "high" } }]);
  engine.receive({ type: "events", events: [event(11, { task: { ...milk, title: "Theirs", seq: 11 } })] });
  engine.setConnection("live");
  await settled();
  expect(engine.store.getState().issues).toMatchObject([{ reason: { kind: "field", mine: "Mine", theirs: "Theirs" } }]);
  expect(titleIn(engine)).toBe("Theirs");
  expect(asked.map(({ mutation }) => mutation.operations)).toEqual([
    [{ op: "update", id: "rice", task: { priority: "high" } }],
  ]);
  engine.receive({ type: "events", events: [event(12, { type: "task.deleted" })] });
  expect(titleIn(engine)).toBeUndefined();
});

test("changes of other fields meanwhile are no conflict", async () => {
  const { asked, send } = platform();
  const engine = liveEngine([milk], { send });
  engine.setConnection("offline");
  engine.mutate([rename("Mine")]);
  engine.mutate([rename("Mine, again")]);
  engine.receive({ type: "events", events: [event(11, { task: { ...milk, priority: "high", seq: 11 } })] });
  engine.setConnection("live");
  await settled();
  expect(engine.store.getState().issues).toEqual([]);
  expect(engine.store.getState().tasks.get("milk")).toMatchObject({ title: "Mine, again", priority: "high" });
  expect(asked).toHaveLength(1);
});

test("what waited when the page closed is sent by the next one, in order, under the same keys", async () => {
  const database = await Database.open("closing");
  const before = new Engine({ tabs: loneTab("first"), send: platform().send });
  await before.keepIn(async () => database);
  before.receive({ type: "snapshot", epoch: 1, seq: 10, tasks: [milk], part: 1, last: true });
  before.setConnection("offline");
  const keys = [before.mutate([rename("One")]), before.mutate([rename("Two")])];
  await new Promise((resolve) => setTimeout(resolve, 50));

  const { asked, send } = platform();
  const after = new Engine({ tabs: loneTab("second"), send });
  await after.keepIn(async () => database);
  expect(titleIn(after)).toBe("Two");
  expect(after.cursor).toEqual({ epoch: 1, seq: 10 });
  after.setConnection("live");
  asked[0]?.answer({ change: "c1", seq: 11 });
  await settled();
  expect(asked.map(({ mutation }) => mutation.key)).toEqual(keys);
});
