// Files in and out: what would come of one is seen first, with the lines that could not be read; it is taken back as one.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually, held, titled, titles, walk } from "../window.mjs";

await walk(async (open) => {
  const page = await open("/transfer");
  const main = page.getByRole("main");
  const words = titled("From a file");
  const lines = [`(A) ${words} one +home due:2031-05-05`, `${words} two due:2031-13-45`, `x 2026-11-20 ${words} three`];
  await choose(page, "todo.txt", lines.join("\n"));
  await main.getByRole("status").getByText("3 to be created").waitFor();
  const unread = main.locator("li", { hasText: "month must be in 1..12" });
  await unread.getByText("Line 2").waitFor();
  assert.deepEqual(await titles(words), [], "nothing is taken before it is asked for");

  await main.getByRole("button", { name: "Import 3 tasks" }).click();
  await main.getByRole("status").getByText("3 created").waitFor();
  const [one, , three] = await held(words);
  assert.equal(one.title, `${words} one`);
  assert.equal(one.due.date, "2031-05-05");
  assert.equal(three.status, "completed");
  await main.getByRole("button", { name: "Undo" }).click();
  await eventually(async () => assert.deepEqual(await titles(words), []));

  await choose(page, "todo.txt", lines[0]);
  await main.getByRole("button", { name: "Import 1 task" }).click();
  await main.getByRole("button", { name: "Close" }).click();
  const kept = (await held(words))[0];
  await replaced(page, main, words, await exported(page, main), kept);
  await refused(page, main);
});

async function choose(page, name, text) {
  const file = { name, mimeType: "text/plain", buffer: Buffer.from(text) };
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
}

/** Every format is handed to the browser under its name; JSON holds all there is. */
async function exported(page, main) {
  for (const [label, name, start] of [
    ["Calendar (ics)", "tasks.ics", "BEGIN:VCALENDAR"],
    ["todo.txt", "todo.txt", ""],
    ["JSON", "tasks.json", "{"],
  ]) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      main.getByRole("button", { name: label }).click(),
    ]);
    assert.match(download.suggestedFilename(), new RegExp(`^tasks.*\\.${name.split(".")[1]}$|^todo\\.txt$`));
    const text = await readFile(await download.path(), "utf8");
    assert.ok(text.startsWith(start), text.slice(0, 80));
    if (label === "JSON") return text;
  }
}

/** What is there already is left as it is, or replaced by what the file says of it. */
async function replaced(page, main, words, file, { id, title }) {
  const { tasks, ...rest } = JSON.parse(file);
  const mine = tasks.find((task) => task.id === id);
  await choose(page, "tasks.json", JSON.stringify({ ...rest, tasks: [{ ...mine, title: `${title}, mended` }] }));
  await main.getByRole("status").getByText("1 to be skipped").waitFor();
  await main.getByRole("button", { name: "Nothing to import" }).waitFor();
  await main.getByLabel("Tasks that are there already").selectOption("replace");
  await main.getByRole("status").getByText("1 to be replaced").waitFor();
  await main.getByRole("button", { name: "Import 1 task" }).click();
  await main.getByRole("status").getByText("1 replaced").waitFor();
  assert.deepEqual(await titles(words), [`${title}, mended`]);
  await main.getByRole("button", { name: "Close" }).click();
}

/** Of a file that is none at all nothing is taken, and it is said why. */
async function refused(page, main) {
  await choose(page, "broken.json", "this is no JSON");
  await main.getByText("Line 1: not JSON").waitFor();
  assert.ok(await main.getByRole("button", { name: "Nothing to import" }).isDisabled());
}
