import { keepPage } from "./worker";

/** The part of `navigator.serviceWorker` that the page uses. */
class Workers extends EventTarget {
  controller: object | null = null;
  updates = 0;
  registered: string[] = [];
  async register(path: string) {
    this.registered.push(path);
    return { update: async () => void this.updates++ };
  }
}

function start(controller: object | null = null) {
  const workers = Object.assign(new Workers(), { controller });
  Object.defineProperty(navigator, "serviceWorker", { configurable: true, value: workers });
  const onUpdate = jest.fn();
  const stop = keepPage(Promise.resolve(), onUpdate);
  return { workers, onUpdate, stop };
}

test("the worker that comes first is no news; one that takes another's place is, once each", () => {
  const { workers, onUpdate, stop } = start();
  workers.controller = { first: true };
  workers.dispatchEvent(new Event("controllerchange"));
  expect(onUpdate).not.toHaveBeenCalled();
  workers.controller = { second: true };
  workers.dispatchEvent(new Event("controllerchange"));
  expect(onUpdate).toHaveBeenCalledTimes(1);
  stop();
});

test("a notification's click leads within the page", () => {
  history.replaceState(null, "", "/today");
  const { workers, stop } = start();
  workers.dispatchEvent(new MessageEvent("message", { data: { type: "go", address: "/notifications?task=a" } }));
  expect(location.pathname + location.search).toBe("/notifications?task=a");
  stop();
  workers.dispatchEvent(new MessageEvent("message", { data: { type: "go", address: "/today" } }));
  expect(location.pathname).toBe("/notifications");
});

test("a window that is looked at after an hour asks for a newer page", async () => {
  jest.useFakeTimers();
  const { workers, stop } = start({});
  expect(workers.registered).toEqual([]); // what the person waits for comes first
  await jest.advanceTimersByTimeAsync(1_000);
  const registered = Date.now();
  jest.useRealTimers();
  expect(workers.registered).toEqual(["/sw.js"]);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(workers.updates).toBe(0);
  jest.spyOn(Date, "now").mockReturnValue(registered + 3_600_001);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(workers.updates).toBe(1);
  stop();
});
