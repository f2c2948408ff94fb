// A network that lets no WebSocket through: what others do shows within seconds, and the page says how it stands.
import assert from "node:assert/strict";
import { startProxy } from "../proxy.mjs";
import { add, gone, live, row, sent, shows, titled, walk } from "../window.mjs";

const polling = (page) => shows(page, '[data-connection="polling"]');

const proxy = await startProxy();
try {
  await walk(async (open) => {
    const words = titled("Behind a proxy");
    const made = (name) => `${words} ${name}`;
    const free = await open("/all");
    await add(free, made("one"));

    proxy.sockets = "refused";
    const refused = await open("/all", { baseURL: proxy.url, until: polling });
    await row(refused, made("one")).waitFor();
    await refused.getByRole("status").getByText("No live updates: refreshing every few seconds").waitFor();
    await bothWays(free, refused, made, "two");

    proxy.sockets = "swallowed";
    const swallowed = await open("/all", { baseURL: proxy.url, until: polling });
    await bothWays(free, swallowed, made, "three");

    await refused.context().setOffline(true);
    await shows(refused, '[data-connection="offline"]');
    await add(refused, made("four, offline"));
    await refused.context().setOffline(false);
    await row(free, made("four, offline")).waitFor();
    await polling(refused);

    proxy.sockets = "pass";
    await Promise.all([live(refused), live(swallowed)]);
    const asked = [];
    refused.on("request", (request) => request.url().includes("/api/events") && asked.push(request.url()));
    await bothWays(free, refused, made, "five");
    assert.deepEqual(asked, [], "a window that is live asks nothing");

    proxy.sockets = "refused";
    await polling(refused);
    await bothWays(free, refused, made, "six");
    assert.ok(asked.length > 0);
    const titles = await row(refused, words)
      .or(refused.locator("[data-task]", { hasText: words }))
      .allInnerTexts();
    assert.equal(titles.length, new Set(titles).size, "nothing is there twice");
  });
} finally {
  proxy.stop();
}

/** What is made in one window is seen, changed and seen again in the other, and the other way round. */
async function bothWays(free, blocked, made, name) {
  for (const [from, to] of [
    [free, blocked],
    [blocked, free],
  ]) {
    const title = made(`${name}, ${from === free ? "from the free" : "from the blocked"}`);
    await add(from, title);
    await row(to, title).waitFor();
    await row(to, title).getByRole("checkbox").click();
    await gone(from, title);
    await Promise.all([sent(from), sent(to)]);
  }
}
