import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Task } from "@/api/types";
import type { Engine } from "@/store/engine";
import { liveEngine, renderApp, task } from "../../../test/render";
import { useShown } from "../app/context";
import Details from "./Details";
import { dueFrom, partsOf } from "./DueField";

const asked: { url: string; body: unknown }[] = [];

beforeEach(() => {
  asked.length = 0;
  globalThis.fetch = (async (url: string, options: RequestInit) => {
    asked.push({ url, body: options.body ? JSON.parse(String(options.body)) : null });
    const body = url.startsWith("/api/occurrences")
      ? { items: [{ date: "2026-12-08" }] }
      : { items: [], next_cursor: null };
    return { ok: true, status: 200, json: async () => body, headers: new Headers() };
  }) as unknown as typeof fetch;
});

function Shown() {
  const shown = useShown(({ tasks }) => tasks.get("a"));
  return shown ? <Details task={shown} /> : null;
}

function show(fields: Partial<Task> = {}): Engine {
  const engine = liveEngine([task({ id: "a", title: "Pay rent", ...fields })], { send: () => new Promise(() => {}) });
  renderApp(<Shown />, engine);
  return engine;
}

const shownTask = (engine: Engine) => engine.store.getState().tasks.get("a");

test("the title is changed in place, and an empty one comes back", async () => {
  const engine = show();
  const title = screen.getByRole("textbox", { name: "Title" });
  await userEvent.clear(title);
  await userEvent.type(title, "Pay the rent{Enter}");
  expect(shownTask(engine)?.title).toBe("Pay the rent");
  await userEvent.clear(title);
  await userEvent.tab();
  expect(shownTask(engine)?.title).toBe("Pay the rent");
  expect(title).toHaveValue("Pay the rent");
});

test("tags are added once, whatever their case, and removed", async () => {
  const engine = show({ tags: ["home"] });
  await userEvent.type(screen.getByRole("combobox", { name: "Add a tag" }), "#Money{Enter}HOME{Enter}");
  expect(shownTask(engine)?.tags).toEqual(["home", "Money"]);
  await userEvent.click(screen.getByRole("button", { name: "Remove the tag home" }));
  expect(shownTask(engine)?.tags).toEqual(["Money"]);
});

test("a repetition shows its next dates, as the platform computes them", async () => {
  const engine = show({ due: { date: "2026-12-01" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Repeat" }), "weekly");
  expect(shownTask(engine)?.recurrence).toEqual({ rrule: "FREQ=WEEKLY", mode: "from_due" });
  expect(await screen.findByText(/Dec 8/)).toBeVisible();
  expect(asked.find(({ url }) => url === "/api/occurrences")?.body).toEqual({
    due: { date: "2026-12-01" },
    recurrence: { rrule: "FREQ=WEEKLY", mode: "from_due" },
    count: 5,
  });
});

test("a rule of one's own is put together from its parts", async () => {
  const engine = show({
    due: { date: "2026-12-01" },
    recurrence: { rrule: "FREQ=WEEKLY;INTERVAL=2;COUNT=9", mode: "from_due" },
  });
  await userEvent.click(screen.getByRole("button", { name: "Fri" }));
  await userEvent.click(screen.getByRole("button", { name: "Mon" }));
  expect(shownTask(engine)?.recurrence?.rrule).toBe("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=9");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Counted from" }), "from_completion");
  expect(shownTask(engine)?.recurrence?.mode).toBe("from_completion");
});

test("a rule that is put together stays an own one, also while it is like a common one", async () => {
  const engine = show({ due: { date: "2026-12-01" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Repeat" }), "own");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Unit" }), "MONTHLY");
  expect(screen.getByRole("combobox", { name: "Repeat" })).toHaveValue("own");
  await userEvent.selectOptions(
    screen.getByRole("combobox", { name: "On which day of the month" }),
    "on the first Tuesday",
  );
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Ends" }), "count");
  expect(shownTask(engine)?.recurrence?.rrule).toBe("FREQ=MONTHLY;BYDAY=1TU;COUNT=10");
});

test("without a due date there is no repetition, and no reminder before it", async () => {
  const engine = show({
    due: { date: "2026-12-01" },
    recurrence: { rrule: "FREQ=DAILY", mode: "from_due" },
    reminders: [
      { id: "r1", before: "P1D", at: "2026-11-30T08:00:00Z", status: "scheduled", seq: 1 },
      { id: "r2", before: null, at: "2026-11-29T08:00:00Z", status: "scheduled", seq: 1 },
    ],
  });
  await userEvent.click(screen.getByRole("button", { name: "Remove the due date" }));
  expect(shownTask(engine)).toMatchObject({ due: null, recurrence: null, reminders: [{ id: "r2" }] });
});

test("reminders are added and removed one by one", async () => {
  const engine = show({ due: { date: "2026-12-01" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Add a reminder" }), "P1D");
  expect(shownTask(engine)?.reminders).toMatchObject([{ before: "P1D" }]);
  await userEvent.click(screen.getByRole("button", { name: "Remove the reminder: 1 day before" }));
  expect(shownTask(engine)?.reminders).toEqual([]);
});

test("a reminder comes as long before as a person says, and Enter adds it", async () => {
  const engine = show({ due: { date: "2026-12-01" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Add a reminder" }), "Another time before");
  const count = screen.getByRole("spinbutton", { name: "How many" });
  expect(count).toHaveFocus();
  await userEvent.clear(count);
  expect(screen.getByRole("button", { name: "Add" })).toBeDisabled();
  await userEvent.type(count, "400");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Unit" }), "days");
  expect(screen.getByRole("button", { name: "Add" })).toBeDisabled();
  await userEvent.type(count, "{Backspace}{Backspace}{Enter}");
  expect(shownTask(engine)?.reminders).toMatchObject([{ before: "P4D" }]);
  expect(screen.getByText(/4 days before/)).toBeVisible();
  expect(screen.getByRole("combobox", { name: "Add a reminder" })).toHaveFocus();
});

test("a reminder of one's own can be left as it was", async () => {
  const engine = show({ due: { date: "2026-12-01" } });
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Add a reminder" }), "At a time of my own");
  expect(screen.getByLabelText("Remind me at")).toHaveFocus();
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(screen.getByRole("combobox", { name: "Add a reminder" })).toHaveFocus();
  expect(shownTask(engine)?.reminders).toEqual([]);
});

test("a span that was written elsewhere is told as that span", async () => {
  const AT = "2026-11-30T08:00:00Z";
  const given = ["PT2H", "P1DT30M", "P2W", "P0D"];
  const reminders = given.map((before) => ({ id: before, before, at: AT, status: "scheduled" as const, seq: 1 }));
  show({ due: { date: "2026-12-01" }, reminders });
  const told = ["2 hours before", "1 day 30 minutes before", "2 weeks before", "When it is due"];
  for (const text of told) expect(await screen.findByText(text, { selector: "bdi" })).toBeVisible();
});

test("the name that a program knows the task by can be seen and changed, where there is one", async () => {
  const engine = show({ external_id: "calendar-7" });
  const field = screen.getByRole("textbox", { name: "External ID" });
  expect(field).toHaveValue("calendar-7");
  await userEvent.type(field, "{Backspace}8{Enter}");
  expect(shownTask(engine)?.external_id).toBe("calendar-8");
  await userEvent.clear(field);
  await userEvent.tab();
  expect(shownTask(engine)?.external_id).toBeNull();
  expect(screen.queryByRole("textbox", { name: "External ID" })).not.toBeInTheDocument();
});

test("each form of a due survives being edited", () => {
  for (const due of [{ date: "2026-12-01" }, { local: "2026-12-01T09:00" }]) expect(dueFrom(partsOf(due))).toEqual(due);
  const at = { at: "2026-12-01T09:00:00+01:00", time_zone: "Europe/Rome" };
  expect(dueFrom(partsOf(at))).toEqual(at);
});
