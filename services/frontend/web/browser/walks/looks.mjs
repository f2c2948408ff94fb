// Every view, empty, full and failing, in light, in dark and on a phone: axe finds no violation in any of them.
import { violations } from "../axe.mjs";
import { HARD, make, TASKS } from "../samples.mjs";
import { ask, details, row, walk, wrong } from "../window.mjs";

const LISTS = ["/today", "/upcoming", "/overdue", "/all", "/completed", "/tags", "/tags/home"];
const SIZE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const STYLES = {
  light: SIZE,
  dark: { ...SIZE, colorScheme: "dark" },
  phone: PHONE,
  "phone, dark": { ...PHONE, colorScheme: "dark" },
};

await walk(async (open) => {
  const pages = {};
  for (const [style, options] of Object.entries(STYLES)) pages[style] = await open("/today", options);
  const paths = await views(pages.light);
  for (const style of ["light", "phone"]) await lookAtAll(pages[style], paths, `${style}, empty`);
  await make([...TASKS, ...HARD]);
  const [first] = (await ask("GET", "/api/tasks?limit=1")).items;
  await ask("POST", `/api/tasks/${first.id}/complete`, {});
  for (const [style, page] of Object.entries(pages)) {
    await lookAtAll(page, paths, style);
    await lookCloser(page, style);
  }
  await fail(pages.light, paths);
});

/** The addresses of all views that the page offers. */
async function views(page) {
  const links = page.locator("aside a[href^='/']");
  await links.first().waitFor();
  const found = await links.evaluateAll((all) => all.map((link) => new URL(link.href).pathname));
  return [...new Set([...LISTS, ...found])];
}

async function look(page, name) {
  wrong.push(...(await violations(page)).map((violation) => `${name}: ${violation}`));
}

async function lookAtAll(page, paths, style) {
  for (const path of paths) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => !/^Loading/m.test(document.querySelector("main")?.innerText ?? ""));
    await look(page, `${path} ${style}`);
  }
}

/** What opens over a list: a task, the filters, and on a large screen the keys and the palette. */
async function lookCloser(page, style) {
  await page.goto("/all");
  await details(page, "Prepare the workshop");
  await page.getByText("an agenda").first().waitFor();
  await page.getByText("History", { exact: true }).waitFor();
  await look(page, `details ${style}`);
  await page.goto("/all?q=nothing-has-this-title");
  await page.getByText("Nothing matches").waitFor();
  await look(page, `nothing found ${style}`);
  await page.goto("/today");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("dialog", { name: "Filter" }).waitFor();
  await look(page, `filter ${style}`);
  if (style.startsWith("phone")) return;
  await page.goto("/today");
  await row(page, "Pay the rent").waitFor();
  for (const keys of ["?", "Control+k"]) {
    await page.keyboard.press(keys);
    await page.getByRole("dialog").waitFor();
    await look(page, `${keys} ${style}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
}

/** Views whose content the platform refuses say so, with a way to ask again. */
async function fail(page, paths) {
  await page.route(/\/api\/(?!me$|tasks)/, (route) =>
    route.fulfill({ status: 400, json: { title: "Bad Request", status: 400, detail: "It is refused." } }),
  );
  for (const path of paths) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(page, `${path}, refused`);
  }
  await page.goto("/notifications");
  await page.getByRole("button", { name: "Try again" }).waitFor();
}
