/**
 * What axe-core finds in a page: the rules that were broken, each with the elements that break it.
 */
import { createRequire } from "node:module"
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** Findings of all rules, also those that are best practice, in what the widget shows. */
export const findings = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(source)
  return page.evaluate(
    `axe.run({ include: ["assent-widget"] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))`,
  )
}
