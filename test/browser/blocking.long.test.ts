/**
 * Marked elements: nothing of them loads before it is permitted, and then each starts once, in the order of the page.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type Tab, type TestBrowser, until } from "../support/browser/browsers.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site?.stop())

/** A type that is no privacy setting is named by its whole name. */
const interviews = "custom/research/interviews"

const marked = (needs: string, attributes: string, text = ""): string =>
  `<script type="text/plain" data-consent="${needs}" ${attributes}>${text}</script>`

const external = (name: string, needs = "analytics", more = ""): string =>
  marked(needs, `src="${site.other}/${name}.js${more}"`)

const inline = (name: string, needs = "analytics", more = ""): string =>
  marked(needs, more, `(window.ran = window.ran || []).push("${name}")`)

/** Keeps the events that the page receives, from before the loader. */
const listening = `<script>
  window.told = []
  for (const name of ["held", "released", "error"])
    document.addEventListener("assent:" + name, ({ detail }) => told.push({ name, ...detail }))
</script>`

const ran = (tab: Tab) => tab.evaluate<ReadonlyArray<string>>("window.ran ?? []")
const told = (tab: Tab, name: string) =>
  tab.evaluate<ReadonlyArray<Readonly<Record<string, unknown>>>>(`told.filter((each) => each.name === "${name}")`)
const isReady = "typeof assent.permits === 'function' && assent.status().phase === 'fresh'"
const tag = () => `${listening}<script src="${site.api}/site-client"></script>`
const paths = () => site.otherArrived().map(({ path }) => path.split("?")[0])

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  const open = async (path: string, page: Parameters<Site["page"]>[1]): Promise<Tab> => {
    const tab = await (await browser.visitor()).tab()
    site.forget()
    await tab.open(site.page(path, { tag: tag(), ...page }))
    return tab
  }

  // Kills: a selector that misses a kind; an element that is released without an answer.
  test("nothing marked is asked for before a choice, and what is named wrongly never is", async () => {
    const body = [
      external("first"),
      inline("second"),
      external("module", "analytics", `" data-type="module`),
      `<iframe data-consent="${interviews}" data-src="${site.other}/frame"></iframe>`,
      `<img alt="" data-consent="${interviews}" data-src="${site.other}/image">`,
      external("both", `analytics ${interviews}`),
      external("unknown", "analytics nothing-of-the-kind"),
      external("empty", ""),
      external("necessary", "strictly_necessary"),
    ].join("")
    const tab = await open("/blocked", { body })
    await until(tab, isReady)
    await until(tab, "window.ran?.includes('necessary')")
    expect(paths()).toEqual(["/necessary.js"])
    expect([await tab.evaluate("assent.status().held"), (await told(tab, "held")).length]).toEqual([8, 8])
    expect((await told(tab, "error")).map(({ code, detail }) => [code, detail])).toEqual([
      ["unknown_name", "analytics nothing-of-the-kind"],
      ["unknown_name", ""],
    ])

    void tab.evaluate(
      "void assent.record([{ consentType: 'privacy_setting/analytics/analytics', consentState: 'accepted' }])",
    )
    await until(tab, "window.ran?.includes('module')")
    expect(await ran(tab)).toEqual(["necessary", "first", "second", "module"])
    expect(paths()).not.toContain("/both.js")
    void tab.evaluate(`void assent.record([{ consentType: "${interviews}", consentState: "accepted" }])`)
    await until(tab, "window.ran?.includes('both')")
    expect(paths().toSorted()).toEqual(
      ["/necessary.js", "/first.js", "/module.js", "/frame", "/image", "/both.js"].toSorted(),
    )
    expect(await tab.evaluate("assent.status().held")).toBe(2)
    expect(tab.errors()).toEqual([])
  })

  // Kills: scripts that are moved without `async = false`, or without waiting for the one before.
  test("scripts start in the order of the page, once each, and one that cannot be had stops no other", async () => {
    const body = [
      external("slow", "analytics", "?wait=400"),
      inline("after-slow"),
      marked("analytics", `src="http://localhost:1/refused.js"`),
      external("async", "analytics", `?wait=300" async data-a="`),
      external("next"),
      inline("thrower", "analytics", "").replace("</script>", ";throw new Error('of the page')</script>"),
      external("deferred", "analytics", `" defer data-a="`),
      external("last"),
    ].join("")
    const tab = await open("/order", { body })
    await until(tab, isReady)
    void tab.evaluate("void assent.acceptAll()")
    await until(tab, "window.ran?.includes('last') && window.ran.includes('async')")
    const order = await ran(tab)
    expect(order.filter((name) => name !== "async")).toEqual([
      "slow",
      "after-slow",
      "next",
      "thrower",
      "deferred",
      "last",
    ])
    expect(order.filter((name) => name === "async")).toHaveLength(1)
  })

  /** A page without the client, so that the test alone says what is permitted. */
  const openAlone = (path: string, body: string): Promise<Tab> =>
    open(path, {
      body,
      tag: `${tag()}<script>parts = document[Symbol.for("assent.parts")]; parts.client = {}</script>`,
    })
  const release = (tab: Tab, permitted = true) => tab.evaluate(`void parts.blocker.release(() => ${permitted})`)

  // Kills: `permits` that is asked once for a batch.
  test("a withdrawal while a script loads keeps those after it from starting", async () => {
    const tab = await openAlone("/withdrawn", external("slow", "analytics", "?wait=1000") + external("rest"))
    await release(tab)
    while (!paths().includes("/slow.js")) await new Promise((resolve) => setTimeout(resolve, 10))
    await tab.evaluate("parts.blocker.block(() => false)")
    await until(tab, "window.ran?.includes('slow')")
    // A script added now would have come after the rest.
    await tab.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(inline("added"))})`)
    await until(tab, "told.filter(({ name }) => name === 'held').length === 3")
    expect(await ran(tab)).toEqual(["slow"])
    expect(paths()).toEqual(["/slow.js"])
  })

  // Kills: frames that stay loaded after a withdrawal.
  test("a frame is emptied by a withdrawal, and filled again by a new acceptance", async () => {
    const tab = await openAlone("/frame", `<iframe data-consent="analytics" data-src="${site.other}/frame"></iframe>`)
    const source = "document.querySelector('iframe').getAttribute('src')"
    await release(tab)
    await until(tab, `${source} !== null`)
    await tab.evaluate("parts.blocker.block(() => false)")
    expect([await tab.evaluate(source), await tab.evaluate("frames[0].location.href")]).toEqual([null, "about:blank"])
    await release(tab)
    await until(tab, `${source} !== null`)
    expect(new Set(paths())).toEqual(new Set(["/frame"]))
  })

  // Kills: an inline script that is moved before the parser has read all of it; a second start of a script.
  test("what is parsed or added later is treated alike, and starts once", async () => {
    const tab = await openAlone("/later", inline("parsed"))
    await release(tab)
    await until(tab, "window.ran?.length === 1")
    await tab.evaluate(`{
      const script = Object.assign(document.createElement("script"), { type: "text/plain", text: "ran.push('inserted')" })
      script.dataset.consent = "analytics"
      document.body.append(script)
    }`)
    await until(tab, "window.ran.length === 2")
    await tab.evaluate("document.body.append(...document.querySelectorAll('script'))")
    await release(tab)
    await tab.evaluate("parts.blocker.release(() => true)")
    expect(await ran(tab)).toEqual(["parsed", "inserted"])
    expect(await tab.evaluate("parts.blocker.count()")).toBe(0)
  })
})
