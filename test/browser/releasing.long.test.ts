/** S5, S6: what is let go runs once, in the order of the document, and not after a withdrawal. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site?.stop())

const held = (src: string): string => `<script type="text/plain" data-consent="analytics" src="${src}"></script>`
const inline = (name: string): string =>
  `<script type="text/plain" data-consent="analytics">(window.ran = window.ran || []).push("${name}")</script>`
const ran = "(window.ran ?? [])"

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a script that overtakes a slower one; an error that stops the rest, or a script of a type that no browser
  // runs, of which no event comes; a script that runs twice or not at all.
  test("scripts run in the order of the document, whatever each needs to arrive, and also after one that is missing", async () => {
    const { other } = site
    const url = site.page("/order", {
      head:
        held(`${other}/a.js?wait=400`) +
        inline("b") +
        `<script type="text/plain" data-type="text/typescript" data-consent="analytics" src="${other}/t.ts"></script>` +
        held(`${other}/missing.js`) +
        held(`${other}/c.js?wait=200`) +
        held(`${other}/d.js`) +
        held(`${other}/d.js`) +
        inline("e"),
    })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    site.forget()
    await tab.open(url)
    await until(tab, Shown.visibleBanner)
    expect(site.otherArrived()).toEqual([])
    await Shown.accept(tab)
    await until(tab, `${ran}.includes("e")`)
    expect(await tab.evaluate(ran)).toEqual(["a", "b", "c", "d", "d", "e"])
    await visitor.close()
  })

  // Kills: a batch that is let go without asking again before each element.
  test("what has not run when a permission is withdrawn does not run, and is not requested", async () => {
    const { other } = site
    const url = site.page("/race", { head: held(`${other}/first.js?wait=1500`) + held(`${other}/second.js`) })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    site.forget()
    await tab.open(url)
    await until(tab, Shown.visibleBanner)
    await Shown.accept(tab)
    while (site.otherArrived().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await tab.evaluate(`void ${Shown.client}.withdraw("analytics")`)
    await Shown.fresh(tab)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(site.otherArrived().map(({ path }) => path)).toEqual(["/first.js?wait=1500"])
    expect(await Shown.permits(tab, "analytics")).toBe(false)
    await visitor.close()
  })

  test("a choice that is made while the page is still parsed lets go what is parsed later, once", async () => {
    const { other } = site
    const url = site.page("/parsing", {
      body: `<h1>Slow</h1>${inline("before")}<script src="${other}/slow.js?wait=2500"></script>${inline("after")}`,
    })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    const opening = tab.open(url)
    await until(
      { evaluate: (expression) => tab.evaluate(`(document.body ? ${expression} : false)`) },
      Shown.visibleBanner,
    )
    await Shown.accept(tab)
    await opening
    await until(tab, `${ran}.includes("after")`)
    expect((await tab.evaluate<ReadonlyArray<string>>(ran)).toSorted()).toEqual(["after", "before", "slow"])
    await visitor.close()
  })
})
