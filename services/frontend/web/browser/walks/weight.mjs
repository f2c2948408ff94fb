// What a list costs before it shows: all scripts that are fetched for it, as they come over the wire.
import assert from "node:assert/strict";
import { ask, row, titled, walk } from "../window.mjs";

const BUDGET = 200_000;

await walk(async (open) => {
  const page = await open("/settings");
  const title = titled("Light as a feather");
  await ask("POST", "/api/tasks", { title });
  const context = await page.context().browser().newContext({ baseURL: process.env.PAGE, serviceWorkers: "block" });
  const fresh = await context.newPage();
  const scripts = [];
  fresh.on("requestfinished", (request) => request.resourceType() === "script" && scripts.push(request));
  await fresh.goto("/all");
  await row(fresh, title).waitFor();
  const sizes = await Promise.all(
    scripts.map(async (request) => [new URL(request.url()).pathname, (await request.sizes()).responseBodySize]),
  );
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  const told = sizes.map(([path, size]) => `${size} ${path}`).join("\n");
  assert.ok(scripts.length > 3 && all > 50_000, `these are not all:\n${told}`);
  assert.ok(all <= BUDGET, `${all} bytes are more than ${BUDGET}:\n${told}`);
});
