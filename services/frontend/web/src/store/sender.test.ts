import type { Operation } from "@/api/types";
import { task } from "../../test/render";
import { Engine } from "./engine";
import { PATIENCE_MS, TRIES } from "./sender";

const milk = task({ id: "milk", title: "Buy milk", seq: 10 });
const rice = task({ id: "rice", title: "Rice", seq: 9 });
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

/** An answer as it comes over the wire: a status, a text that may be no JSON, headers; or none at all. */
type Answer = { status: number; text: string; headers?: Record<string, string> } | "no network" | "silence";

interface Heard {
  path: string;
  key: string;
  body: { operations?: Operation[]; change?: string };
}

let heard: Heard[];
let answers: Answer[];
let engine: Engine;

const taken = (seq = 0): Answer => ({
  status: 200,
  text: JSON.stringify({ change: "c1", results: seq ? [{ status: 200, id: "milk", task: { ...milk, seq } }] : [] }),
});
const problem = (status: number, headers = {}): Answer => ({
  status,
  text: JSON.stringify({ type: "about:blank", title: "", status, detail: `no: ${status}` }),
  headers,
});
const html = (status: number): Answer => ({ status, text: "<!doctype html><h1>Bad day</h1>" });

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, "random").mockReturnValue(0.5); // no jitter
  [heard, answers] = [[], []];
  globalThis.fetch = (async (path: string, init: RequestInit) => {
    const key = (init.headers as Record<string, string>)["Idempotency-Key"] ?? "";
    heard.push({ path, key, body: JSON.parse(String(init.body)) });
    const answer = answers.shift() ?? taken();
    if (answer === "no network") throw new TypeError("Failed to fetch");
    if (answer === "silence")
      return new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))),
      );
    const { status, text, headers } = answer;
    const json = async () => JSON.parse(text);
    return { ok: status < 300, status, statusText: "", headers: new Headers(headers), json };
  }) as unknown as typeof fetch;
  engine = new Engine();
  engine.receive({ type: "snapshot", epoch: 1, seq: 10, tasks: [milk, rice], part: 1, last: true });
  engine.setConnection("live");
});

afterEach(() => {
  engine.stop();
  jest.useRealTimers();
});

const KINDS: Record<string, Operation[]> = {
  create: [{ op: "create", task: { id: "new", title: "New" } }],
  update: [{ op: "update", id: "milk", task: { title: "Other" } }],
  complete: [{ op: "complete", id: "milk" }],
  reopen: [{ op: "reopen", id: "milk" }],
  delete: [{ op: "delete", id: "milk" }],
  bulk: [
    { op: "complete", id: "milk" },
    { op: "delete", id: "rice" },
  ],
};
const FOR_NOW: [string, Answer][] = [
  ...[401, 408, 425, 429, 500, 502, 503, 504].map((status): [string, Answer] => [`${status}`, problem(status)]),
  ["no network", "no network"],
  ["an answer that is cut off", { status: 200, text: '{"change": "c1", "resul' }],
  ["a page of HTML", html(200)],
  ["JSON of another kind", { status: 200, text: "null" }],
  ["a page of HTML with 404", html(404)],
  ["a page of HTML with 403", html(403)],
  ["a page of HTML with 502", html(502)],
];
const FOR_GOOD = [400, 403, 404, 409, 412, 413, 422];
const each = <T>(cases: T[]) => Object.keys(KINDS).flatMap((kind) => cases.map((one): [string, T] => [kind, one]));

test.each(each(FOR_NOW))(
  "%s: %j is tried again under the same key, and the next change waits for it",
  async (kind, [, answer]) => {
    answers = [answer];
    const key = engine.mutate(KINDS[kind] ?? []);
    const next = engine.mutate([{ op: "create", task: { id: "after", title: "After" } }]);
    await pass(400);
    expect(heard.map((one) => one.key)).toEqual([key]);
    expect(engine.store.getState()).toMatchObject({ waiting: 2, issues: [] });
    await pass(200);
    expect(heard.map((one) => one.key)).toEqual([key, key, next]);
    expect(heard[1]?.body).toEqual(heard[0]?.body);
    expect(engine.store.getState()).toMatchObject({ waiting: 0, issues: [] });
  },
);

test.each(each(FOR_GOOD).filter(([kind, status]) => !(kind === "delete" && status === 404)))(
  "%s: %d is told with the platform's words, taken back here, and holds up nothing",
  async (kind, status) => {
    answers = [problem(status)];
    const key = engine.mutate(KINDS[kind] ?? []);
    engine.mutate([{ op: "create", task: { id: "after", title: "After" } }]);
    await pass(0);
    expect(heard).toHaveLength(2);
    const { issues, waiting, tasks } = engine.store.getState();
    expect(issues).toMatchObject([{ mutation: { key }, reason: { kind: "refused", status, detail: `no: ${status}` } }]);
    expect([waiting, tasks.get("milk"), tasks.get("rice"), tasks.has("new")]).toEqual([0, milk, rice, false]);
    engine.settle(key, true);
    await pass(0);
    expect(heard.at(-1)?.body).toEqual(heard[0]?.body);
    expect(heard.at(-1)?.key).not.toBe(key);
  },
);

test.each(FOR_NOW)("undo: %s is tried again under the same key", async (_, answer) => {
  const key = engine.mutate(KINDS["update"] ?? []);
  await pass(0);
  answers = [answer];
  engine.undo(key);
  await pass(600);
  const undos = heard.slice(1);
  expect(undos.map(({ path, body }) => [path, body])).toEqual(Array(2).fill(["/api/undo", { change: "c1" }]));
  expect(new Set(undos.map((one) => one.key)).size).toBe(1);
});

test.each(FOR_GOOD)("undo: %d is told, shows what the platform has, and can be asked for again", async (status) => {
  const key = engine.mutate(KINDS["update"] ?? []);
  await pass(0);
  answers = [problem(status)];
  engine.undo(key);
  await pass(0);
  const [issue] = engine.store.getState().issues;
  expect(issue?.reason).toMatchObject({ kind: "refused", status });
  engine.settle(issue?.mutation.key ?? "", true);
  await pass(0);
  expect(heard.slice(1).map(({ body }) => body)).toEqual(Array(2).fill({ change: "c1" }));
});

test("what is deleted twice is deleted: a 404 is no news, alone or among others", async () => {
  answers = [problem(404)];
  engine.mutate(KINDS["delete"] ?? []);
  await pass(0);
  expect(engine.store.getState()).toMatchObject({ waiting: 0, issues: [] });
  const event = { type: "task.deleted" as const, key: null, change: null, at: "", actor: "" };
  answers = [problem(404)];
  const key = engine.mutate(KINDS["bulk"] ?? []);
  engine.receive({ type: "events", events: [{ ...event, seq: 11, task: rice }] });
  await pass(0);
  expect(heard.slice(1).map((one) => [one.key, one.body.operations?.length])).toEqual([
    [key, 2],
    [key, 1],
  ]);
  expect(engine.store.getState().issues).toEqual([]);
});

test("a Retry-After holds, whatever hurries; one without sense does not", async () => {
  answers = [problem(429, { "Retry-After": "30" }), problem(503, { "Retry-After": "-5" }), problem(503)];
  engine.mutate(KINDS["update"] ?? []);
  for (let heartbeats = 0; heartbeats < 5; heartbeats++) {
    await pass(5_000);
    engine.setConnection("live");
  }
  engine.mutate(KINDS["create"] ?? []);
  await pass(4_000);
  expect(heard).toHaveLength(1);
  await pass(1_001);
  expect(heard).toHaveLength(2);
  await pass(900);
  expect(heard).toHaveLength(2);
  answers = [problem(503, { "Retry-After": "99999999999" })];
  await pass(200);
  expect(heard).toHaveLength(3);
  await pass(599_000);
  expect(heard).toHaveLength(3);
  await pass(2_000);
  expect(heard).toHaveLength(5);
});

test("waits grow, and end with the network's coming back", async () => {
  answers = Array(9).fill("no network");
  engine.mutate(KINDS["update"] ?? []);
  await pass(500 + 1_000 + 2_000);
  expect(heard).toHaveLength(4);
  await pass(3_900);
  expect(heard).toHaveLength(4);
  engine.setConnection("offline");
  await pass(60_000);
  expect(heard).toHaveLength(4);
  answers = [];
  engine.setConnection("live");
  await pass(0);
  expect(heard).toHaveLength(5);
  expect(jest.getTimerCount()).toBe(0);
});

test("a network that swallows what is sent to it is given up, and the change sent again", async () => {
  answers = ["silence"];
  const key = engine.mutate(KINDS["update"] ?? []);
  await pass(PATIENCE_MS - 1);
  expect(heard).toHaveLength(1);
  await pass(1_000);
  expect(heard.map((one) => one.key)).toEqual([key, key]);
});

test.each([
  ["the platform fails at", problem(500)],
  ["something between does not let through", html(403)],
])("one change that %s again and again does not hold up the others for ever", async (_, answer) => {
  answers = Array(TRIES).fill(answer);
  const key = engine.mutate(KINDS["update"] ?? []);
  engine.mutate(KINDS["create"] ?? []);
  await pass(10 * 60_000);
  expect(heard.filter((one) => one.key === key)).toHaveLength(TRIES);
  expect(heard).toHaveLength(TRIES + 1);
  expect(engine.store.getState()).toMatchObject({ waiting: 0, issues: [{ mutation: { key } }] });
});

test("a change that may have been taken though its answers were errors is sent again under its own key", async () => {
  answers = Array(TRIES).fill(problem(500));
  const key = engine.mutate(KINDS["update"] ?? []);
  await pass(10 * 60_000);
  engine.settle(key, true);
  await pass(0);
  expect(heard.at(-1)?.key).toBe(key);
  expect(engine.store.getState()).toMatchObject({ waiting: 0, issues: [] });
});

test("a platform that is away for an hour loses nothing, and sets nothing aside", async () => {
  answers = Array(1_000).fill(problem(503));
  const key = engine.mutate(KINDS["update"] ?? []);
  await pass(3_600_000);
  expect(engine.store.getState()).toMatchObject({ waiting: 1, issues: [] });
  answers = [];
  await pass(45_000);
  expect(heard.at(-1)?.key).toBe(key);
  expect(engine.store.getState().waiting).toBe(0);
});

test("once the session has ended nothing more goes out", async () => {
  answers = ["no network"];
  engine.mutate(KINDS["update"] ?? []);
  engine.mutate(KINDS["create"] ?? []);
  await pass(0);
  engine.stop();
  engine.setConnection("live");
  await pass(60_000);
  expect(heard).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});
