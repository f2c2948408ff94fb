// Signing in at an OpenID provider: back at the very view, renewed in silence, over in all windows at once, and nothing
// of one person for the next.
import assert from "node:assert/strict";
import { join } from "node:path";
import { violations } from "../axe.mjs";
import { add, eventually, gone, live, PAGE, row, sent, shows, titled, waiting, walk, wrong } from "../window.mjs";

const { PROVIDER } = process.env;
const VIEW = "/tags/home?q=milk&priority=high";
const heard = async (what) => (await (await fetch(`${PROVIDER}/heard`)).json())[what] ?? 0;
const change = (body) => fetch(`${PROVIDER}/change`, { method: "POST", body: JSON.stringify(body) });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const screen = (page) => page.getByRole("heading", { name: "Sign in to Tasks" }).waitFor();
const address = (page) => page.url().slice(PAGE.length);

await walk(async (open) => {
  await looks(open);
  const one = await open(VIEW, { until: screen });
  assert.equal(address(one), VIEW);
  await one.keyboard.press("Tab");
  await one.keyboard.press("Enter");
  await enterAs(one, "Anna");
  await live(one);
  assert.equal(address(one), VIEW, "back at the very view");
  await one.goto("/all");
  const title = titled("Of Anna");
  await add(one, title);

  const two = await tab(one, "/all");
  await row(two, title).waitFor();
  await renewed(one, two);
  await ended(one, two);
  await away(one, title);
  await copied(one, two);
  await leave(one, two, title);
  await secondPerson(one, title);
  await denied(open);
});

/** A further window of the same browser: nobody is asked who they are. */
async function tab(page, path) {
  const opened = await page.context().newPage();
  await opened.goto(path);
  await live(opened);
  assert.equal(address(opened), path);
  return opened;
}

async function enterAs(page, name) {
  await page.getByLabel("Name").fill(name);
  await button(page, "Enter").click();
}

/** The way in, as it looks and to axe. */
async function looks(open) {
  const styles = {
    light: {},
    dark: { colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    german: { locale: "de-DE", colorScheme: "dark" },
  };
  for (const [style, options] of Object.entries(styles)) {
    const page = await open("/today", { ...options, until: () => {} });
    await page
      .getByRole("heading", { name: style === "german" ? "Bei „Aufgaben“ anmelden" : "Sign in to Tasks" })
      .waitFor();
    wrong.push(...(await violations(page)).map((violation) => `sign-in ${style}: ${violation}`));
    await page.screenshot({ path: join(process.env.KEEP, `sign-in-${style}.png`) });
    if (style === "light") await unreachable(page);
    await page.context().close();
  }
}

async function unreachable(page) {
  await page.route(`${PROVIDER}/**`, (route) => route.abort());
  await button(page, "Sign in").click();
  await page.getByRole("alert").getByText("cannot be reached just now").waitFor();
  wrong.push(...(await violations(page)).map((violation) => `sign-in, unreachable: ${violation}`));
  await page.screenshot({ path: join(process.env.KEEP, "sign-in-unreachable.png") });
  await page.unroute(`${PROVIDER}/**`);
  await button(page, "Try again").click();
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
}

/** Tokens that last for seconds are renewed again and again; both windows stay where they are, and live. */
async function renewed(one, two) {
  const navigations = [];
  for (const page of [one, two]) page.on("framenavigated", (frame) => navigations.push(frame.url()));
  const closes = new Promise((resolve) => one.on("websocket", (socket) => socket.on("close", resolve)));
  const before = await heard("refresh_token");
  await eventually(async () => assert.ok((await heard("refresh_token")) >= before + 6));
  await closes; // at least one connection outlived its token, and was opened anew with the next
  const title = titled("After the renewal");
  await add(one, title);
  await row(two, title).waitFor();
  assert.deepEqual(navigations, []);
  assert.equal(await heard("invalid_grant"), 0);
}

/** A renewal that is refused: reading goes on, changes wait, and go out once the person is back. */
async function ended(one, two) {
  await change({ refuses: true });
  for (const page of [one, two]) await page.getByText("Your sign-in has ended.").waitFor();
  const title = titled("While signed out");
  await add(one, title);
  await waiting(one, 1);
  wrong.push(...(await violations(one)).map((violation) => `ended: ${violation}`));
  await one.screenshot({ path: join(process.env.KEEP, "sign-in-ended.png") });
  await one.reload(); // which asks the provider, who still knows the person
  await change({ refuses: false });
  await live(one);
  await sent(one);
  await button(two, "Sign in again").click();
  await live(two);
  assert.equal(address(two), "/all");
  await row(two, title).waitFor();
}

/** Without a network who was signed in reads on, in this window and in a new one; and is asked before changes are lost. */
async function away(one, title) {
  await one.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await one.context().setOffline(true);
  await one.reload();
  await row(one, title).waitFor();
  await shows(one, '[data-connection="offline"]');
  const later = await one.context().newPage();
  await later.goto("/all");
  await row(later, title).waitFor();
  await later.getByText("The sign-in service cannot be reached").waitFor();
  const made = titled("On the train");
  await add(later, made);
  await later.goto("/settings");
  await button(later, "Sign out").click();
  await later.getByText("1 change has not reached the platform yet").waitFor();
  await later.screenshot({ path: join(process.env.KEEP, "sign-out-unsent.png") });
  await button(later, "Stay signed in").click();
  await later.goto("/all");
  await later.getByText("The sign-in service cannot be reached").waitFor();
  await one.context().setOffline(false);
  await button(later, "Try again").click();
  await live(later);
  await sent(later);
  await later.close();
  await live(one);
  await row(one, made).waitFor();
}

/** A window with the tokens of another, as "duplicate tab" makes it, gets its own and ends nobody's sign-in. */
async function copied(one, two) {
  const kept = await one.evaluate(() => JSON.stringify(sessionStorage));
  const copy = await one.context().newPage();
  await copy.addInitScript((text) => {
    if (sessionStorage.length === 0)
      for (const [name, value] of Object.entries(JSON.parse(text))) sessionStorage[name] = value;
  }, kept);
  await copy.goto("/all");
  await live(copy);
  const tokens = (page) => page.evaluate(() => JSON.stringify(sessionStorage).match(/refresh_token[^,]*/)[0]);
  assert.notEqual(await tokens(copy), await tokens(one));
  const before = [await heard("refresh_token"), await heard("invalid_grant")];
  await eventually(async () => assert.ok((await heard("refresh_token")) >= before[0] + 5));
  assert.equal(await heard("invalid_grant"), before[1]);
  await copy.close();
  for (const page of [one, two]) await live(page);
}

/** Signing out in one window does it in all, here and at the provider, and takes everything along. */
async function leave(one, two, title) {
  await one.goto("/settings");
  await one.getByText("Signed in as Anna.").waitFor();
  await one.screenshot({ path: join(process.env.KEEP, "sign-out.png") });
  await button(one, "Sign out").click();
  await screen(one);
  await one.getByText("You are signed out.").waitFor();
  await screen(two);
  await two.getByText("You signed out in another window.").waitFor();
  await gone(two, title);
  assert.equal(address(two), "/today");
  assert.equal(await heard("ended"), 1);
  for (const page of [one, two]) {
    const left = await page.evaluate(async () => {
      const cached = await Promise.all(
        (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
      );
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), cached]);
    });
    for (const trace of ["Anna", "token", "/api/", "signed-in", title])
      assert.ok(!left.includes(trace), `${trace}: ${left}`);
  }
  await two.reload();
  await screen(two);
  await two.close();
}

/** Who comes next sees nothing of who was there, on the way of a link into the page. */
async function secondPerson(one, title) {
  await one.goto("/all");
  await screen(one);
  await button(one, "Sign in").click();
  await enterAs(one, "Ben");
  await live(one);
  assert.equal(address(one), "/all");
  await one.getByText("No tasks yet").waitFor();
  await add(one, titled("Of Ben"));
  assert.equal(await row(one, title).count(), 0);
  const link = await tab(one, "/tags/garden?q=seeds");
  await link.goto("/settings");
  await link.getByText("Signed in as Ben.").waitFor();
  await link.close();
}

async function denied(open) {
  const page = await open("/upcoming", { until: screen });
  await button(page, "Sign in").click();
  await button(page, "Cancel").click();
  await page.getByRole("alert").getByText("did not let you in, or you cancelled").waitFor();
  assert.equal(address(page), "/upcoming");
}
