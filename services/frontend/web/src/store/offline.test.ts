import { waitFor } from "@testing-library/react";
import { NetworkError } from "@/api/http";
import type { Operation } from "@/api/types";
import { Backend, refusal } from "../../test/backend";
import { task } from "../../test/render";
import { Database } from "./database";
import { Engine } from "./engine";
import { loneTab } from "./tabs";

const milk = task({ id: "milk", title: "Buy milk", seq: 10 });
const rice = task({
  id: "rice",
  title: "Rice",
  seq: 9,
  reminders: [{ id: "r1", before: "P1D", at: "", status: "due", seq: 9 }],
});
const change = (id: string, fields: object): Operation => ({ op: "update", id, task: fields });
const rename = (title: string) => change("milk", { title });
const create = (id: string): Operation => ({ op: "create", task: { id, title: id } });

let backend: Backend;
let engine: Engine;

const state = () => engine.store.getState();
const titles = () => [...state().tasks.values()].map(({ title }) => title);
const settled = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};
const isSent = () => waitFor(() => expect(state().waiting).toBe(0));

beforeEach(() => {
  backend = new Backend([milk, rice]);
  engine = new Engine({ send: backend.send });
  backend.connect(engine);
  backend.disconnect(engine);
});

test("a thousand changes are sent in their order, each once, over a network that breaks now and then", async () => {
  for (let number = 0; number < 500; number++) {
    engine.mutate([create(`t${number}`)]);
    engine.mutate([change(`t${number}`, { title: `Task ${number}` })]);
  }
  const keys = state().waiting;
  let sends = 0;
  backend.after = () => (++sends % 97 === 0 ? new NetworkError() : null);
  backend.connect(engine);
  const heartbeats = setInterval(() => engine.setConnection("live"), 5);
  await waitFor(() => expect(state().waiting).toBe(0), { timeout: 100_000 }).finally(() => clearInterval(heartbeats));
  expect([keys, backend.effects.length, state().issues.length]).toEqual([1_000, 1_000, 0]);
  expect(backend.tasks.size).toBe(502);
  expect(titles().slice(2)).toEqual([...Array(500).keys()].map((number) => `Task ${number}`));
});

test("a change of a task whose creation still waits goes out after it, and a deletion after both", async () => {
  engine.mutate([create("new")]);
  engine.mutate([change("new", { title: "New title" })]);
  engine.mutate([{ op: "complete", id: "new" }]);
  expect(state().tasks.get("new")).toMatchObject({ title: "New title", status: "completed" });
  engine.mutate([{ op: "delete", id: "new" }]);
  backend.connect(engine);
  await isSent();
  expect(backend.effects.map(({ operations }) => operations[0]?.op)).toEqual([
    "create",
    "update",
    "complete",
    "delete",
  ]);
  expect([state().issues, backend.tasks.has("new")]).toEqual([[], false]);
});

test("a creation that is refused takes what was changed of it along to the person, in order, and both go in again", async () => {
  const made = engine.mutate([create("new")]);
  const changed = engine.mutate([change("new", { title: "New title" })]);
  backend.before = ({ key }) => (key === made ? refusal(422) : null);
  backend.connect(engine);
  await waitFor(() => expect(state().issues.map(({ mutation }) => mutation.key)).toEqual([made, changed]));
  for (const key of [made, changed]) engine.settle(key, true);
  await isSent();
  expect([state().issues, backend.tasks.get("new")?.title]).toEqual([[], "New title"]);
});

test("a creation that waits is taken back with all that was done to it; nothing goes out", async () => {
  const made = engine.mutate([create("new")]);
  engine.mutate([change("new", { title: "New title" })]);
  engine.mutate([
    { op: "complete", id: "new" },
    { op: "complete", id: "milk" },
  ]);
  engine.undo(made);
  expect([state().tasks.has("new"), state().waiting]).toEqual([false, 1]);
  backend.connect(engine);
  await isSent();
  expect(backend.heard.map(({ operations }) => operations)).toEqual([[{ op: "complete", id: "milk" }]]);
  expect(state().issues).toEqual([]);
});

test("a change that waits is taken back from under a later one, which is no conflict then", async () => {
  const first = engine.mutate([rename("One")]);
  engine.mutate([rename("Two")]);
  engine.undo(first);
  backend.connect(engine);
  await isSent();
  expect([state().issues, backend.effects.length, backend.tasks.get("milk")?.title]).toEqual([[], 1, "Two"]);
});

test("a change that may have gone out is undone by the platform, once, however often that is asked", async () => {
  backend.after = () => new NetworkError();
  backend.connect(engine);
  const key = engine.mutate([rename("One")]);
  await settled();
  backend.disconnect(engine);
  engine.undo(key);
  engine.undo(key);
  expect([titles()[0], state().waiting]).toEqual(["Buy milk", 2]);
  backend.after = () => null;
  backend.connect(engine);
  await isSent();
  expect(backend.effects.map(({ kind, undoes }) => [kind, undoes])).toEqual([
    ["batch", undefined],
    ["undo", `change of ${key}`],
  ]);
  expect([state().issues, titles()[0]]).toEqual([[], "Buy milk"]);
  engine.undo(key);
  expect(state().waiting).toBe(0);
});

test("an undo of a change that is refused goes with it; one that was set aside is let go", async () => {
  backend.connect(engine);
  let answer: (error: Error) => void = () => {};
  backend.before = () => new Promise((resolve) => (answer = resolve));
  const first = engine.mutate([rename("One")]);
  engine.undo(first);
  backend.before = () => null;
  answer(refusal(422));
  await isSent();
  expect(state().issues.map(({ mutation }) => mutation.key)).toEqual([first]);
  expect(backend.heard).toHaveLength(1);
  backend.before = () => refusal(409);
  const second = engine.mutate([rename("Two")]);
  await waitFor(() => expect(state().issues).toHaveLength(2));
  engine.undo(second);
  expect(state().issues.map(({ mutation }) => mutation.key)).toEqual([first]);
});

test("what was changed while all seemed well, and could not be sent for long, is held against what others did too", async () => {
  backend.connect(engine);
  backend.before = () => new NetworkError();
  engine.mutate([rename("Mine")]);
  await settled();
  backend.disconnect(engine);
  backend.before = () => null;
  backend.change("milk", { title: "Theirs" });
  backend.connect(engine);
  await waitFor(() => expect(state().issues).toHaveLength(1));
  expect(state().issues[0]?.reason).toMatchObject({ kind: "field", mine: "Mine", theirs: "Theirs" });
  expect([titles()[0], backend.effects]).toEqual(["Theirs", []]);
});

test("an undo of what meets another's change leaves theirs, and asks nobody", async () => {
  backend.connect(engine);
  backend.before = () => new NetworkError();
  const key = engine.mutate([rename("Mine")]);
  await settled();
  backend.disconnect(engine);
  engine.undo(key);
  backend.before = () => null;
  backend.change("milk", { title: "Theirs" });
  backend.connect(engine);
  await isSent();
  expect([state().issues, backend.effects.map(({ kind }) => kind)]).toEqual([[], ["batch", "undo"]]);
});

test("what others deleted comes back with what was changed of it; what is still there is not doubled", async () => {
  engine.mutate([
    change("rice", { priority: "high" }),
    change("milk", { priority: "high" }),
    { op: "complete", id: "rice" },
  ]);
  backend.change("rice", null);
  backend.connect(engine);
  await waitFor(() => expect(state().issues.map(({ reason }) => reason.kind)).toEqual(["deleted"]));
  engine.settle(state().issues[0]?.mutation.key ?? "", true);
  await isSent();
  const [kept, back] = [...backend.tasks.values()];
  expect(backend.tasks.size).toBe(2);
  expect(kept).toMatchObject({ id: "milk", priority: "high", status: "open" });
  expect(back).toMatchObject({ title: "Rice", priority: "high", status: "completed", reminders: [{ before: "P1D" }] });
});

test("what both deleted is no conflict; the rest of such a change goes through", async () => {
  engine.mutate([
    { op: "delete", id: "rice" },
    { op: "complete", id: "milk" },
  ]);
  engine.mutate([{ op: "delete", id: "milk" }]);
  backend.change("rice", null);
  backend.connect(engine);
  await isSent();
  expect([state().issues, backend.tasks.size, backend.effects.length]).toEqual([[], 0, 2]);
});

test("a log that begins anew while changes wait: they are held against the new list, and what it took back is gone", async () => {
  backend.connect(engine);
  engine.mutate([change("rice", { title: "Sent before" })]);
  await isSent();
  backend.disconnect(engine);
  engine.mutate([rename("Mine")]);
  engine.mutate([create("new")]);
  engine.mutate([change("rice", { priority: "high" })]);
  backend.epoch = 2;
  backend.seq = 3;
  backend.tasks = new Map([["milk", { ...milk, title: "Restored", seq: 2 }]]);
  backend.connect(engine);
  await waitFor(() => expect(state().issues.map(({ reason }) => reason.kind)).toEqual(["field", "deleted"]));
  await isSent();
  expect([...backend.tasks.values()].map(({ title }) => title)).toEqual(["Restored", "new"]);
  expect([titles(), engine.cursor]).toEqual([["Restored", "new"], { epoch: 2, seq: 4 }]);
});

test("a deletion whose answer comes after a snapshot that shows it does not stay laid over the list", async () => {
  backend.connect(engine);
  let answer: () => void = () => {};
  backend.after = () => new Promise((resolve) => (answer = () => resolve(null)));
  backend.disconnect(engine);
  engine.setConnection("live"); // it hears no events
  engine.mutate([{ op: "delete", id: "milk" }]);
  await waitFor(() => expect(backend.tasks.has("milk")).toBe(false));
  backend.snapshot(engine);
  answer();
  await isSent();
  engine.setConnection("live");
  engine.receive({
    type: "events",
    events: [{ seq: 12, type: "task.updated", task: { ...milk, seq: 12 }, key: null, change: null, at: "", actor: "" }],
  });
  expect(titles()).toContain("Buy milk"); // another device's undo
});

test("a snapshot that is older than the answer to a change does not take the change back for a moment", async () => {
  backend.connect(engine);
  const old = { seq: backend.seq, tasks: [...backend.tasks.values()] };
  backend.disconnect(engine);
  engine.setConnection("live");
  engine.mutate([rename("One")]);
  await isSent();
  engine.receive({ type: "snapshot", epoch: 1, ...old, part: 1, last: true });
  expect(titles()[0]).toBe("One");
});

test("a clock that goes back does not change the order, nor over a restart", async () => {
  const database = await Database.open("clock");
  await engine.keepIn(async () => database);
  const now = jest.spyOn(Date, "now");
  const real = Date.UTC(2026, 10, 30);
  now.mockReturnValue(real + 86_400_000);
  engine.mutate([create("first")]);
  engine.mutate([change("first", { title: "second" })]);
  now.mockReturnValue(real);
  engine.mutate([change("first", { title: "third" })]);
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  engine.stop();
  engine = new Engine({ send: backend.send, tabs: loneTab("next") });
  await engine.keepIn(() => Database.open("clock"));
  engine.mutate([change("first", { title: "fourth" })]);
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  engine.stop();
  now.mockReturnValue(real - 86_400_000);
  engine = new Engine({ send: backend.send, tabs: loneTab("last") });
  await engine.keepIn(() => Database.open("clock"));
  backend.connect(engine);
  await isSent();
  expect(backend.effects.map(({ operations: [one] }) => one && "task" in one && one.task.title)).toEqual([
    "first",
    "second",
    "third",
    "fourth",
  ]);
  expect(state().issues).toEqual([]);
  engine.stop();
});

test("what can be taken back does not grow for ever, nor is an old change forgotten", async () => {
  backend.connect(engine);
  const keys: string[] = [];
  for (let number = 0; number < 150; number++) keys.push(engine.mutate([rename(`Title ${number}`)]));
  await isSent();
  engine.undo(keys[0] ?? "");
  expect(titles()[0]).toBe("Title 149"); // it is not shown before the platform has done it
  await waitFor(() => expect(backend.heard.at(-1)).toMatchObject({ kind: "undo", undoes: `change of ${keys[0]}` }));
});
