/** The page of metrics: its text, and in a browser. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Browser, Page } from "playwright-core"
import { chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MetricsPage from "../../adapters/report/metrics/MetricsPage.ts"
import type { MetricsReport } from "../../adapters/report/metrics/MetricsReport.ts"
import { executablePath, isMissing } from "../support/chromium.ts"
import { isLong } from "../support/long.ts"
import * as Reports from "./metricsReports.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

const hostile = `</style></script><script>document.title='taken'</script><img src=//x.test/a onerror=alert(1)>"' &amp; \u202eevil\u0000`

/** A report with a text in every place that the catalog or a visitor fills. */
const everywhere = (text: string): MetricsReport => {
  const renamed = (report: MetricsReport["geographies"]) =>
    report && { ...report, items: report.items.map((item) => ({ ...item, group: `${item.group}${text}` })) }
  return {
    ...Reports.quarter,
    project: { id: text, name: text },
    names: new Map([["newsletter", text]]),
    geographies: renamed(Reports.quarter.geographies),
    domains: renamed(Reports.quarter.domains),
  }
}

/** The text of a page, without markup. */
const wordsOf = (page: string): string =>
  page
    .replaceAll(/<style>.*?<\/style>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/[\s\u00a0]+/g, " ")

describe("the text of a page", () => {
  test.each(Object.entries(Reports.all))("%s: is the same for the same metrics, and loads nothing", (_name, report) => {
    const page = MetricsPage.write(report)
    expect(MetricsPage.write(structuredClone(report))).toBe(page)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\ssrc=|\son\w+=/i)
    expect(page).not.toMatch(/NaN|undefined/)
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000)
  })

  test("says in words that a number is not shown, and why", () => {
    const { geographies } = Reports.quarter
    const hidden = geographies!.items.flatMap(({ counts }) => [...counts.values()]).filter((each) => each === undefined)
    expect(hidden.length).toBeGreaterThan(0)
    const words = wordsOf(MetricsPage.write(Reports.quarter))
    expect(words).toContain("DE-BE 1,546 483 0 not shown 76.2%")
    expect(words).toContain("Numbers from 1 to 4 are not shown, because so few events may be about a known person.")
  })

  test("has the rates by type, the requests by kind and how they ended, and the days to the answer", () => {
    const words = wordsOf(MetricsPage.write(Reports.quarter))
    expect(words).toContain("newsletter (communication, email): 71.1%")
    expect(words).toContain("newsletter (communication, email) 2,680 1,089 0 12 71.1%")
    expect(words).toContain("Requests Access Correction Erasure No sale Received 80 60 40 20")
    expect(words).toContain("Denied: exempt by law 4 3 2 1")
    expect(words).toContain("Access: median 10.5, mean 13.37")
    expect(words).toContain("2 days may still change.")
  })

  test("says of a project without any that there is none, and of too many counts what to do", () => {
    const words = wordsOf(MetricsPage.write(Reports.empty))
    for (const text of ["No consent event was recorded", "No request was received in 2026", "was answered yet"]) {
      expect(words).toContain(text)
    }
    const unread = { ...Reports.quarter, consentTypes: undefined, geographies: undefined, domains: undefined }
    expect(wordsOf(MetricsPage.write(unread)).match(/ask for fewer with --days/g)).toHaveLength(3)
  })

  test("escapes every text", () => {
    const page = MetricsPage.write(everywhere(hostile))
    expect(page).toContain("&lt;script&gt;")
    expect(page).not.toMatch(/<script|<img/i)
    expect(page).not.toContain("\u202e")
    expect(page).not.toContain("\u0000")
    expect(page.match(/<\/style>/g)).toHaveLength(1)
  })
})

// A browser takes some seconds.
describe.skipIf(isMissing || !isLong)("a page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-metrics-"))
  const shown = { ...Reports.all, hostile: everywhere(hostile) }
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    for (const [name, report] of Object.entries(shown)) {
      writeFileSync(join(folder, `${name}.html`), MetricsPage.write(report))
    }
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })
    page = await browser.newPage()
  })

  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (name: string) => page.goto(pathToFileURL(join(folder, `${name}.html`)).href)
  const names = [...Object.keys(Reports.all), "hostile"]

  test.each(names)("%s: asks the network for nothing and needs no sideways scrolling", async (name) => {
    const requested: Array<string> = []
    const note = (request: { readonly url: () => string }) => void requested.push(request.url())
    page.on("request", note)
    for (const width of [320, 390, 820, 1440]) {
      await page.setViewportSize({ width, height: 800 })
      await open(name)
      await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
      expect(await page.evaluate("document.documentElement.scrollWidth"), String(width)).toBeLessThanOrEqual(width)
    }
    page.off("request", note)
    expect(new Set(requested)).toEqual(new Set([pathToFileURL(join(folder, `${name}.html`)).href]))
    expect(await page.title()).toMatch(/^Metrics of/)
  })

  const checked = [["quarter", 390, "dark"] as const, ["quarter", 1440, "light"] as const]
  test.each(checked)("%s: violates no rule of axe at %d px, %s", async (name, width, colorScheme) => {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    await open(name)
    await page.evaluate(axe)
    const found = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))")
    expect(found).toEqual([])
  })
})
