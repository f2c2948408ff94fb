import { enterAccount, forgetAccount, hasLeft, knownAccount, rememberAccount, watchAccount } from "./account";
import { keep, kept, names } from "./device";

const ANNA = { id: "https://id.example.com anna", name: "Anna" };

beforeEach(() => localStorage.clear());

/** A browser that refuses: for want of space, or by its settings. */
function refuse(...methods: ("getItem" | "setItem" | "removeItem")[]) {
  for (const method of methods)
    jest.spyOn(Storage.prototype, method).mockImplementation(() => {
      throw new DOMException("no", method === "setItem" ? "QuotaExceededError" : "SecurityError");
    });
}

test("what is kept is there until it is let go", () => {
  expect(keep("theme", "dark")).toBe(true);
  expect([kept("theme"), names()]).toEqual(["dark", ["theme"]]);
  keep("theme", null);
  expect(kept("theme")).toBeNull();
});

test("a browser that refuses keeps nothing, and breaks nothing", () => {
  refuse("getItem", "setItem", "removeItem");
  expect([keep("theme", "dark"), keep("theme", null), kept("theme")]).toEqual([false, false, null]);
  expect(() => forgetAccount(ANNA.id)).not.toThrow();
});

test("who could not be remembered for want of space has not left", () => {
  enterAccount(ANNA.id);
  refuse("setItem");
  rememberAccount(ANNA);
  const onSignedOut = jest.fn();
  const stop = watchAccount(ANNA.id, onSignedOut);
  dispatchEvent(new Event("storage"));
  expect([knownAccount(), hasLeft(), onSignedOut.mock.calls.length]).toEqual([null, false, 0]);
  stop();
  jest.restoreAllMocks();
  rememberAccount(ANNA);
  expect(hasLeft()).toBe(false);
  forgetAccount(ANNA.id);
  expect(hasLeft()).toBe(true);
  enterAccount(null);
});
