// What axe finds wrong in a page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The violations of a page as it stands, each with the elements that it is about. */
export async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async (values) => {
    const still = document.getAnimations().filter(({ playState }) => playState === "running");
    await Promise.allSettled(still.map(({ finished }) => finished)); // half-way a contrast is not what it will be
    const { violations: found } = await globalThis.axe.run(document, { runOnly: { type: "tag", values } });
    return found.map(({ id, nodes }) => {
      const elements = nodes.map(({ target, any }) => `${target.join(" ")} ${any[0]?.message ?? ""}`);
      return `${id}: ${elements.join("; ")}`;
    });
  }, RULES);
}
