/** S7: an answer ends in the page at its instant, and a clock that is set back revives nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, isChromiumMissing, chromium, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Site, startSite } from "../support/browser/site.ts"

/** Lets a test stop the clock of a page. */
const clock = `(() => {
  const now = Date.now.bind(Date)
  let fixed
  Date.now = () => fixed ?? now()
  window.setNow = (at) => (fixed = at)
})()`

describe.skipIf(isChromiumMissing)(`In ${browsers[0].name}`, () => {
  let site: Site
  let browser: TestBrowser
  beforeAll(async () => {
    site = await startSite()
    await site.publish()
    site.page("/one", {})
    browser = await chromium({ script: clock })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.stop()
  })

  const decision = `${Shown.client}.decide(${JSON.stringify(Shown.analytics)})`
  const isPermitted = `${Shown.client}.permits(${JSON.stringify(Shown.analytics)})`

  // Kills: an end that is one millisecond late or early; a clock that is followed backwards.
  test("a permission ends at the millisecond of its end, and does not come back", async () => {
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(`${site.origin}/one`)
    await until(tab, Shown.visibleBanner)
    await Shown.accept(tab)
    await Shown.sent(tab)
    const end = await tab.evaluate<number>(`${decision}.expiresAt`)
    const offset = await tab.evaluate<number>(`${Shown.client}.now() - Date.now()`)
    // The page's clock, corrected by the server's, may be some milliseconds off it.
    const at = (instant: number) => `(setNow(${instant - offset}), ${isPermitted})`
    expect(await tab.evaluate(at(end - 1000))).toBe(true)
    expect(await tab.evaluate(`${Shown.client}.now()`)).toBe(end - 1000)
    expect(await tab.evaluate(at(end - 1))).toBe(true)
    expect(await tab.evaluate(at(end))).toBe(false)
    expect(await tab.evaluate(at(end - 1000))).toBe(false)
    expect(await tab.evaluate(at(end - 86_400_000))).toBe(false)
    await visitor.close()
  })
})
