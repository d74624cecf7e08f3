/** S14: Global Privacy Control as Firefox sends it, and in Chromium each of its two signs alone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  browsers,
  chromium,
  firefox,
  globalPrivacyControl,
  type TestBrowser,
  until,
} from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
  await site.addType("marketing", "Marketing")
  site.page("/one", {})
})
afterAll(() => site?.stop())

const [ofChromium, ofFirefox] = browsers
const sign = "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"
const ways = [
  { name: "Firefox, by its preference", isMissing: ofFirefox.isMissing, start: () => firefox(globalPrivacyControl) },
  { name: "Chromium, by the property", isMissing: ofChromium.isMissing, start: () => chromium({ script: sign }) },
  {
    name: "Chromium, by the header",
    isMissing: ofChromium.isMissing,
    start: () => chromium({ headers: { "sec-gpc": "1" } }),
  },
]

describe.each(ways.filter(({ isMissing }) => !isMissing))("With the signal on in $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a signal that is stored without an act; one that is not recorded after the first act; one that permits.
  test("a covered type is refused at once, without a trace, and in the ledger after the first choice", async () => {
    const before = new Set((await site.events()).map(({ id }) => id))
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    await tab.open(`${site.origin}/one`)
    await until(tab, Shown.visibleBanner)
    expect(await tab.evaluate(`${Shown.client}.status().signals.gpc`)).toBe(true)
    expect(await tab.evaluate(`${Shown.client}.decide("privacy_setting/marketing/marketing").status`)).toBe("refused")
    expect(await Shown.storedIn(tab)).toMatchObject({ cookies: "", local: [] })
    await Shown.record(tab, Shown.analytics, "accepted")
    await Shown.sent(tab)
    expect(await Shown.permits(tab, Shown.analytics)).toBe(true)
    expect(await Shown.permits(tab, "marketing")).toBe(false)
    const events = (await site.events()).filter(({ id }) => !before.has(id))
    expect(events.filter(({ label }) => label === "marketing").map(({ consentState }) => consentState)).not.toContain(
      "accepted",
    )
    await visitor.close()
  })
})

test.skipIf(ofFirefox.isMissing)("Firefox sends the header with its preference, and not without it", async () => {
  for (const [preferences, expected] of [
    [globalPrivacyControl, "1"],
    [{}, undefined],
  ] as const) {
    const browser = await firefox(preferences)
    try {
      const tab = await (await browser.visitor()).tab()
      site.forget()
      await tab.open(`${site.origin}/one`)
      expect(site.arrived()[0]!.headers["sec-gpc"]).toBe(expected)
    } finally {
      await browser.close()
    }
  }
})
