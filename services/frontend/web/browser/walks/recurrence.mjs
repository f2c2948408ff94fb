// How a task comes back: a common choice, a rule put together from its parts, and one as text; with its next five dates.
import assert from "node:assert/strict";
import { ask, details, eventually, held, sent, titled, walk } from "../window.mjs";

await walk(async (open) => {
  const title = titled("Clean the gutters");
  await ask("POST", "/api/tasks", { title, due: { date: "2031-05-05" } }); // a Monday
  const page = await open(`/all?q=${encodeURIComponent(title)}`);
  const pane = await details(page, title);
  const field = pane.getByRole("group", { name: "Repeat" });
  const choose = (name, value) => field.getByRole("combobox", { name, exact: true }).selectOption(value);
  const rule = (wanted) =>
    eventually(async () => assert.equal((await held(title))[0].recurrence?.rrule ?? null, wanted));

  await choose("Repeat", { label: "Every weekday" });
  await rule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR");
  await dates(field, title, ["May 6", "May 7", "May 8", "May 9", "May 12"]);

  await choose("Repeat", { label: "Own rule" });
  await field.getByLabel("How many").fill("2");
  for (const name of ["Tue", "Wed", "Fri"]) await field.getByRole("button", { name }).click();
  await rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH");
  await dates(field, title, ["May 8", "May 19", "May 22", "Jun 2", "Jun 5"]);

  await choose("Unit", "MONTHLY");
  await choose("On which day of the month", { label: "on the first Monday" });
  await field.getByLabel("How many").fill("1");
  await choose("Ends", "count");
  await field.getByLabel("How often at all").fill("4");
  await rule("FREQ=MONTHLY;BYDAY=1MO;COUNT=4");
  await dates(field, title, ["Jun 2", "Jul 7", "Aug 4"]);
  await choose("Ends", "until");
  await field.getByLabel("Last day").fill("2031-07-31");
  await rule("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20310731");
  await dates(field, title, ["Jun 2", "Jul 7"]);
  await asText(field, rule);

  await choose("Counted from", "from_completion");
  await sent(page);
  await eventually(async () => assert.equal((await held(title))[0].recurrence.mode, "from_completion"));
  await choose("Repeat", { label: "Never" });
  await rule(null);
});

/** The next dates are those that the platform will make. */
async function dates(field, title, wanted) {
  await eventually(async () => {
    const shown = await field.locator("p span").allInnerTexts();
    assert.deepEqual(
      shown.map((text) =>
        text
          .replace(/^\w+, /, "")
          .replace(/, \d+$/, "")
          .trim(),
      ),
      wanted,
    );
  });
  const [{ id }] = await held(title);
  const { items } = await ask("GET", `/api/tasks/${id}/occurrences?count=5`);
  assert.equal(items.length, wanted.length);
}

/** Any rule can be written; one that is none is not kept, and it is said why. */
async function asText(field, rule) {
  const text = field.getByLabel("As text");
  await text.fill("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=99999");
  await text.press("Enter");
  await field.getByRole("alert").waitFor();
  await rule("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20310731");
  await text.fill("FREQ=YEARLY;BYMONTH=5,10;BYDAY=-1SU");
  await text.press("Enter");
  await rule("FREQ=YEARLY;BYMONTH=5,10;BYDAY=-1SU");
}
