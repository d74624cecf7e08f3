/** S10: choices that are made offline reach the ledger once each, in order, with their dates. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Network, type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
  site.page("/one", {})
})
afterAll(() => site?.stop())

const choices = 20

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a choice that is lost by a reload; one that is sent again as another; dates of arrival.
  test.each<readonly [string, Network]>([
    ["not answered", "down"],
    ["answered 500", 500],
    ["answered 429", 429],
    ["cut off after they were carried out", "cut"],
  ])("20 choices whose requests are %s are recorded once each, after a reload", async (_, network) => {
    const before = new Set((await site.events()).map(({ id }) => id))
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    site.setNetwork("up")
    await tab.open(`${site.origin}/one`)
    await Shown.fresh(tab)
    site.setNetwork(network)
    const dates: Array<number> = []
    for (let index = 0; index < choices; index += 1) {
      await until(tab, `${Shown.client} !== undefined`)
      await Shown.record(tab, Shown.analytics, index % 2 === 0 ? "accepted" : "declined")
      dates.push(await tab.evaluate<number>(`${Shown.client}.now()`))
      if (index === choices / 2) await tab.reload()
    }
    site.setNetwork("up")
    await tab.reload()
    await Shown.sent(tab)
    const events = (await site.events()).filter(({ id }) => !before.has(id))
    expect(events).toHaveLength(choices)
    expect(new Set(events.map(({ externalId }) => externalId)).size).toBe(choices)
    const found = events.map(({ consentDate }) => Date.parse(consentDate))
    // Dates are shifted by how far the page's clock is off, which is some milliseconds here.
    for (const [index, date] of found.entries()) expect(Math.abs(date - dates[index]!)).toBeLessThan(2000)
    expect(events.at(-1)!.consentState).toBe("declined")
    await visitor.close()
  })
})
