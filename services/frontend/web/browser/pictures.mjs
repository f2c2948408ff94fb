// Pictures of the page for the documentation, written to the folder that PICTURES names.
import { join } from "node:path";
import { make, TASKS } from "./samples.mjs";
import { ask, details, row, walk } from "./window.mjs";

const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** The zone in which it is nine in the morning just now: no picture shows a day that is half over. */
const behind = new Date().getUTCHours() - 9;
const timezoneId = behind === 0 ? "UTC" : `Etc/GMT${behind > 0 ? "+" : ""}${Math.min(12, behind)}`;

const take = (page, name) => page.screenshot({ path: join(process.env.PICTURES, `${name}.png`) });

await walk(async (begin) => {
  const open = (path, options) => begin(path, { ...options, timezoneId });
  await ask("PATCH", "/api/me", { time_zone: timezoneId });
  await make(TASKS);
  const done = (await ask("GET", "/api/tasks?q=library")).items[0];
  await ask("POST", `/api/tasks/${done.id}/complete`, {});

  const light = await open("/today", DESKTOP);
  await opened(light);
  await take(light, "page");
  const dark = await open("/upcoming", { ...DESKTOP, colorScheme: "dark" });
  await row(dark, "Book the train to Vienna").waitFor();
  await take(dark, "page-dark");
  const phone = await open("/today", PHONE);
  await row(phone, "Pay the rent").waitFor();
  await take(phone, "page-phone");
});

/** A task is open beside the list, with what was written about it. */
async function opened(page) {
  const pane = await details(page, "Prepare the workshop");
  await pane.locator("strong", { hasText: "agenda" }).waitFor();
  await pane.getByText("Created", { exact: true }).waitFor();
  await page.mouse.move(640, 790);
}
