/**
 * The banner in a real Chromium: what it shows, what it records, and that it is fair and can be used by everyone.
 */
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { all as languages } from "../../core/browser/texts/index.ts"
import { isMissing } from "../support/chromium.ts"
import { findings } from "../support/browser/findings.ts"
import type { Focused, Paints } from "../support/browser/page/Measured.ts"
import { changedAnalytics, type Difference, event, own, scene, types } from "../support/browser/scenes.ts"
import { start, type WidgetPages } from "../support/browser/widgetPage.ts"

const { functional, analytics, marketing, social, necessary } = types
const optional = [functional, analytics, marketing, social]
const phone = { width: 375, height: 667 }
const tablet = { width: 768, height: 1024 }
const desktop = { width: 1280, height: 800 }
const sizes = [phone, tablet, desktop]
const bySignal = event(marketing, "declined", 0, { consentAction: "implied", evidence: { signal: "gpc" } })

const inLanguage = (tag: string) => own(languages.find(({ language }) => language === tag)!)

/** What looks different. */
const variants: Readonly<Record<string, { readonly differs?: Difference; readonly options?: object }>> = {
  "a bar": {},
  "a bar at the top": { differs: { banner: { position: "top" } } },
  "a box in the dark": { differs: { banner: { layout: "box", position: "bottom-right", theme: "dark" } } },
  "a box in the middle, of a brand": {
    differs: {
      banner: { layout: "box", position: "center", theme: "brand", closeButton: "decline" },
      region: { branding: { primaryColor: "#7a1f5c", secondaryColor: "#ffffff", buttonRadius: 22, font: "serif" } },
    },
  },
  "in the flow of the page, with a close button": { differs: { banner: { layout: "inline", closeButton: "close" } } },
  "the browser's dark colours": { differs: { banner: { theme: "auto" } }, options: { colorScheme: "dark" } },
  "forced colours": { options: { forcedColors: "active" } },
  Arabic: { differs: { texts: inLanguage("ar") } },
  "German, with a signal": { differs: { texts: inLanguage("de"), gpc: true, events: [bySignal] } },
  "a changed text": {
    differs: {
      types: [necessary, functional, changedAnalytics],
      events: [event(functional, "declined", 3), event(analytics, "accepted", 30)],
    },
  },
  "links against sale and sharing": { differs: { region: { doNotSell: true, limitPii: true, floatingButton: true } } },
}

const boxOf = async (page: Page, selector: string) => (await page.locator(selector).boundingBox())!

const looksOf = (page: Page, name: string): Promise<unknown> => page.evaluate(`measure.looks(".banner .${name}")`)

const statesOf = (page: Page): Promise<Record<string, string>> => page.evaluate("measure.states()")

describe.skipIf(isMissing)("the banner", () => {
  const errors: Array<string> = []
  let pages: WidgetPages

  beforeAll(async () => {
    pages = await start(errors)
  })
  afterAll(() => pages?.close())
  afterEach(async () => {
    await Promise.all(pages.browser.contexts().map((context) => context.close()))
    expect(errors.splice(0)).toEqual([])
  })

  for (const [name, { differs, options }] of Object.entries(variants)) {
    for (const viewport of sizes) {
      test(`${name}, ${viewport.width} px: nothing to find, fair, clear of the page`, async () => {
        const page = await pages.open(scene(differs), { viewport, ...options })
        const banner = await boxOf(page, ".banner")
        expect(banner.height).toBeLessThanOrEqual(viewport.height / 2)
        expect(banner.x).toBeGreaterThanOrEqual(0)
        expect(banner.x + banner.width).toBeLessThanOrEqual(viewport.width)
        for (const inside of await page.locator(".banner button").all()) {
          const { x, width } = (await inside.boundingBox())!
          expect(x).toBeGreaterThanOrEqual(banner.x)
          expect(x + width).toBeLessThanOrEqual(banner.x + banner.width)
        }

        const [decline, accept] = [await boxOf(page, ".decline"), await boxOf(page, ".banner .accept")]
        expect(accept.width).toBeCloseTo(decline.width, 0)
        expect(accept.height).toBe(decline.height)
        expect(await looksOf(page, "accept")).toEqual(await looksOf(page, "decline"))
        const order = await page.locator(".banner .actions button").evaluateAll((all) => all.map((it) => it.className))
        expect(order.slice(0, 2)).toEqual(["decline", "accept"])

        for (const target of await page.locator(".banner button, .links a").all()) {
          const { width, height } = (await target.boundingBox())!
          expect(Math.min(width, height)).toBeGreaterThanOrEqual(44)
        }
        expect(await findings(page)).toEqual([])
      })
    }
  }

  test("at 400 % it can be read and used by scrolling in one direction", async () => {
    for (const { language } of languages.filter(({ language }) => ["en", "de", "fi", "ar"].includes(language))) {
      const page = await pages.open(scene({ texts: inLanguage(language) }), { viewport: { width: 320, height: 256 } })
      const banner = page.locator(".banner")
      expect((await banner.boundingBox())!.height).toBeLessThanOrEqual(128)
      expect(await banner.evaluate((it) => it.scrollWidth <= it.clientWidth)).toBe(true)
      for (const name of ["decline", "accept", "customize"]) {
        await page.locator(`.${name}`).focus()
        const { y, height } = await boxOf(page, `.${name}`)
        expect(y + height).toBeLessThanOrEqual(256)
      }
    }
  })

  test("moves nothing, is not the largest paint, and takes no focus", async () => {
    for (const layout of ["bar", "box", "inline"] as const) {
      for (const viewport of sizes) {
        const page = await pages.open(scene({ banner: { layout } }), { viewport })
        const paints: Paints = await page.evaluate("measure.paints()")
        expect(paints).toEqual({ shifts: 0, isLargestOfPage: true, focused: "BODY" })
      }
    }
  })

  test("by keyboard: it comes first, holds nothing, and what has the focus is not under it", async () => {
    for (const position of ["bottom", "top", "center"] as const) {
      const page = await pages.open(scene({ banner: { position, layout: position === "center" ? "box" : "bar" } }), {
        viewport: tablet,
      })
      const walked: Array<string> = []
      for (let stop = 0; stop < 40; stop++) {
        await page.keyboard.press("Tab")
        const { text, isCovered }: Focused = await page.evaluate("measure.focused()")
        expect([text, isCovered]).toEqual([text, false])
        walked.push(text)
        if (text === "Imprint") break
      }
      expect(walked.slice(0, 5)).toEqual(["Privacy policy", "Refuse all", "Accept all", "Choose", "Home"])
      expect(walked.at(-1)).toBe("Imprint")
    }
  })

  test("is read out once", async () => {
    const page = await pages.open(scene())
    await page.locator('[role="status"]', { hasText: "Your privacy choices" }).waitFor({ state: "attached" })
    expect(await page.locator("section").getAttribute("aria-label")).toBe("Your privacy choices")
  })

  for (const [name, state] of [
    ["decline", "declined"],
    ["accept", "accepted"],
  ] as const) {
    test(`${name} records every optional type, hides the banner, and leaves the page as it was`, async () => {
      const page = await pages.open(scene())
      await page.locator(`.${name}`).focus()
      await page.keyboard.press("Enter")
      expect(await page.locator(".banner").count()).toBe(0)
      expect(await statesOf(page)).toEqual(Object.fromEntries(optional.map(({ id }) => [id, state])))
      expect(await page.locator("html").getAttribute("style")).toBe("")
      await page.keyboard.press("Tab")
      expect(await page.evaluate("measure.focused()")).toMatchObject({ text: "Home" })
      const evidence = await page.evaluate("assent.history().then(([{ event }]) => event.evidence)")
      expect(evidence).toEqual({
        surface: "banner",
        layout: "bar",
        region: "region",
        textHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
    })
  }

  test("asks again for the changed text alone, and says what changed", async () => {
    const before = [event(functional, "declined", 3), event(analytics, "accepted", 30), event(marketing, "accepted", 3)]
    const page = await pages.open(scene({ types: [functional, changedAnalytics, marketing], events: before }))
    await page.getByText("“Statistics” has changed", { exact: false }).waitFor()
    await page.getByText("also records where on a page you click", { exact: false }).waitFor()
    await page.locator(".decline").click()
    expect(await statesOf(page)).toEqual({
      [functional.id]: "declined",
      [analytics.id]: "declined",
      [marketing.id]: "accepted",
    })
  })

  test("does not ask for what the browser's signal has answered", async () => {
    const page = await pages.open(scene({ gpc: true, events: [bySignal] }))
    await page.locator(".badge").waitFor()
    await page.locator(".accept").click()
    expect(await statesOf(page)).toMatchObject({ [analytics.id]: "accepted", [marketing.id]: "declined" })
  })

  test("closing records nothing, or declines where its label says so", async () => {
    const closed = await pages.open(scene({ banner: { closeButton: "close" } }))
    await closed.getByRole("button", { name: "Close" }).click()
    expect(await closed.locator(".banner").count()).toBe(0)
    expect(await statesOf(closed)).toEqual({})
    const declined = await pages.open(scene({ banner: { closeButton: "decline" } }))
    await declined.getByRole("button", { name: "Refuse all and close" }).click()
    expect(Object.values(await statesOf(declined))).toEqual(optional.map(() => "declined"))
  })

  test("in a region without a refusal the acceptance has the whole width of a phone", async () => {
    const implied = { region: { consentMode: "implied" as const }, banner: { denyButton: false } }
    const page = await pages.open(scene(implied), { viewport: phone })
    const [accept, customize] = [await boxOf(page, ".accept"), await boxOf(page, ".customize")]
    expect([accept.x, accept.width]).toEqual([customize.x, customize.width])
  })

  test("the settings button stays in the page, also with a long label", async () => {
    for (const differs of [{ floatingButton: true }, { floatingButton: true, doNotSell: true }]) {
      const page = await pages.open(scene({ region: differs }), { viewport: phone })
      await page.evaluate("assent.declineAll()")
      const { x, width } = await boxOf(page, ".settings")
      expect(x + width).toBeLessThanOrEqual(phone.width - 16)
      expect(await findings(page)).toEqual([])
    }
  })

  test("nothing is cut off where the visitor spaces the text, and nothing is printed", async () => {
    for (const viewport of sizes) {
      const page = await pages.open(scene({ texts: inLanguage("de") }), { viewport })
      await page.evaluate("measure.spaceText()")
      const cut = await page
        .locator(".banner :is(h2, p, button)")
        .evaluateAll((all) => all.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.textContent))
      expect(cut).toEqual([])
      expect((await boxOf(page, ".banner")).height).toBeLessThanOrEqual(viewport.height / 2)
      await page.emulateMedia({ media: "print" })
      expect(await page.locator(".banner").isVisible()).toBe(false)
    }
  })

  test("is put back when a router takes it away, and goes when another tab has answered", async () => {
    const page = await pages.open(scene({ region: { floatingButton: true } }))
    expect(await page.locator(".settings").isVisible()).toBe(false)
    await page.evaluate("measure.replacePage()")
    await page.locator(".banner").waitFor()
    await page.evaluate("assent.declineAll()")
    await page.locator(".banner").waitFor({ state: "detached" })
    expect(await page.locator(".settings").isVisible()).toBe(true)
  })
})
