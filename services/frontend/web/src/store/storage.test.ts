import { waitFor } from "@testing-library/react";
import { deleteDB, openDB } from "idb";
import type { Operation } from "@/api/types";
import { Backend } from "../../test/backend";
import { Browser, Disk } from "../../test/browser";
import { task } from "../../test/render";
import { Database } from "./database";
import { Engine } from "./engine";

const milk = task({ id: "milk", title: "Buy milk", seq: 10 });
const rename = (title: string): Operation => ({ op: "update", id: "milk", task: { title } });
const create = (id: string): Operation => ({ op: "create", task: { id, title: id } });
const stateOf = (engine: Engine) => engine.store.getState();
const titleIn = (engine: Engine) => stateOf(engine).tasks.get("milk")?.title;
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

let name = "";
let count = 0;
const rejected: unknown[] = [];
const reject = (reason: unknown) => rejected.push(reason);

async function stored() {
  const database = await Database.open(name);
  const [queue, confirmed] = await Promise.all([database.readQueue(), database.readConfirmed()]);
  database.close();
  return {
    keys: queue.map(({ mutation }) => mutation.key),
    titles: [...(confirmed?.tasks.values() ?? [])].map((one) => one.title),
  };
}

/** A page that keeps what it has in a database of this test. */
async function page(backend: Backend, open = () => Database.open(name)): Promise<Engine> {
  const engine = new Engine({ send: backend.send });
  await engine.keepIn(open);
  return engine;
}

/** A page that was live, and lost its network. */
async function offline(backend: Backend): Promise<Engine> {
  const engine = await page(backend);
  backend.connect(engine);
  backend.disconnect(engine);
  return engine;
}

beforeEach(() => {
  name = `storage-${++count}`;
  rejected.length = 0;
  process.on("unhandledRejection", reject);
});

afterEach(async () => {
  jest.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", reject);
  expect(rejected).toEqual([]);
});

test("a full disk is told, the page works on, and what waits is kept once there is space", async () => {
  const disk = new Disk();
  const backend = new Backend([milk]);
  const engine = await offline(backend);
  await waitFor(async () => expect((await stored()).titles).toEqual(["Buy milk"]));
  disk.full = true;
  const keys = [engine.mutate([rename("One")]), engine.mutate([create("rice")])];
  await waitFor(() => expect(stateOf(engine).storage).toBe("full"));
  expect([titleIn(engine), stateOf(engine).waiting, engine.isAtRisk]).toEqual(["One", 2, true]);
  disk.full = false;
  engine.lookAround();
  await waitFor(() => expect(stateOf(engine).storage).toBe("kept"));
  expect(engine.isAtRisk).toBe(false);
  expect(await stored()).toEqual({ keys, titles: ["Buy milk"] });
  engine.stop();
});

test("a full disk hinders no sending, and leaves nothing behind that would be sent again", async () => {
  const disk = new Disk();
  const backend = new Backend([milk]);
  const engine = await offline(backend);
  engine.mutate([rename("One")]);
  await waitFor(async () => expect((await stored()).keys).toHaveLength(1));
  disk.full = true;
  engine.mutate([rename("Two")]);
  backend.connect(engine);
  await waitFor(() => expect(backend.effects).toHaveLength(2));
  await waitFor(async () => expect((await stored()).keys).toEqual([]));
  expect(backend.tasks.get("milk")?.title).toBe("Two");
  engine.stop();
});

test("where space is short the changes are kept, and the tasks are let go, which the platform has too", async () => {
  const disk = new Disk();
  const backend = new Backend([milk]);
  const engine = await offline(backend);
  await waitFor(async () => expect((await stored()).titles).toEqual(["Buy milk"]));
  disk.full = true;
  const clear = jest.spyOn(IDBObjectStore.prototype, "clear");
  clear.mockImplementation(function (this: IDBObjectStore) {
    disk.spares.add("queue"); // what the tasks took is free
    clear.mockRestore();
    return this.clear();
  });
  const key = engine.mutate([rename("One")]);
  await waitFor(async () => expect(await stored()).toEqual({ keys: [key], titles: [] }));
  expect([stateOf(engine).storage, engine.isAtRisk]).toEqual(["full", false]);
  engine.stop();
});

test("a browser without storage is told, and the page works on in memory", async () => {
  const backend = new Backend([milk]);
  const engine = await page(backend, () => Promise.reject(new DOMException("no storage here", "SecurityError")));
  expect(stateOf(engine).storage).toBe("unavailable");
  backend.connect(engine);
  engine.mutate([rename("One")]);
  await waitFor(() => expect(backend.tasks.get("milk")?.title).toBe("One"));
  backend.disconnect(engine);
  engine.mutate([rename("Two")]);
  expect([titleIn(engine), engine.isAtRisk]).toEqual(["Two", true]);
  engine.stop();
});

test("storage that does not answer does not hold the page up; what it has is shown when it comes", async () => {
  const before = await page(new Backend());
  before.receive({ type: "snapshot", epoch: 1, seq: 10, tasks: [milk], part: 1, last: true });
  before.setConnection("offline");
  const key = before.mutate([rename("One")]);
  await waitFor(() => expect(before.isAtRisk).toBe(false));
  before.stop();
  jest.useFakeTimers({ doNotFake: ["setImmediate", "queueMicrotask", "nextTick"] });
  let answer: (database: Database) => void = () => {};
  const backend = new Backend([milk]);
  const engine = new Engine({ send: backend.send });
  const ready = engine.keepIn(() => new Promise((resolve) => (answer = resolve)));
  await pass(3_000);
  await ready;
  expect(stateOf(engine).storage).toBe("unavailable");
  jest.useRealTimers();
  backend.connect(engine);
  engine.mutate([create("rice")]);
  answer(await Database.open(name));
  await waitFor(() => expect(stateOf(engine).storage).toBe("kept"));
  await waitFor(() => expect(backend.effects.map((one) => one.key)).toContain(key));
  expect([...backend.tasks.values()].map(({ title }) => title)).toEqual(["One", "rice"]);
  engine.stop();
});

test("a database that is deleted under the page is made anew, with all that waits", async () => {
  const backend = new Backend([milk]);
  const engine = await offline(backend);
  const first = engine.mutate([rename("One")]);
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  await deleteDB(name);
  const second = engine.mutate([rename("Two")]);
  expect(engine.isAtRisk).toBe(true);
  engine.lookAround();
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  expect(await stored()).toEqual({ keys: [first, second], titles: ["Buy milk"] });
  expect(stateOf(engine).storage).toBe("kept");
  engine.stop();
});

test("a database that a newer page has taken over is told, and so is one that is newer from the start", async () => {
  const backend = new Backend([milk]);
  const engine = await offline(backend);
  const key = engine.mutate([rename("One")]);
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  const newer = await openDB(name, 99, { upgrade: () => {} });
  expect((await newer.getAllKeys("queue")).map(String)).toEqual([key]);
  engine.lookAround();
  await waitFor(() => expect(stateOf(engine).storage).toBe("outdated"));
  backend.connect(engine);
  await waitFor(() => expect(backend.tasks.get("milk")?.title).toBe("One"));
  const late = await page(backend);
  expect(stateOf(late).storage).toBe("outdated");
  newer.close();
  engine.stop();
  late.stop();
});

test("a database of the first page is taken over as it is: its list, and its queue in order", async () => {
  const first = await openDB(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore("meta");
      fresh.createObjectStore("tasks", { keyPath: "id" });
      fresh.createObjectStore("queue", { keyPath: "mutation.key" });
    },
  });
  await first.put("meta", { epoch: 1, seq: 10 }, "cursor");
  await first.put("tasks", milk);
  const record = { kind: "batch", of: null, before: { milk }, at: "", offline: false, tab: "gone" };
  const later = { ...record, before: { milk: { ...milk, title: "One" } } };
  await first.put("queue", { order: 2, reason: null, mutation: { ...later, key: "b", operations: [rename("Two")] } });
  await first.put("queue", { order: 1, reason: null, mutation: { ...record, key: "a", operations: [rename("One")] } });
  first.close();
  const backend = new Backend([milk]);
  const engine = await page(backend);
  expect([titleIn(engine), engine.cursor]).toEqual(["Two", { epoch: 1, seq: 10 }]);
  backend.connect(engine);
  await waitFor(() => expect(backend.effects.map(({ key }) => key)).toEqual(["a", "b"]));
  engine.stop();
});

test("what was changed before the database was open is kept in it, and sent once", async () => {
  const backend = new Backend([milk]);
  const engine = new Engine({ send: backend.send });
  const key = engine.mutate([create("early")]);
  await engine.keepIn(() => Database.open(name));
  await waitFor(async () => expect((await stored()).keys).toEqual([key]));
  backend.connect(engine);
  await waitFor(() => expect(backend.effects).toHaveLength(1));
  expect(backend.heard).toHaveLength(1);
  engine.stop();
});

test("a write of the list that failed is made up for, though events went on", async () => {
  const disk = new Disk();
  const backend = new Backend([milk]);
  const engine = await page(backend);
  backend.connect(engine);
  await waitFor(async () => expect((await stored()).titles).toEqual(["Buy milk"]));
  disk.full = true;
  backend.change("milk", { title: "One" });
  await waitFor(() => expect(stateOf(engine).storage).toBe("full"));
  disk.full = false;
  backend.change("milk", { title: "Two" });
  engine.lookAround();
  await waitFor(async () => expect((await stored()).titles).toEqual(["Two"]));
  backend.change("milk", { title: "Three" });
  await waitFor(async () => expect((await stored()).titles).toEqual(["Three"]));
  engine.stop();
});

test("after the session has ended nothing is written, nor is the database made again", async () => {
  const backend = new Backend([milk]);
  const engine = await page(backend);
  backend.connect(engine);
  engine.stop();
  await Database.erase(name);
  engine.mutate([rename("One")]);
  engine.lookAround();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name);
});

test("what a person had is gone at once, though a window that sleeps keeps the database from being deleted", async () => {
  const engine = await page(new Backend());
  engine.mutate([create("secret")]);
  await waitFor(() => expect(engine.isAtRisk).toBe(false));
  engine.stop();
  const sleeping = await openDB(name); // it does not close when it is asked to
  await Database.erase(name);
  expect(await sleeping.getAll("queue")).toEqual([]);
  sleeping.close();
});

test("a browser with locks: every tab's writes fail or succeed for itself", async () => {
  const [browser, backend, disk] = [new Browser(), new Backend([milk]), new Disk()];
  const one = await browser.open("one", { send: backend.send }, name);
  const two = await browser.open("two", { send: backend.send }, name);
  for (const engine of [one, two]) {
    backend.connect(engine);
    backend.disconnect(engine);
  }
  disk.full = true;
  one.mutate([rename("One")]);
  await waitFor(() => expect(stateOf(one).storage).toBe("full"));
  disk.full = false;
  two.mutate([create("rice")]);
  await waitFor(() => expect(two.isAtRisk).toBe(false));
  expect([stateOf(one).storage, stateOf(two).storage]).toEqual(["full", "kept"]);
  browser.kill("one", one);
  browser.kill("two", two);
});
