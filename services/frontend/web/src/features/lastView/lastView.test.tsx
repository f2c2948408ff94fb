import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef } from "react";
import { enterAccount, forgetAccount, rememberAccount } from "@/lib/account";
import { today } from "@/lib/zones";
import { liveEngine, renderApp, task } from "../../../test/render";
import { ListPage } from "../list/ListPage";
import { selection } from "../tasks/selection";
import { DRAW, LAST_VIEW, type LastView } from "./draw";
import { useKeptView } from "./useKeptView";

function Frame() {
  const frame = useRef<HTMLDivElement>(null);
  useKeptView(frame);
  return (
    <div ref={frame}>
      <output data-connection="live">Live</output>
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

const leave = () => fireEvent(window, new Event("pagehide"));

async function show(title: string) {
  history.replaceState(null, "", "/all");
  return act(async () => renderApp(<Frame />, liveEngine([task({ id: "a", title })])));
}

const kept = (name = LAST_VIEW): LastView => JSON.parse(localStorage.getItem(name) ?? "null");
const change = (values: Partial<LastView>) => localStorage.setItem(LAST_VIEW, JSON.stringify({ ...kept(), ...values }));

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  enterAccount(null);
  localStorage.setItem("sign-in", "null");
  document.head.innerHTML = '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css">';
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
});

test.each<[string, Partial<LastView>]>([
  ["another build", { styles: "/a.css,/c.css" }],
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

test("with sign-in it is drawn in the person's own windows alone, and not once they have signed out", async () => {
  localStorage.setItem("sign-in", '{"issuer":"https://id"}');
  rememberAccount({ id: "https://id me", name: "Me" });
  enterAccount("https://id me");
  const { unmount } = await show("Milk");
  leave();
  expect(drawn()).toContain("Milk");
  sessionStorage.clear(); // another window
  expect(drawn()).toBe("");
  enterAccount("https://id me");
  unmount();
  forgetAccount("https://id me");
  expect([drawn(), kept(`${LAST_VIEW} https://id me`)]).toEqual(["", null]);
});
