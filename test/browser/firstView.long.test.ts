/** S1: a first view asks, and leaves nothing behind: no storage, no request elsewhere, no shift of the layout. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, deep, type TestBrowser, until } from "../support/browser/browsers.ts"
import { type Site, startSite } from "../support/browser/site.ts"
import { storedIn, visibleBanner } from "../support/browser/shown.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site?.stop())

const lead = "The river comes down from the hills in the north, and the town has lived from it for two hundred years. "

describe.each(browsers.filter(({ isMissing }) => !isMissing))("A first view in $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a session that is opened before a choice; a cookie or an identifier before it; a second visit.
  test("shows the banner, stores nothing, and asks nothing of another origin", async () => {
    const url = site.page("/first", { body: `<h1>A walk along the river</h1><p>${lead.repeat(4)}</p>` })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    site.forget()
    await tab.open(url)
    await until(tab, visibleBanner)
    expect(await storedIn(tab)).toEqual({ cookies: "", local: [], session: [], databases: [], caches: [] })
    expect(await visitor.cookies()).toEqual([])
    const elsewhere = tab.requests().filter((each) => !each.startsWith(site.origin) && !each.startsWith("data:"))
    expect(elsewhere).toEqual([])
    const asked = site.arrived().map(({ method, path }) => `${method} ${path.replace(/^\/assent\/site-v1\/[^/]+/, "")}`)
    expect(asked.filter((each) => each.includes("/visit"))).toHaveLength(1)
    expect(asked.filter((each) => !each.startsWith("GET "))).toEqual([])
    expect(await site.events()).toEqual([])
    expect(tab.errors()).toEqual([])
    await visitor.close()
  })

  test("has all its controls in one open shadow root, and its page keeps its focus", async () => {
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(site.page("/focus", {}))
    await until(tab, visibleBanner)
    expect(await tab.evaluate("document.activeElement === document.body")).toBe(true)
    expect(await tab.evaluate(`new Set(${deep("button")}.map((each) => each.getRootNode())).size`)).toBe(1)
    await visitor.close()
  })
})

describe.skipIf(browsers[0].isMissing)("In Chromium a first view", () => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await browsers[0].start()
  })
  afterAll(() => browser?.close())

  // Kills: a banner that pushes the page; a text of the banner that is the largest paint.
  test("moves nothing, and nothing of ours is the largest paint", async () => {
    const url = site.page("/paint", { body: `<h1>A walk along the river</h1><p>${lead.repeat(4)}</p>` })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(url)
    await until(tab, visibleBanner)
    const entries = (type: string) => `new Promise((resolve) => {
      const found = []
      new PerformanceObserver((list) => found.push(...list.getEntries())).observe({ type: "${type}", buffered: true })
      setTimeout(() => resolve(found.map(({ value, element }) => ({ value, tag: element?.localName }))), 500)
    })`
    expect(await tab.evaluate(entries("layout-shift"))).toEqual([])
    const paints = await tab.evaluate<ReadonlyArray<{ readonly tag?: string }>>(entries("largest-contentful-paint"))
    expect(["h1", "p"]).toContain(paints.at(-1)?.tag)
    await visitor.close()
  })
})
