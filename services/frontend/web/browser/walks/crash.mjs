// The backend dies by kill -9 while changes are on their way: the page says so, and nothing is lost or doubled.
import assert from "node:assert/strict";
import { add, eventually, live, row, sent, strike, titled, titles, walk } from "../window.mjs";

const CHANGES = 12;
const KILLED_AT = 4;

await walk(async (open) => {
  const [one, other] = [await open("/all"), await open("/all")];
  const words = titled("Held");
  const wanted = Array.from({ length: CHANGES }, (_, number) => `${words} ${String(number).padStart(2, "0")}`);
  for (const [number, title] of wanted.entries()) {
    if (number === KILLED_AT) strike("backend");
    await add(one, title);
  }
  for (const page of [one, other]) {
    await page.locator("[data-search]").fill(words);
    await eventually(async () => assert.equal(await page.locator("[data-task]").count(), CHANGES));
    for (const title of wanted) await row(page, title).waitFor();
  }
  await sent(one);
  assert.deepEqual(await titles(words), wanted);

  const pill = one.locator("[data-connection]").first();
  await eventually(async () => {
    strike("backend"); // as often as it is started again
    assert.notEqual(await pill.getAttribute("data-connection"), "live");
  });
  await add(one, `${words} while it is away`);
  for (const page of [one, other]) await live(page);
  await row(other, `${words} while it is away`).waitFor();
  assert.equal((await titles(words)).length, CHANGES + 1);
});
