/** S2: choosing on either layer, and not being asked again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type LedgerEvent, type Site, startSite } from "../support/browser/site.ts"

let site: Site
let all: number
beforeAll(async () => {
  site = await startSite()
  await site.addType("marketing", "Marketing")
  // A banner asks for the privacy settings: that of the demonstration, and this one.
  all = 2
  for (const path of ["/one", "/two"]) site.page(path, {})
})
afterAll(() => site?.stop())

const stateOf = (events: ReadonlyArray<LedgerEvent>) =>
  Object.fromEntries(events.map(({ consentState, label }) => [label, consentState]))

describe.each(browsers.filter(({ isMissing }) => !isMissing))("A visitor of $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  /** Opens a first page with the banner; answers the tab, and how to read what was recorded of this visitor. */
  const arrive = async () => {
    const before = new Set((await site.events()).map(({ id }) => id))
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(`${site.origin}/one`)
    await until(tab, Shown.visibleBanner)
    const events = async () => (await site.events()).filter(({ id }) => !before.has(id))
    return { visitor, tab, events }
  }

  // Kills: an answer for a part of the types; a choice that is lost at the next page; asking again after a refusal.
  test.each([
    ["accepts", Shown.accept, "accepted"],
    ["refuses", Shown.refuse, "declined"],
  ] as const)("that %s everything is recorded once for each type, and is not asked again", async (_, act, state) => {
    const { events, tab, visitor } = await arrive()
    await act(tab)
    await until(tab, Shown.nothingShown)
    expect(await Shown.permits(tab, Shown.analytics)).toBe(state === "accepted")
    await Shown.sent(tab)
    const recorded = await events()
    expect(
      recorded.map(({ consentAction, consentState, evidence }) => [consentState, consentAction, evidence?.["surface"]]),
    ).toEqual(Array.from({ length: all }, () => [state, "user_click", "banner"]))
    for (const go of [() => tab.reload(), () => tab.open(`${site.origin}/two`)]) {
      await go()
      await Shown.fresh(tab)
      expect(await tab.evaluate(Shown.nothingShown)).toBe(true)
      expect(await Shown.permits(tab, Shown.analytics)).toBe(state === "accepted")
    }
    expect(await events()).toHaveLength(all)
    expect(tab.errors()).toEqual([])
    await visitor.close()
  })

  test("that chooses on the second layer is recorded as chosen", async () => {
    const { events, tab, visitor } = await arrive()
    await Shown.choose(tab)
    await Shown.toggle(tab, "Analytics")
    await tab.press(Shown.english.privacyCenter.saveButton)
    await until(tab, `${Shown.client}.permits(${JSON.stringify(Shown.analytics)})`)
    expect(await Shown.permits(tab, "marketing")).toBe(false)
    await Shown.sent(tab)
    expect(stateOf(await events())).toMatchObject({ analytics: "accepted", marketing: "declined" })
    await visitor.close()
  })

  // Kills: a preference centre that records what its switches show when it is closed.
  test("that closes the second layer has chosen nothing, and still has the banner", async () => {
    const { events, tab, visitor } = await arrive()
    await Shown.choose(tab)
    await until(tab, `${Shown.client}.decisions().length > 0`)
    await Shown.toggle(tab, "Analytics")
    await tab.key("Escape")
    await until(tab, Shown.visibleBanner)
    expect(await Shown.permits(tab, Shown.analytics)).toBe(false)
    expect(await Shown.storedIn(tab)).toMatchObject({ cookies: "", local: [] })
    expect(await events()).toEqual([])
    await visitor.close()
  })
})
