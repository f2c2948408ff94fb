// Without a network reading and writing go on, over a reload too; what was written is sent once, in its order.
import assert from "node:assert/strict";
import {
  add,
  details,
  eventually,
  gone,
  held,
  live,
  row,
  sent,
  shows,
  titled,
  titles,
  waiting,
  walk,
} from "../window.mjs";

await walk(async (open) => {
  const [away, home] = [await open("/all"), await open("/all")];
  const words = titled("From the train");
  const made = (name) => `${words} ${name}`;
  const calls = follow(away);
  await add(away, made("one"));
  await row(home, made("one")).waitFor();
  await away.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await sent(away);
  calls.length = 0;

  await away.context().setOffline(true);
  await shows(away, '[data-connection="offline"]');
  await add(away, made("two"));
  await add(away, made("three"));
  await rename(away, made("one"), made("one, mine"));
  await waiting(away, 3);
  await away.reload();
  await waiting(away, 3);
  for (const name of ["one, mine", "two", "three"]) await row(away, made(name)).waitFor();
  await add(away, made("four"));
  await waiting(away, 4);
  await rename(home, made("one"), made("one, theirs"));
  await sent(home);
  assert.deepEqual(await titles(words), [made("one, theirs")]);

  await away.context().setOffline(false);
  await live(away);
  for (const name of ["two", "three", "four"]) await row(home, made(name)).waitFor();
  await sent(away);
  const wanted = ["one, theirs", "two", "three", "four"].map(made);
  assert.deepEqual(await titles(words), wanted);
  const took = calls.filter(({ status }) => status === 200);
  assert.deepEqual(
    took.map(({ title }) => title),
    wanted.slice(1),
    "sent in the order they were made in",
  );
  assert.equal(new Set(took.map(({ key }) => key)).size, 3);

  await settle(away, home, made);
  await complete(away, home, made("two"));
  assert.equal((await held(words)).length, 4);
});

async function rename(page, from, to) {
  const pane = await details(page, from);
  await pane.getByLabel("Title").fill(to);
  await page.keyboard.press("Enter");
  await row(page, to).waitFor();
  await page.getByRole("button", { name: "Close" }).last().click();
}

/** What both changed is no one's to decide but the person's: both are shown, and mine is taken. */
async function settle(away, home, made) {
  const banner = away.getByRole("alert");
  await banner.getByText("1 change could not be saved").waitFor();
  await banner.getByRole("button", { name: "Review" }).click();
  const dialog = away.getByRole("dialog");
  await dialog.getByText(made("one, theirs")).first().waitFor();
  await dialog.getByRole("button", { name: "Keep mine" }).click();
  await row(home, made("one, mine")).waitFor();
  await gone(home, made("one, theirs"));
}

async function complete(away, home, title) {
  await row(away, title).getByRole("checkbox").click();
  await gone(home, title);
  await eventually(async () => assert.equal((await held(title))[0].status, "completed"));
}

/** The changes that a window sends, each with its key, its first title, and what it was answered with. */
function follow(page) {
  const calls = [];
  page.on("response", (response) => {
    const request = response.request();
    if (!request.url().endsWith("/api/tasks/batch")) return;
    const [operation] = request.postDataJSON().operations;
    calls.push({ key: request.headers()["idempotency-key"], title: operation.task?.title, status: response.status() });
  });
  return calls;
}
