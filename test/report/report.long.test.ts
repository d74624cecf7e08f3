import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { BrowserContext, Page } from "playwright-core"
import { chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { executablePath, isMissing } from "../support/chromium.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Html from "../../core/formats/Html.ts"
import * as Report from "../../adapters/report/Report.ts"
import * as RulePacks from "../../rule-packs/RulePacks.ts"
import * as Summaries from "./summaries.ts"
import { isLong } from "../support/long.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

const hostile = `</style></script><script>document.title='taken'</script><img src=//x.test/a onerror=alert(1)>"' &amp; \u202eevil\u0000`

const one: Summary = {
  ...Summaries.large,
  until: Summaries.large.from + 86_400_000,
  population: { people: 1, pairs: 1 },
  changed: { people: 1, pairs: 1 },
  losesPermission: { people: 0, pairs: 0 },
  gainsPermission: { people: 0, pairs: 0 },
  mustBeAskedAgain: { people: 0, pairs: 0 },
  mayBeAskedAgain: { people: 1, pairs: 1 },
  days: [
    {
      at: Summaries.large.from,
      permittedBefore: 0,
      permittedAfter: 0,
      mustAskBefore: 0,
      mustAskAfter: 0,
      mayAskBefore: 0,
      mayAskAfter: 1,
    },
  ],
  transitions: [{ consentType: "type-1", before: "refused", after: "refused", pairs: 1 }],
}

/** Every pair of different statuses at once: the fullest chart of transitions there can be. */
const everyTransition: Summary = {
  ...Summaries.large,
  transitions: (
    ["given", "implied", "requested", "expired", "invalidated", "unknown", "refused", "withdrawn"] as const
  ).flatMap((before, index, all) =>
    all.map((after, other) => ({ consentType: "type-1", before, after, pairs: 1 + index * other })),
  ),
}

const packs: Summary["packs"] = (["baseline", "candidate"] as const).map((side, index) => {
  const { id: _, rules: __, version: ___, ...said } = RulePacks.all[index]!
  return { side, reference: RulePacks.reference(RulePacks.all[index]!), ...said }
})

/** The first two months: as good as two years for what does not depend on the number of days. */
const short = (summary: Summary): Summary => ({ ...summary, days: summary.days.slice(0, 60) })

const summaries: { readonly [name: string]: Summary } = {
  large: Summaries.large,
  empty: Summaries.empty,
  one,
  everyTransition: short(everyTransition),
  packs: short({ ...Summaries.large, packs }),
  hostile: short(Summaries.everywhere(hostile)),
  long: short(
    Summaries.everywhere("donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3)),
  ),
}

describe("the text of a report", () => {
  const text = Report.write(Summaries.large)

  test("is the same for the same summary", () => {
    expect(Report.write(structuredClone(Summaries.large))).toBe(text)
  })

  test("stays under a megabyte for 730 days", () => {
    expect(Summaries.large.days).toHaveLength(730)
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000)
  })

  test("stays under a megabyte whatever the number of types, reasons, warnings, inputs and however long the rules", () => {
    const many = <Item>(make: (index: number) => Item): ReadonlyArray<Item> =>
      Array.from({ length: 5000 }, (_, i) => make(i))
    const crowded = Report.write({
      ...Summaries.large,
      consentTypes: many((i) => ({ id: `type-${i}`, name: `Type ${i}`, changedPairs: i })),
      transitions: many((i) => ({ consentType: `type-${i}`, before: "given", after: "expired", pairs: i })),
      reasons: many((i) => ({ reason: `reason ${i}`, pairs: i })),
      warnings: many((i) => `warning ${i}`),
      inputs: many((i) => ({ name: `input-${i}`, sha256: "0".repeat(64) })),
      candidate: many((i) => ({ match: { consentType: `type-${i}` }, rules: { maxAge: { accepted: "P6M" } } })),
    })
    expect(Buffer.byteLength(crowded)).toBeLessThan(1_000_000)
    expect(crowded).toContain("And 4,950 more warnings, not shown here.")
  })

  test("has no script, and no address to load anything from", () => {
    expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\/|\ssrc=|\son\w+=/i)
  })

  test("says the question, the answer and the rules in words", () => {
    expect(text).toContain(
      "For every consent type: a yes counts for 6 months; after a no, nobody is asked again for 6 months",
    )
    expect(text).toContain(
      "“Marketing / Email / Newsletter”: version 3, on 1\u00a0March\u00a02026, must be agreed to anew, within 30 days.",
    )
    expect(text).toContain("Of 1,000,000 people, 412,331 (41.2%)")
    expect(text).toContain("744,000 fewer answers permit than under today’s rules (36%)")
    expect(text).toMatch(
      /The busiest day is 1\u00a0March\u00a02026, with 4\d,\d{3} answers: 4\d,\d{3} that must be asked for again and \d{3} that may be\./,
    )
  })

  test("cuts off a bar only where it would press all others flat, and says so", () => {
    expect(text).toMatch(/>1&#160;Mar&#160;2026: 4\d,\d{3} ↑<\/text>/)
    expect(text).toContain("A bar marked ↑ is far higher than all others")
    const even = Report.write({
      ...Summaries.large,
      days: Summaries.large.days.filter(({ mustAskAfter }) => mustAskAfter < 9000),
    })
    expect(even).not.toContain("↑")
  })

  test("holds every figure of the charts, the reasons, the warnings, the exact rules and every digest", () => {
    for (const day of Summaries.large.days) expect(text).toContain(`>${day.permittedAfter.toLocaleString("en")}<`)
    for (const { reason } of Summaries.large.reasons) expect(text).toContain(reason)
    for (const warning of Summaries.large.warnings) expect(text).toContain(warning)
    for (const { sha256 } of Summaries.large.inputs) expect(text).toContain(sha256)
    for (const { pseudonym } of Summaries.large.examples) expect(text).toContain(pseudonym)
    expect(text).toContain(JSON.stringify(Summaries.large.candidate, undefined, 2).replaceAll('"', "&quot;"))
  })

  test("says what a rule pack says about itself, and follows no address but one of the web", () => {
    const report = Report.write({ ...Summaries.empty, packs })
    for (const { notes, reference, source, title, warning } of packs) {
      const escaped = [title, ...notes, warning].map((said) => Html.escape(said))
      for (const said of [reference, `href="${Html.escape(source ?? "")}"`, ...escaped]) expect(report).toContain(said)
    }
    const hostilePack = { ...packs[0]!, source: "javascript:alert(1)", appliesFrom: "soon" }
    expect(Report.write({ ...Summaries.empty, packs: [hostilePack] })).not.toContain('href="java')
  })

  test("says for every window what a bar stands for, on a wide and on a narrow page", () => {
    const { days, from } = Summaries.large
    const captionOf = (count: number, step: string) => {
      const longer = Array.from({ length: count }, (_, index) => ({
        ...days[index % 700]!,
        at: from + index * 86_400_000,
      }))
      const report = Report.write({ ...Summaries.large, days: longer, step, until: from + count * 86_400_000 })
      return {
        caption: /One bar stands for [^<]*?highest bar\./.exec(report)?.[0].split("The figure")[0]?.trim(),
        report,
      }
    }
    expect(captionOf(100, "P1D").caption).toBe("One bar stands for 1 day.")
    expect(captionOf(730, "P1D").caption).toBe(
      "One bar stands for 1 day, on a narrow screen for 7 days, the last one for what is left. The table has every step.",
    )
    const { caption, report } = captionOf(1461, "P1D")
    expect(caption).toContain(
      "One bar stands for 7 days, on a narrow screen for 14 days, the last one for what is left.",
    )
    expect(report).toMatch(/>7 days from [^<]*: [\d,]+( ↑)?<\/text>/)
    expect(report).toMatch(/>14 days from [^<]*: [\d,]+( ↑)?<\/text>/)
    expect(captionOf(30, "P1M").caption).toBe("One bar stands for 1 month.")
  })

  test("escapes whatever the summary says", () => {
    const escaped = Report.write(Summaries.everywhere(hostile))
    expect(escaped).not.toMatch(/<script|<img/i)
    expect(escaped).not.toContain("\u202e")
    expect(escaped).not.toContain("\u0000")
    expect(escaped.match(/<\/style>/g)).toHaveLength(1)
  })
})

describe.skipIf(isMissing)("a report in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-report-"))
  let browser: BrowserContext
  let page: Page
  let requested: Array<string> = []
  let complaints: Array<string> = []

  beforeAll(async () => {
    for (const [name, summary] of Object.entries(summaries)) {
      writeFileSync(join(folder, `${name}.html`), Report.write(summary))
    }
    browser = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath,
      headless: true,
      args: flags,
    })
    page = await browser.newPage()
    page.on("request", (request) => requested.push(request.url()))
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", (error) => complaints.push(error.message))
    page.on("dialog", (dialog) => complaints.push(dialog.message()))
  })

  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = async (name: string): Promise<string> => {
    const url = pathToFileURL(join(folder, `${name}.html`)).href
    requested = []
    complaints = []
    await page.goto(url)
    return url
  }

  const screen = (width: number, colorScheme: "light" | "dark"): Promise<unknown> =>
    Promise.all([page.setViewportSize({ width, height: 800 }), page.emulateMedia({ media: "screen", colorScheme })])

  const count = (selector: string): Promise<number> => page.locator(selector).count()

  describe.each(Object.keys(summaries))("%s", (name) => {
    test("asks the network for nothing and has nothing to complain about", async () => {
      const url = await open(name)
      expect(requested).toEqual([url])
      expect(complaints).toEqual([])
      expect(await page.title()).toMatch(/^What if: /)
      expect(await count("script, img, link, iframe, object, embed")).toBe(0)
    })

    test.each([320, 390, 700, 1200])("needs no sideways scrolling at %d px", async (width) => {
      await screen(width, "light")
      await open(name)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width)
    })

    const screens = [
      [320, "light"],
      [320, "dark"],
      [1200, "light"],
      [1200, "dark"],
    ] as const
    // Each takes a second, and those of the large report take 20, because of the rows of its tables.
    const checked = isLong ? screens : name === "large" ? [] : [screens[0], screens[3]]
    test.each(checked)("violates no rule of axe at %d px, %s", async (width, scheme) => {
      await screen(width, scheme)
      await open(name)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
      await page.evaluate(axe)
      const violations = await page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html]))",
      )
      expect(violations).toEqual([])
    })

    test("prints", async () => {
      await page.emulateMedia({ media: null, colorScheme: null })
      await open(name)
      const pdf = await page.pdf({ preferCSSPageSize: true })
      expect(pdf.subarray(0, 5).toString()).toBe("%PDF-")
    })
  })

  test("keeps on one page what belongs together: the inputs with their heading, a rule pack, and no footer alone", async () => {
    await page.emulateMedia({ media: "print" })
    await open("packs")
    const style = (selector: string, property: string) =>
      page.evaluate(`getComputedStyle(document.querySelector("${selector}")).${property}`)
    expect(await count(".inputs > h3")).toBe(1)
    expect(await count(".inputs > table")).toBe(1)
    for (const selector of [".inputs", ".pack", "figure"]) expect(await style(selector, "breakInside")).toBe("avoid")
    expect(await style("footer", "breakBefore")).toBe("avoid")
  })

  test("shows one image for each chart, with a title and a description, and its table behind it", async () => {
    for (const [width, layout] of [
      [1200, "wide"],
      [320, "narrow"],
    ] as const) {
      await screen(width, "light")
      await open("large")
      for (const chart of ["permitted", "asked", "transitions"]) {
        const image = page.locator(`svg[aria-labelledby="${chart}-${layout}-title"]`)
        expect(await image.isVisible()).toBe(true)
        expect(await image.locator("title").textContent()).not.toBe("")
        expect(await image.locator("desc").textContent()).not.toBe("")
      }
      expect(await page.getByRole("img").count()).toBe(3)
    }
    await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    const rows = (id: string) => count(`#${id} .behind tbody tr`)
    expect(await rows("over-time")).toBe(730)
    expect(await rows("asking-again")).toBe(730)
    expect(await rows("changes")).toBe(Summaries.large.transitions.length)
  })

  test.each(["light", "dark"] as const)("draws with enough contrast, %s", async (scheme) => {
    await screen(1200, scheme)
    await open("large")
    const luminance = async (name: string): Promise<number> => {
      const hex = await page.evaluate(`getComputedStyle(document.documentElement).getPropertyValue("--${name}")`)
      const digits = String(hex).trim().slice(1)
      const channels = (digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)) ?? []
      const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
        const value = Number.parseInt(channel, 16) / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const contrast = async (a: string, b: string): Promise<number> => {
      const [dark = 0, light = 0] = [await luminance(a), await luminance(b)].toSorted((x, y) => x - y)
      return (light + 0.05) / (dark + 0.05)
    }
    for (const ground of ["paper", "card"]) {
      for (const text of ["ink", "soft", "link"]) expect(await contrast(text, ground), text).toBeGreaterThan(4.5)
      for (const graphic of ["before", "after", "ask", "bars", "loss", "gain", "yes", "open", "no", "axis"]) {
        expect(await contrast(graphic, ground), graphic).toBeGreaterThan(3)
      }
    }
    expect(await contrast("ask-text", "ask-soft")).toBeGreaterThan(4.5)
    expect(await contrast("ink", "ask-soft")).toBeGreaterThan(4.5)
    expect(await contrast("ink", "bars")).toBeGreaterThan(3)
  })

  test("opens a table by keyboard alone", async () => {
    await screen(1200, "light")
    await open("large")
    const table = page.getByRole("table", { name: "Answers that permit, step by step" })
    expect(await table.isVisible()).toBe(false)
    await page.locator("#over-time summary").focus()
    await page.keyboard.press("Enter")
    expect(await table.isVisible()).toBe(true)
    await page.keyboard.press("Tab")
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe(
      "Answers that permit, step by step",
    )
  })

  test("has landmarks, one main heading, and a link that skips to the answer", async () => {
    await open("large")
    for (const role of ["banner", "main", "navigation", "contentinfo"] as const) {
      expect(await page.getByRole(role).count()).toBe(1)
    }
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1)
    await page.keyboard.press("Tab")
    expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe("#answer")
    for (const link of await page.locator("nav a").all()) {
      expect(await count((await link.getAttribute("href")) ?? "nothing")).toBe(1)
    }
  })

  test("shows the names of consent types as they are, markup and all", async () => {
    await open("hostile")
    expect(await page.locator("#types tbody th").first().textContent()).toContain(
      "<script>document.title='taken'</script>",
    )
  })

  test("on paper leaves out what is for the screen, in dark mode too", async () => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" })
    await open("large")
    for (const selector of ["nav", ".behind >> nth=0", ".narrow >> nth=0"]) {
      expect(await page.locator(selector).isVisible()).toBe(false)
    }
    expect(await page.locator(".wide").first().isVisible()).toBe(true)
    expect(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe("rgb(255, 255, 255)")
  })
})
