import { enterAccount } from "@/lib/account";
import { Database } from "@/store/database";
import { learnSettings } from "./settings";

const FOUND = { issuer: "https://id.example.com", client_id: "page", scope: "openid", audience: "tasks" };

/** A platform that says this of its sign-in; null: none answers. */
function platform(sign_in: object | null | undefined) {
  globalThis.fetch = (async () => {
    if (sign_in === undefined) throw new TypeError("Failed to fetch");
    return { ok: true, json: async () => ({ sign_in }) };
  }) as unknown as typeof fetch;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => localStorage.clear());

test("the first start waits for the platform, later ones for nothing", async () => {
  const changed = jest.fn();
  platform(FOUND);
  expect(await learnSettings(changed)).toEqual(FOUND);
  platform(undefined);
  expect(await learnSettings(changed)).toEqual(FOUND);
  await settled();
  expect(changed).not.toHaveBeenCalled();
});

test("a platform that is set up otherwise since makes the page start over, at once or with the network", async () => {
  const changed = jest.fn();
  platform(null);
  expect(await learnSettings(changed)).toBeNull();
  platform(FOUND);
  expect(await learnSettings(changed)).toBeNull();
  await settled();
  expect(changed).toHaveBeenCalledTimes(1);
  localStorage.clear();
  platform(undefined);
  expect(await learnSettings(changed)).toBeNull();
  await settled();
  platform(FOUND);
  dispatchEvent(new Event("online"));
  await settled();
  expect(changed).toHaveBeenCalledTimes(2);
});

test("what the head of the page has asked for already is not asked for again", async () => {
  platform(undefined);
  globalThis.earlySettings = Promise.resolve({ ok: true, json: async () => ({ sign_in: FOUND }) } as Response);
  expect(await learnSettings(jest.fn())).toEqual(FOUND);
  expect(globalThis.earlySettings).toBeUndefined();
  localStorage.clear();
  const changed = jest.fn();
  globalThis.earlySettings = Promise.reject(new TypeError("Failed to fetch"));
  expect(await learnSettings(changed)).toBeNull();
  platform(FOUND);
  dispatchEvent(new Event("online"));
  await settled();
  expect(changed).toHaveBeenCalledTimes(1); // it starts over, with the sign-in that there is
});

test("without sign-in the list keeps the name that it always had on the device", async () => {
  enterAccount(null);
  (await Database.open()).close();
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(["task-platform"]);
});
