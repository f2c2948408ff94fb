import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef } from "react";
import type { Task } from "@/api/types";
import { Translated } from "@/i18n/locale";
import { enterAccount, forgetAccount, rememberAccount } from "@/lib/account";
import { today } from "@/lib/zones";
import { Engine } from "@/store/engine";
import { liveEngine, renderApp, task } from "../../../test/render";
import { ListPage } from "../list/ListPage";
import { selection } from "../tasks/selection";
import { DRAW, LAST_VIEW, type LastView } from "./draw";
import { WhenThere } from "./LastView";
import { useKeptView } from "./useKeptView";

function Frame() {
  const frame = useRef<HTMLDivElement>(null);
  useKeptView(frame);
  return (
    <div ref={frame} data-frame>
      <output data-connection="live">Live</output>
      <p data-passing>For a moment</p>
      <ListPage />
    </div>
  );
}

/** A start of the page at an address; returns what is drawn before any other script runs. */
function drawn(address = "/all"): string {
  history.replaceState(null, "", address);
  const place = document.body.appendChild(document.createElement("div"));
  place.id = LAST_VIEW;
  new Function(DRAW)();
  place.remove();
  return place.textContent ?? "";
}

/** A page is left as browsers tell it: it goes, then it is hidden. */
function leave() {
  fireEvent(window, new Event("pagehide"));
  Object.defineProperty(document, "visibilityState", { configurable: true, value: "hidden" });
  fireEvent(document, new Event("visibilitychange"));
  Reflect.deleteProperty(document, "visibilityState");
}

async function show(title: string, fields: Partial<Task> = {}) {
  history.replaceState(null, "", "/all");
  return act(async () => renderApp(<Frame />, liveEngine([task({ id: "a", title, ...fields })])));
}

const kept = (name = LAST_VIEW): LastView => JSON.parse(localStorage.getItem(name) ?? "null");
const change = (values: Partial<LastView>) => localStorage.setItem(LAST_VIEW, JSON.stringify({ ...kept(), ...values }));

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  enterAccount(null);
  localStorage.setItem("sign-in", "null");
  document.head.innerHTML = '<link rel="stylesheet" href="/a.css">';
  drawn();
});

test("a list that was left is drawn by the next start at its address", async () => {
  const { unmount } = await show("Milk <b>& bread</b>");
  leave();
  unmount();
  expect(drawn()).toContain("Milk <b>& bread</b>");
  expect(drawn("/today")).toBe("");
  expect(drawn("/all?q=milk")).toBe("");
});

test("it is a picture alone: nobody who looks for the list finds it there", async () => {
  const { container } = await show("Milk");
  expect(container.querySelectorAll("[data-task], [data-add], [data-list]").length).toBe(3);
  leave();
  const picture = document.createElement("div");
  picture.innerHTML = kept().html;
  expect(picture.querySelector("[data-task], [data-add], [data-list], [id], [data-connection=live]")).toBeNull();
  expect(picture).not.toHaveTextContent("For a moment");
});

test.each<[string, Partial<LastView>]>([
  ["another build", { build: "/a.css,/c.css" }],
  ["another width", { width: 1 }],
  ["another height", { height: 1 }],
  ["another day", { until: Date.now() - 1 }],
  ["a clock that was put back", { from: Date.now() + 60_000 }],
])("it is not drawn for %s", async (_, values) => {
  await show("Milk");
  leave();
  expect(drawn()).toContain("Milk");
  change(values);
  expect(drawn()).toBe("");
});

test("it is kept until the person's day ends", async () => {
  await show("Milk");
  leave();
  const { from, until } = kept();
  const day = today("Europe/Rome", from);
  expect([today("Europe/Rome", until - 1), today("Europe/Rome", until) > day]).toEqual([day, true]);
});

test("it is kept until the next open task is overdue, which reads otherwise", async () => {
  const at = new Date(Date.now() + 5_000).toISOString();
  await show("Milk", { due: { at, time_zone: "Europe/Rome" } });
  leave();
  expect(kept().until).toBe(Date.parse(at));
});

test("of a page that is left it is made once, and anew of a hidden window that is closed after a change", async () => {
  const { engine } = await show("Milk");
  const written = jest.spyOn(Storage.prototype, "setItem");
  leave();
  expect(written).toHaveBeenCalledTimes(1);
  act(() => void engine.mutate([{ op: "create", task: { id: "b", title: "Bread" } }]));
  Object.defineProperty(document, "visibilityState", { configurable: true, value: "hidden" });
  fireEvent(window, new Event("pagehide"));
  Reflect.deleteProperty(document, "visibilityState");
  expect(drawn()).toContain("Bread");
});

test("nothing is kept of what would take the device too much space", async () => {
  await show("Milk");
  leave();
  act(() => document.querySelector("[data-passing]")?.after("x".repeat(200_000)));
  leave();
  expect(kept()).toBeNull();
});

test("a picture goes by itself where no list comes", async () => {
  await show("Milk");
  leave();
  jest.useFakeTimers();
  const place = document.body.appendChild(document.createElement("div"));
  place.id = LAST_VIEW;
  new Function(DRAW)();
  expect(place).toHaveTextContent("Milk");
  jest.advanceTimersByTime(3_000);
  jest.useRealTimers();
  expect(place).toBeEmptyDOMElement();
  place.remove();
});

test.each([
  ["until the list is there", true, true, 0],
  ["for a second where it is there, but not in the person's language", true, false, 1_000],
  ["for a second where it does not come", false, true, 1_000],
])("the picture stays %s", async (_, loaded, translated, after) => {
  jest.useFakeTimers();
  const onThere = jest.fn();
  const engine = loaded ? liveEngine() : new Engine();
  await act(async () =>
    renderApp(
      <Translated value={translated}>
        <WhenThere onThere={onThere} />
      </Translated>,
      engine,
    ),
  );
  if (after > 0) expect(onThere).not.toHaveBeenCalled();
  act(() => jest.advanceTimersByTime(after));
  expect(onThere).toHaveBeenCalledTimes(1);
  jest.useRealTimers();
});

test("what cannot be read is not drawn, and hurts nothing", () => {
  localStorage.setItem(LAST_VIEW, "{");
  expect(drawn()).toBe("");
});

test("a change, wherever it was made, makes it a thing of the past", async () => {
  const { engine } = await show("Milk");
  leave();
  act(() => void engine.mutate([{ op: "create", task: { id: "b", title: "Bread" } }]));
  expect(kept()).toBeNull();
  leave();
  await waitFor(() => expect(drawn()).toContain("Bread"));
});

test.each<[string, () => unknown]>([
  ["words in the line that adds", () => userEvent.type(screen.getByLabelText("Add a task"), "half a")],
  ["tasks that are marked", () => act(() => selection.getState().toggle("a"))],
  ["a window that lies over it", () => document.querySelector("[data-frame]")?.setAttribute("aria-hidden", "true")],
  ["an open task", () => history.replaceState(null, "", "/all?task=a")],
  [
    "a list that is scrolled",
    () => Object.assign(document.querySelector("[data-list]") as HTMLElement, { scrollTop: 9 }),
  ],
])("nothing is kept of %s, which a start does not have", async (_, begin) => {
  await show("Milk");
  leave();
  await begin();
  leave();
  expect(kept()).toBeNull();
  act(() => selection.getState().clear());
});

const ME = { id: "https://id me", name: "Me" };

async function signedIn() {
  localStorage.setItem("sign-in", '{"issuer":"https://id"}');
  rememberAccount(ME);
  enterAccount(ME.id);
  return show("Milk");
}

test("with sign-in it is drawn in the windows of the person alone, who was the last to sign in", async () => {
  await signedIn();
  leave();
  expect(drawn()).toContain("Milk");
  sessionStorage.clear(); // another window
  expect(drawn()).toBe("");
  enterAccount(ME.id);
  expect(drawn()).toContain("Milk");
  localStorage.setItem("account", "https://id other");
  expect(drawn()).toBe("");
  localStorage.setItem("account", ME.id);
  localStorage.removeItem(`account ${ME.id}`);
  expect(drawn()).toBe("");
});

test("a sign-out takes it away, and a window that is still open keeps none anew", async () => {
  await signedIn();
  leave();
  forgetAccount(ME.id);
  expect([drawn(), kept(`${LAST_VIEW} ${ME.id}`)]).toEqual(["", null]);
  leave();
  expect(kept(`${LAST_VIEW} ${ME.id}`)).toBeNull();
});
