/** S8, S9: several tabs of one visitor, and pages that the back button restores, answer alike. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
  const head = "<script>addEventListener('pageshow', (event) => (window.persisted = event.persisted))</script>"
  for (const path of ["/one", "/two"]) site.page(path, { head })
})
afterAll(() => site?.stop())

const isPermitted = `${Shown.client}?.permits(${JSON.stringify(Shown.analytics)})`

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a tab that learns of a choice only when it is loaded again.
  test("a choice and a withdrawal in one tab count in the other, whose banner closes", async () => {
    const visitor = await browser.visitor()
    const [first, second] = [await visitor.tab(), await visitor.tab()]
    await first.open(`${site.origin}/one`)
    await second.open(`${site.origin}/two`)
    for (const tab of [first, second]) await until(tab, Shown.visibleBanner)
    await first.bringToFront()
    await Shown.accept(first)
    await until(second, isPermitted)
    await until(second, Shown.nothingShown)
    await second.evaluate(`void ${Shown.client}.withdraw("analytics")`)
    await until(first, `${isPermitted} === false`)
    await visitor.close()
  })

  // Kills: the acceptance wins, or the tabs disagree.
  test("opposite answers of the same millisecond end refused in both tabs and in the ledger", async () => {
    const visitor = await browser.visitor()
    const [first, second] = [await visitor.tab(), await visitor.tab()]
    await first.open(`${site.origin}/one`)
    await second.open(`${site.origin}/two`)
    for (const tab of [first, second]) await Shown.fresh(tab)
    const at = await first.evaluate<number>("Date.now() + 300")
    for (const tab of [first, second]) await tab.evaluate(`void (Date.now = () => ${at})`)
    await Promise.all([
      Shown.record(first, Shown.analytics, "accepted"),
      Shown.record(second, Shown.analytics, "declined"),
    ])
    for (const tab of [first, second]) {
      await until(tab, `${Shown.client}.decide(${JSON.stringify(Shown.analytics)})?.event.consentState === "declined"`)
      await Shown.sent(tab)
      expect(await tab.evaluate(isPermitted)).toBe(false)
    }
    await visitor.close()
  })

  // Kills: a page from the back/forward cache that keeps the answers that it left with.
  test("going back to a page shows the answers that were given since", async () => {
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(`${site.origin}/one`)
    await until(tab, Shown.visibleBanner)
    await tab.open(`${site.origin}/two`)
    await until(tab, Shown.visibleBanner)
    await Shown.accept(tab)
    await Shown.sent(tab)
    await tab.back()
    await until(tab, `location.pathname === "/one" && ${isPermitted}`)
    await until(tab, Shown.nothingShown)
    // Kept in the cache: nothing of ours, such as an unload handler or an open channel, keeps a page out of it.
    expect(await tab.evaluate("window.persisted")).toBe(true)
    await visitor.close()
  })
})
