/**
 * The preference centre in a real Chromium: what is in force in words, the focus, and what its actions record.
 */
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { all as languages } from "../../core/browser/texts/index.ts"
import { isMissing } from "../support/chromium.ts"
import { findings } from "../support/browser/findings.ts"
import { changedAnalytics, type Difference, event, own, scene, types } from "../support/browser/scenes.ts"
import { start, type WidgetPages } from "../support/browser/widgetPage.ts"

const { necessary, functional, analytics, marketing, social } = types
const chosen = [event(functional, "accepted", 40), event(analytics, "accepted", 30), event(marketing, "declined", 20)]

const variants: Readonly<Record<string, Difference>> = {
  light: { events: chosen },
  dark: { events: chosen, banner: { theme: "dark" } },
  "every status": {
    types: [necessary, functional, changedAnalytics, marketing, social],
    events: [event(functional, "accepted", 300), event(analytics, "accepted", 30), event(marketing, "viewed", 3)],
  },
}

const phone = { width: 375, height: 667 }
const tablet = { width: 768, height: 1024 }
const desktop = { width: 1280, height: 800 }
const arabic = own(languages.find(({ language }) => language === "ar")!)

/** What looks different, with what it differs in. */
const looks: ReadonlyArray<readonly [string, Difference, object]> = [
  ["768 px", {}, { viewport: tablet }],
  ["1280 px", {}, { viewport: desktop }],
  ["Arabic, 375 px", { texts: arabic }, { viewport: phone }],
  ["Arabic, 1280 px", { texts: arabic }, { viewport: desktop }],
  ["forced colours", {}, { viewport: tablet, forcedColors: "active" }],
  ["the browser's dark colours", { banner: { theme: "auto" } }, { viewport: tablet, colorScheme: "dark" }],
  ["a signal", { gpc: true, region: { doNotSell: true, limitPii: true } }, { viewport: phone }],
]

const statesOf = (page: Page): Promise<Record<string, string>> => page.evaluate("measure.states()")

describe.skipIf(isMissing)("the preference centre", () => {
  const errors: Array<string> = []
  let pages: WidgetPages

  const open = async (difference: Difference, surface = "preferences", options: object = {}): Promise<Page> => {
    const page = await pages.open(scene(difference), options)
    await page.evaluate(`assent.show("${surface}")`)
    await page.locator("dialog").waitFor()
    return page
  }

  beforeAll(async () => {
    pages = await start(errors)
  })
  afterAll(() => pages?.close())
  afterEach(async () => {
    await Promise.all(pages.browser.contexts().map((context) => context.close()))
    expect(errors.splice(0)).toEqual([])
  })

  for (const [name, difference] of Object.entries(variants)) {
    test(`${name}: axe finds nothing, also in the history`, async () => {
      const page = await open(difference, "history", { viewport: phone })
      await page.locator(".line").first().waitFor()
      expect(await findings(page)).toEqual([])
    })
  }

  for (const [name, difference, options] of looks) {
    test(`${name}: axe finds nothing, and everything is as wide as the page at most`, async () => {
      const page = await open({ events: chosen, ...difference }, "preferences", options)
      expect(await findings(page)).toEqual([])
      expect(await page.locator("dialog").evaluate((it) => it.scrollWidth <= it.clientWidth)).toBe(true)
      const { x, width } = (await page.locator("dialog").boundingBox())!
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x + width).toBeLessThanOrEqual(page.viewportSize()!.width)
    })
  }

  test("by keyboard: every control in the order in which it is read, and a switch and its answer", async () => {
    const page = await pages.open(scene({ events: chosen.slice(0, 1), region: { floatingButton: true } }))
    await page.locator(".customize").focus()
    await page.keyboard.press("Enter")
    await page.locator("dialog").waitFor()
    const walked: Array<string> = []
    for (let stop = 0; stop < 10; stop++) {
      await page.keyboard.press("Tab")
      walked.push(await page.evaluate("measure.focusedName()"))
    }
    expect(walked).toEqual([
      "Close",
      "Preferences",
      "Statistics",
      "site.example",
      "Advertising",
      "Embedded media",
      "Your earlier choices",
      "Refuse all",
      "Accept all",
      "Save choices",
    ])
    await page.getByRole("switch", { name: "Statistics" }).focus()
    await page.keyboard.press("Space")
    await page.locator("dialog .save").focus()
    await page.keyboard.press("Enter")
    expect(await statesOf(page)).toMatchObject({ [functional.id]: "accepted", [analytics.id]: "accepted" })
    expect(await page.locator("dialog").count()).toBe(0)
  })

  test("says that the history cannot be read, not that it is empty", async () => {
    const page = await open({ events: chosen, network: "failing" }, "history")
    await page.getByText("Your earlier choices cannot be loaded right now.").waitFor()
    expect(await page.locator(".line, .download").count()).toBe(0)
    expect(await page.getByText("not sent yet").count()).toBe(0)
  })

  test("says what is in force", async () => {
    const page = await open(variants["every status"]!)
    expect(await page.locator(".row .status").allTextContents()).toEqual([
      "Always on, because the site does not work without it",
      "Allowed on February 3, 2026; ended on August 3, 2026",
      "Allowed on October 31, 2026; no longer counts, because the text has changed",
      "Shown on November 27, 2026, not answered yet",
      "Not answered yet",
    ])
    expect(await page.locator("input:checked").count()).toBe(0)
  })

  test("opens with the focus on its heading; Escape records nothing and gives the focus back", async () => {
    const page = await pages.open(scene())
    await page.locator(".customize").focus()
    await page.keyboard.press("Enter")
    await page.locator("dialog").waitFor()
    expect(await page.evaluate("measure.focused().text")).toBe("Privacy settings")
    await page.keyboard.press("Escape")
    await page.locator("dialog").waitFor({ state: "detached" })
    expect(await page.evaluate("measure.focused().text")).toBe("Choose")
    expect(await statesOf(page)).toEqual({})
  })

  test("saves what the switches say", async () => {
    const page = await open({})
    await page.getByRole("switch", { name: "Statistics" }).check()
    await page.locator(".save").click()
    expect(await page.locator("dialog, .banner").count()).toBe(0)
    expect(await statesOf(page)).toEqual({
      [functional.id]: "declined",
      [analytics.id]: "accepted",
      [marketing.id]: "declined",
      [social.id]: "declined",
    })
  })

  test("accepts against the browser's signal only after a sentence that says so", async () => {
    const page = await open({ gpc: true, events: [event(marketing, "declined", 1)] })
    await page.locator("dialog .accept").click()
    expect(await statesOf(page)).toEqual({ [marketing.id]: "declined" })
    // No answer to the question is easier to reach than the other, and the two take the whole width.
    const [back, anyway] = [await page.locator(".back").boundingBox(), await page.locator(".anyway").boundingBox()]
    expect(anyway!.width).toBeCloseTo(back!.width, 0)
    expect(back!.width + anyway!.width).toBeGreaterThan((await page.locator(".choices").boundingBox())!.width * 0.8)
    expect(await findings(page)).toEqual([])
    await page.getByRole("button", { name: "Accept anyway" }).click()
    expect(await statesOf(page)).toMatchObject({ [marketing.id]: "accepted", [analytics.id]: "accepted" })
    const confirmed = await page.evaluate(
      "assent.history().then((lines) => lines.filter(({ event }) => event.evidence?.gpc).map(({ type }) => type.id))",
    )
    expect(confirmed).toEqual([marketing.id])
  })

  test("takes a choice back in the history, and says what is not sent yet", async () => {
    const page = await open({ events: chosen, network: "offline" }, "history")
    await page.getByRole("button", { name: "Withdraw: Statistics" }).click()
    await page.locator(".line", { hasText: "Counts on this device; not sent yet" }).waitFor()
    expect(await statesOf(page)).toMatchObject({ [analytics.id]: "declined", [functional.id]: "accepted" })
    expect(await page.getByRole("switch", { name: "Statistics" }).isChecked()).toBe(false)
  })

  test("one click declines sale and sharing", async () => {
    const page = await open({ events: [event(marketing, "accepted", 1)], region: { doNotSell: true } })
    await page.locator("dialog .link").click()
    expect(await statesOf(page)).toEqual({ [marketing.id]: "declined" })
  })
})
