// The whole walk, in two windows at once: whatever one does, the other shows by itself.
import assert from "node:assert/strict";
import { ask, details, eventually, gone, held, row, said, sent, titled, titles, walk } from "../window.mjs";

await walk(async (open) => {
  const [one, other] = [await open("/all"), await open("/all")];
  const name = titled("Water the plants");

  await one.locator("[data-add]").fill(`${name} tomorrow every week !high #garden`);
  await one.locator("form output").getByText("every week").waitFor();
  await one.keyboard.press("Enter");
  await row(other, name).getByText("#garden").waitFor();
  const [made] = await held(name);
  assert.equal(made.title, name);
  assert.equal(made.priority, "high");
  assert.deepEqual(made.tags, ["garden"]);
  assert.match(made.recurrence.rrule, /FREQ=WEEKLY/);

  const better = `${name} on the balcony`;
  const pane = await details(one, name);
  await pane.getByLabel("Title").fill(better);
  await one.keyboard.press("Enter");
  await row(other, better).waitFor();
  await edit(one, better);
  await compare(other, better);

  await search(other, name, better);
  await complete(one, other, better);
  await remove(one, other, better);
  await remind(one, other);
  assert.equal((await titles(name)).length, 2, "the task and its next occurrence, each once");
});

/** Everything there is to a task, by its controls. */
async function edit(page, title) {
  const pane = page.getByRole("complementary", { name: `Task: ${title}` });
  await pane.getByLabel("Description").fill("Not **too much**:\n\n- basil\n- thyme");
  await pane.getByLabel("Due day").fill("2031-05-05");
  await pane.getByLabel("Due time").fill("18:30");
  await pane.getByRole("combobox", { name: "Repeat" }).selectOption({ label: "Every day" });
  await pane.getByText(/Next: .*6 May 2031|Next: .*May 6, 2031/).waitFor();
  await pane.getByLabel("Add a reminder").selectOption({ label: "30 minutes before" });
  await pane.getByRole("button", { name: "Remove the reminder: 30 minutes before" }).waitFor();
  await pane.getByLabel("Add a tag").fill("balcony");
  await page.keyboard.press("Enter");
  await sent(page);
}

/** The other window has it all, without having been touched; and the platform holds it. */
async function compare(page, title) {
  await row(page, title).getByText("#balcony").waitFor();
  const pane = await details(page, title);
  await pane.locator("strong", { hasText: "too much" }).waitFor();
  await pane.locator("li", { hasText: "thyme" }).waitFor();
  assert.equal(await pane.getByLabel("Due day").inputValue(), "2031-05-05");
  assert.equal(await pane.getByLabel("Due time").inputValue(), "18:30");
  assert.equal(await pane.getByRole("combobox", { name: "Repeat" }).inputValue(), "daily");
  await pane.getByRole("button", { name: "Remove the reminder: 30 minutes before" }).waitFor();
  await page.keyboard.press("Escape");
  await pane.waitFor({ state: "detached" });
  const [task] = await held(title);
  assert.match(task.due.at, /^2031-05-05T18:30/);
  assert.deepEqual([...task.tags].sort(), ["balcony", "garden"]);
  assert.equal(task.reminders[0].before, "PT30M");
}

/** Search and filters narrow the list; the address holds them, so that a link shows the same. */
async function search(page, words, title) {
  await page.locator("[data-search]").fill(words);
  await page.waitForURL(/[?&]q=/);
  await eventually(async () => assert.equal(await page.locator("[data-task]").count(), 1));
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const filter = page.getByRole("dialog", { name: "Filter" });
  await filter.getByRole("button", { name: "Low" }).click();
  await page.getByText("Nothing matches").waitFor();
  await filter.getByRole("button", { name: "Low" }).click();
  await filter.getByRole("button", { name: "High" }).click();
  await row(page, title).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("priority"), "high");
  await page.reload();
  await row(page, title).waitFor();
  assert.equal(await page.locator("[data-search]").inputValue(), words);
  await page.goto("/all");
}

/** Completed here, it leaves there, and what comes next is there; taken back there, all is as it was. */
async function complete(one, other, title) {
  await row(one, title).getByRole("checkbox").click();
  await eventually(async () => assert.equal((await held(title)).length, 2));
  await one.getByRole("button", { name: "Undo" }).last().click();
  await eventually(async () =>
    assert.deepEqual(
      (await held(title)).map(({ status }) => status),
      ["open"],
    ),
  );
  for (const page of [one, other]) await eventually(async () => assert.equal(await row(page, title).count(), 1));
  await row(one, title).getByRole("checkbox").click();
  await eventually(async () => {
    const found = (await held(title)).map(({ status, due }) => `${status} ${due.at.slice(0, 10)}`);
    assert.deepEqual(found, ["completed 2031-05-05", "open 2031-05-06"]);
  });
  for (const page of [one, other]) await eventually(async () => assert.equal(await row(page, title).count(), 1));
}

/** Deleted here, it leaves there, and comes back by the keys that take back. */
async function remove(one, other, title) {
  await row(one, title).locator("[data-open]").focus();
  await one.keyboard.press("Delete");
  await gone(other, title);
  await one.keyboard.press("Control+z");
  await row(other, title).waitFor();
}

/** A reminder that is due shows in both windows, and in the list of notifications. */
async function remind(one, other) {
  const title = titled("Take the bread out");
  await ask("POST", "/api/tasks", { title, reminders: [{ at: new Date(Date.now() + 2_000).toISOString() }] });
  await Promise.all([one, other].map((page) => said(page, title)));
  await one.goto("/notifications");
  await one.getByRole("main").getByText(title).first().waitFor();
}
