import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { BrowserContext, Page } from "playwright-core"
import { chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as TimeAxis from "../../adapters/report/timeline/TimeAxis.ts"
import * as TimelinePage from "../../adapters/report/timeline/TimelinePage.ts"
import type { PersonTimeline } from "../../core/people/PersonTimeline.ts"
import { executablePath, isMissing } from "../support/chromium.ts"
import { isLong } from "../support/long.ts"
import * as Timelines from "./timelines.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

const write = (timeline: PersonTimeline, value?: string): string =>
  TimelinePage.write(timeline, { kind: "email", ...(value !== undefined && { value }) })

const hostile = `</style></script><script>document.title='taken'</script><img src=//x.test/a onerror=alert(1)>"' &amp; \u202eevil\u0000`

/** A page with a text in every place that a caller or the catalog fills. */
const everywhere = (text: string): PersonTimeline => {
  const [type] = Timelines.versions.types
  const texts = { name: text, description: text, url: text, document: text }
  return {
    ...Timelines.versions,
    project: { id: text, name: text, organization: "" },
    keyNames: new Map(
      Timelines.versions.types.flatMap(({ events }) => events.map((each) => [each.submitter ?? "", text])),
    ),
    inputs: [{ name: text, sha256: text }],
    types: [
      {
        ...type!,
        type: { ...type!.type, category: text, subcategory: text, label: text },
        versions: type!.versions.map((version) => ({ ...version, ...texts })),
      },
    ],
  }
}

describe("the text of a page", () => {
  test.each(Object.entries(Timelines.all))(
    "%s: is the same for the same timeline, and loads nothing",
    (_name, timeline) => {
      const page = write(timeline)
      expect(write(structuredClone(timeline))).toBe(page)
      expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\ssrc=|\son\w+=/i)
      expect(Buffer.byteLength(page)).toBeLessThan(1_000_000)
    },
  )

  test("has all of 3,000 events, and of more the last ones, which it says", () => {
    const ids = (page: string, timeline: PersonTimeline) => {
      const shown = new Set(page.match(/01a201cb-2a52-74ac-b4ea-\d{12}/g))
      return timeline.types.flatMap(({ events }) => events).filter(({ id }) => shown.has(id)).length
    }
    const many = Timelines.many(3000)
    expect(ids(write(many), many)).toBe(3000)
    const more = Timelines.many(9000)
    const page = write(more)
    expect(ids(page, more)).toBeGreaterThan(3000)
    expect(page).toMatch(/The [\d,]+ earliest events are left out here/)
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000)
  })

  test("stays under a megabyte for many types, versions, facts, people and long texts", () => {
    const [type] = Timelines.many(300).types
    const long = "ä".repeat(20_000)
    const versions = Array.from({ length: 60 }, (_, index) =>
      Timelines.version(index + 1, "2024-01-01", { description: long.slice(0, 4000), document: long }),
    )
    const types = Array.from({ length: 400 }, (_, index) => ({
      ...type!,
      type: { ...type!.type, id: `t${index}` },
      versions,
    }))
    const [fact] = Timelines.joined.facts
    const page = write({
      ...Timelines.joined,
      types,
      facts: Array.from({ length: 5000 }, () => fact!),
      members: Array.from({ length: 5000 }, (_, index) => `${Timelines.joined.concordId}${index}`),
    })
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000)
    expect(page).toMatch(/no\s+section\s+of\s+its\s+own\s+here/)
  })

  test("has the identifier only if it is given, and escapes every text", () => {
    expect(write(Timelines.yes)).toContain("which is not shown here")
    expect(write(Timelines.yes, hostile)).toContain("&lt;script&gt;")
    const page = write(everywhere(hostile), hostile)
    expect(page).not.toMatch(/<script|<img/i)
    expect(page).not.toContain("\u202e")
    expect(page).not.toContain("\u0000")
    expect(page.match(/<\/style>/g)).toHaveLength(1)
  })

  test("says of each event whether it decides, and if not why", () => {
    const page = write(Timelines.refusal)
      .replaceAll("\u00a0", " ")
      .replaceAll(/<[^>]*>|\s+/g, " ")
      .replaceAll(/ +/g, " ")
    expect(page).toContain("Replaced A later yes (no. 2) took its place on 10 Jan 2025.")
    expect(page).toContain("Does not decide A later no outweighs it.")
    expect(page).toContain("Decides The last explicit answer is this no, and a no wins over everything before it.")
    expect(page).toContain("10 Jan 2025 recorded 1 Jun 2026 02:00 UTC")
    expect(page).toContain("On 20 May 2027 07:45:10.500 UTC it stays withdrawn")
  })

  test("has the texts of all versions, and what each asks for", () => {
    const page = write(Timelines.versions)
    expect(page).toContain("The shop and its three partners.")
    expect(page).toContain("must be agreed to again, within 30 days")
    expect(page).toContain("The text is longer than what is shown here")
  })
})

/** The first picture of a page as a file of its own, with the colours and rules of the style sheet that it uses. */
const pictureOf = (page: string): string => {
  const sheet = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? ""
  const own = /^(\.(swim|rail|tick|recorded|text|anew|mark|band|over|patterns|ahead|share|label)|path)\b/
  const rules = sheet.split("\n").filter((line) => own.test(line))
  const used = new Set([...rules.join("").matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name))
  const inDark = /@media screen and \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}\}/g
  /** The first declaration of each colour: a later one is for paper. */
  const colours = (blocks: ReadonlyArray<string>): string =>
    [
      ...new Map(
        blocks
          .flatMap((block) => [...block.matchAll(/(--[\w-]+):([^;}]+)/g)])
          .toReversed()
          .map((found) => [found[1], found[0]]),
      ),
    ]
      .flatMap(([name, declared]) => (used.has(name) ? [declared] : []))
      .toSorted()
      .join(";")
  const dark = colours([...sheet.matchAll(inDark)].map(([block]) => block))
  const light = colours([...sheet.replaceAll(inDark, "").matchAll(/:root\{[^}]*\}/g)].map(([block]) => block))
  const css = [
    `svg{${light};background:var(--paper)}`,
    `@media (prefers-color-scheme:dark){svg{${dark}}}`,
    ...rules,
    ".swim{font-family:system-ui,sans-serif}",
  ]
  const patterns = /<defs>.*?<\/defs>/s.exec(page)?.[0] ?? ""
  const svg = /<svg[^>]*class="swim".*?<\/svg>/s.exec(page)?.[0] ?? ""
  const head = svg.slice(0, svg.indexOf(">") + 1).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
  return `${head}\n<style>\n${css.join("\n")}\n</style>\n<g class="patterns">${patterns}</g>${svg.slice(svg.indexOf(">") + 1)}\n`
}

test("docs/timeline.svg is the picture of a no that wins over a yes that an import brings later", async () => {
  await expect(pictureOf(write(Timelines.refusal))).toMatchFileSnapshot("../../docs/timeline.svg")
})

test("An axis has at most the ticks asked for, at round dates inside its ends.", () => {
  const from = Date.UTC(2024, 0, 31, 13, 7)
  for (const span of [1, 60, 3600, 86_400, 40 * 86_400, 500 * 86_400, 9000 * 86_400, 200_000 * 86_400]) {
    for (const max of [4, 8]) {
      const ticks = TimeAxis.ticks(from, from + span * 1000, max)
      expect(ticks.length).toBeLessThanOrEqual(max)
      for (const { at } of ticks) expect(at >= from && at <= from + span * 1000).toBe(true)
      expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length)
      if (span >= 3600) expect(ticks.length).toBeGreaterThan(0)
    }
  }
})

describe.skipIf(isMissing)("a page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-timeline-"))
  const shown: { readonly [name: string]: PersonTimeline } = { ...Timelines.all, hostile: everywhere(hostile) }
  let browser: BrowserContext
  let page: Page

  beforeAll(async () => {
    for (const [name, timeline] of Object.entries(shown)) writeFileSync(join(folder, `${name}.html`), write(timeline))
    browser = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    })
    page = await browser.newPage()
  })

  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (name: string) => page.goto(pathToFileURL(join(folder, `${name}.html`)).href)
  const screen = (width: number, colorScheme: "light" | "dark") =>
    Promise.all([page.setViewportSize({ width, height: 800 }), page.emulateMedia({ media: "screen", colorScheme })])
  const openAll = () => page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")

  const names = isLong ? Object.keys(shown) : ["joined", "hostile"]

  test.each(names)("%s: asks the network for nothing and needs no sideways scrolling", async (name) => {
    const requested: Array<string> = []
    const note = (request: { readonly url: () => string }) => void requested.push(request.url())
    page.on("request", note)
    for (const width of [320, 390, 820, 1440]) {
      await screen(width, "light")
      await open(name)
      await openAll()
      expect(await page.evaluate("document.documentElement.scrollWidth"), String(width)).toBeLessThanOrEqual(width)
    }
    page.off("request", note)
    expect(new Set(requested)).toEqual(new Set([pathToFileURL(join(folder, `${name}.html`)).href]))
    expect(await page.title()).toMatch(/^What this person said/)
  })

  const screens = names.flatMap((name) => [[name, 320, "dark"] as const, [name, 1440, "light"] as const])
  // Each takes most of a second.
  const checked = isLong ? screens : [["refusal", 320, "dark"] as const, ["joined", 1440, "light"] as const]
  test.each(checked)("%s: violates no rule of axe at %d px, %s", async (name, width, scheme) => {
    await screen(width, scheme)
    await open(name)
    await openAll()
    await page.evaluate(axe)
    const violations = await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
    )
    expect(violations).toEqual([])
  })

  test.each(["light", "dark"] as const)("draws with enough contrast, %s", async (scheme) => {
    await screen(1440, scheme)
    await open("refusal")
    const luminance = async (name: string): Promise<number> => {
      const hex = await page.evaluate(`getComputedStyle(document.documentElement).getPropertyValue("--${name}")`)
      const digits = String(hex).trim().slice(1)
      const channels = digits.length === 3 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? [])
      const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
        const value = Number.parseInt(channel, 16) / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const contrast = async (one: string, other: string): Promise<number> => {
      const [low = 0, high = 0] = [await luminance(one), await luminance(other)].toSorted((a, b) => a - b)
      return (high + 0.05) / (low + 0.05)
    }
    for (const kind of ["yes", "open", "no"]) {
      expect(await contrast("ink", `${kind}-soft`), kind).toBeGreaterThan(4.5)
      expect(await contrast("on-mark", kind), kind).toBeGreaterThan(3)
      expect(await contrast(kind, `${kind}-soft`), kind).toBeGreaterThan(3)
    }
    expect(await contrast("soft", "ahead")).toBeGreaterThan(4.5)
  })

  test("prints in light colours, with its tables as tables, and shows one picture for each type", async () => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" })
    await open("refusal")
    expect(await page.locator(".wide").first().isVisible()).toBe(true)
    expect(await page.locator(".narrow").first().isVisible()).toBe(false)
    expect(await page.evaluate("getComputedStyle(document.querySelector('.events tr')).display")).toBe("table-row")
    expect(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe("rgb(255, 255, 255)")
    await screen(390, "light")
    expect(await page.getByRole("img").count()).toBe(2)
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1)
  })
})
