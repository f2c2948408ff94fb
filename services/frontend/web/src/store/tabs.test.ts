import { waitFor } from "@testing-library/react";
import { NetworkError } from "@/api/http";
import type { Operation } from "@/api/types";
import { Backend, refusal } from "../../test/backend";
import { Browser } from "../../test/browser";
import { task } from "../../test/render";
import { Database } from "./database";
import type { Engine } from "./engine";

const milk = task({ id: "milk", title: "Buy milk", seq: 10 });
const rename = (title: string): Operation => ({ op: "update", id: "milk", task: { title } });
const create = (id: string): Operation => ({ op: "create", task: { id, title: id } });
const titleIn = (engine: Engine) => engine.store.getState().tasks.get("milk")?.title;
const issuesOf = (engine: Engine) => engine.store.getState().issues;

let name = "";
let count = 0;
let browser: Browser;
let backend: Backend;
let open: Map<string, Engine>;

const queued = async () => {
  const database = await Database.open(name);
  const queue = await database.readQueue();
  database.close();
  return queue;
};

async function tab(named: string): Promise<Engine> {
  const engine = await browser.open(named, { send: backend.send }, name);
  open.set(named, engine);
  return engine;
}

function kill(named: string): void {
  const engine = open.get(named);
  if (engine) browser.kill(named, engine);
  open.delete(named);
}

/** A tab that was live, and lost its network. */
async function offline(named: string): Promise<Engine> {
  const engine = await tab(named);
  backend.connect(engine);
  backend.disconnect(engine);
  return engine;
}

beforeEach(() => {
  name = `tabs-${++count}`;
  [browser, backend, open] = [new Browser(), new Backend([milk]), new Map()];
});

afterEach(() => [...open.keys()].forEach(kill));

test("tabs that are alive send what is theirs, each once, whatever the others do", async () => {
  const [one, two] = [await offline("one"), await offline("two")];
  one.mutate([create("a")]);
  two.mutate([create("b")]);
  one.mutate([create("c")]);
  await waitFor(async () => expect(await queued()).toHaveLength(3));
  const three = await tab("three");
  for (const engine of [one, two, three]) backend.connect(engine);
  await waitFor(() => expect([...backend.tasks.keys()].sort()).toEqual(["a", "b", "c", "milk"]));
  expect(backend.heard).toHaveLength(3);
  await waitFor(async () => expect(await queued()).toEqual([]));
});

test("a tab killed between sending and the answer: the next sends the same key, to one effect", async () => {
  const one = await tab("one");
  backend.connect(one);
  backend.after = () => new Promise(() => {}); // the answer never arrives
  const key = one.mutate([rename("Once")]);
  await waitFor(() => expect(backend.effects).toHaveLength(1));
  await waitFor(async () => expect(await queued()).toHaveLength(1));
  kill("one");
  backend.after = () => null;
  const two = await tab("two");
  backend.change("milk", { title: "Theirs, later" });
  backend.connect(two);
  await waitFor(() => expect(two.store.getState().waiting + issuesOf(two).length).toBe(1)); // a conflict: nobody knows
  two.settle(key, false);
  expect([backend.effects.length, titleIn(two)]).toEqual([1, "Theirs, later"]);
  await waitFor(async () => expect(await queued()).toEqual([]));
});

test("where the log tells that the dead tab's change arrived, it is no conflict, and is not done twice", async () => {
  const one = await tab("one");
  backend.connect(one);
  await waitFor(async () => expect((await stored()).seq).toBe(10));
  backend.after = () => new Promise(() => {});
  backend.disconnect(one);
  one.setConnection("live"); // it sends, and hears no events
  const key = one.mutate([rename("Once")]);
  await waitFor(() => expect(backend.effects).toHaveLength(1));
  await waitFor(async () => expect(await queued()).toHaveLength(1));
  kill("one");
  backend.after = () => null;
  const two = await tab("two");
  expect(two.cursor?.seq).toBe(10);
  const once = { ...milk, title: "Once", seq: 11 };
  const event = { type: "task.updated" as const, change: null, at: "", actor: "" };
  two.receive({ type: "events", events: [{ ...event, seq: 11, key, task: once }] });
  two.receive({
    type: "events",
    events: [{ ...event, seq: 12, key: "other", task: { ...once, title: "Theirs", seq: 12 } }],
  });
  two.setConnection("live");
  await waitFor(() => expect(two.store.getState().waiting).toBe(0));
  expect([issuesOf(two), backend.effects.length, titleIn(two)]).toEqual([[], 1, "Theirs"]);
});

const stored = async () => {
  const database = await Database.open(name);
  const confirmed = await database.readConfirmed();
  database.close();
  return { seq: confirmed?.cursor?.seq };
};

test("what a dead tab left behind is taken over by one alone, though two start at once and a third later", async () => {
  const dead = await offline("dead");
  dead.mutate([rename("One")]);
  dead.mutate([rename("Two")]);
  await waitFor(async () => expect(await queued()).toHaveLength(2));
  kill("dead");
  const [two, three] = await Promise.all([tab("two"), tab("three")]);
  const four = await tab("four");
  expect([two, three, four].map((engine) => engine.store.getState().waiting).sort()).toEqual([0, 0, 2]);
  for (const engine of [two, three, four]) backend.connect(engine);
  await waitFor(() => expect(backend.effects).toHaveLength(2));
  await waitFor(async () => expect(await queued()).toEqual([]));
  expect([two, three, four].flatMap(issuesOf)).toEqual([]);
  expect([backend.heard.length, backend.tasks.get("milk")?.title]).toEqual([2, "Two"]);
});

test("a tab that dies while others live: one of those sends what it left, without being opened anew", async () => {
  const [one, two] = [await offline("one"), await offline("two")];
  two.mutate([rename("Left behind")]);
  await waitFor(async () => expect(await queued()).toHaveLength(1));
  kill("two");
  backend.connect(one);
  await waitFor(() => expect(backend.tasks.get("milk")?.title).toBe("Left behind"));
  expect(titleIn(one)).toBe("Left behind");
});

test("the tab that is left becomes the one that writes the list, and takes over what the other left", async () => {
  const [one, two] = [await tab("one"), await tab("two")];
  backend.connect(one);
  backend.connect(two);
  backend.disconnect(one);
  one.mutate([create("rice")]);
  await waitFor(async () => expect(await queued()).toHaveLength(1));
  kill("one");
  two.setConnection("live"); // a heartbeat
  await waitFor(() => expect(backend.tasks.has("rice")).toBe(true));
  await waitFor(async () => expect((await stored()).seq).toBe(backend.seq));
});

test("looking at another tab shows what the closed one left, without a network too", async () => {
  const [one, two] = [await offline("one"), await offline("two")];
  one.mutate([rename("Offline")]);
  await waitFor(async () => expect(await queued()).toHaveLength(1));
  kill("one");
  two.lookAround();
  await waitFor(() => expect(titleIn(two)).toBe("Offline"));
});

test("an issue that a dead tab left is settled by one tab, to one effect", async () => {
  const dead = await tab("dead");
  backend.before = () => refusal(422);
  backend.connect(dead);
  dead.mutate([rename("Refused")]);
  await waitFor(() => expect(issuesOf(dead)).toHaveLength(1));
  await waitFor(async () => expect((await queued()).map(({ reason }) => reason?.kind)).toEqual(["refused"]));
  kill("dead");
  backend.before = () => null;
  const [two, three] = await Promise.all([tab("two"), tab("three")]);
  expect(issuesOf(two).length + issuesOf(three).length).toBe(1);
  const holder = issuesOf(two).length > 0 ? two : three;
  backend.connect(holder);
  holder.settle(issuesOf(holder)[0]?.mutation.key ?? "", true);
  await waitFor(() => expect(backend.effects).toHaveLength(1));
  await waitFor(async () => expect(await queued()).toEqual([]));
});

test("a change that is settled is never without a record: the new one and the end of the old are written at once", async () => {
  const one = await tab("one");
  backend.before = () => refusal(422);
  backend.connect(one);
  const key = one.mutate([rename("Refused")]);
  await waitFor(async () => expect((await queued()).map(({ reason }) => reason?.kind)).toEqual(["refused"]));
  backend.disconnect(one);
  const writes: number[] = [];
  const write = Database.prototype.writeQueue;
  jest.spyOn(Database.prototype, "writeQueue").mockImplementation(async function (this: Database, records) {
    await write.call(this, records);
    writes.push((await queued()).length);
  });
  one.settle(key, true);
  await waitFor(() => expect(one.isAtRisk).toBe(false));
  expect(Math.min(...writes)).toBe(1);
});

test("a network that breaks in one tab holds up no other", async () => {
  const [one, two] = [await tab("one"), await tab("two")];
  backend.connect(one);
  backend.connect(two);
  backend.before = ({ tab: sender }) => (sender === "one" ? new NetworkError() : null);
  one.mutate([create("a")]);
  two.mutate([create("b")]);
  await waitFor(() => expect(backend.tasks.has("b")).toBe(true));
  expect(one.store.getState().waiting).toBe(1);
  backend.before = () => null;
  one.setConnection("live");
  await waitFor(() => expect(backend.tasks.has("a")).toBe(true));
});
