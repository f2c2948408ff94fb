// The size of a phone: everything fits its width, and a finger reaches it.
import assert from "node:assert/strict";
import { devices } from "playwright-core";
import { add, gone, row, titled, walk } from "../window.mjs";

/** Nothing stands out of the width of the window. */
async function fits(page) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.ok(scrollWidth <= clientWidth, `${page.url()} is ${scrollWidth} px wide in a window of ${clientWidth} px`);
}

/** What an empty input shows is read to its end. */
async function hintFits(input) {
  const { needed, room } = await input.evaluate((element) => {
    const { fontFamily, fontSize, fontWeight, letterSpacing, paddingLeft, paddingRight } = getComputedStyle(element);
    const text = document.createElement("span");
    text.textContent = element.placeholder;
    Object.assign(text.style, {
      fontFamily,
      fontSize,
      fontWeight,
      letterSpacing,
      position: "fixed",
      whiteSpace: "pre",
    });
    document.body.append(text);
    const needed = text.getBoundingClientRect().width;
    text.remove();
    return { needed, room: element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) };
  });
  assert.ok(needed > 50 && needed <= room, `the hint is ${needed} px wide in an input of ${room} px`);
}

await walk(async (open) => {
  const { defaultBrowserType: _, ...phone } = devices["iPhone 13"];
  const page = await open("/all", phone);
  const small = await open("/all", { ...phone, viewport: { width: 320, height: 568 } });
  for (const one of [page, small]) {
    await fits(one);
    await hintFits(one.locator("[data-add]"));
  }
  const title = titled("A title that is far longer than a phone is wide, which has to end somewhere");
  await add(page, title);
  await fits(page);
  await row(page, title).locator("[data-open]").tap();
  await page.waitForURL(/[?&]task=/);
  await page.getByLabel("Due day").waitFor();
  await fits(page);
  await page.goBack();
  await row(page, title).getByRole("checkbox").tap();
  await gone(page, title);
  await page.getByRole("button", { name: "More" }).tap();
  const views = page.getByRole("dialog").locator("a[href^='/']");
  await views.first().waitFor();
  const paths = await views.evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  await page.getByRole("dialog").getByRole("link", { name: "Completed" }).tap();
  await page.waitForURL("**/completed");
  await row(page, title).waitFor();
  for (const path of new Set(paths)) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await fits(page);
  }
});
