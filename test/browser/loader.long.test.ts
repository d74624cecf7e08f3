/** The loader in real browsers: strict policies, the rule of the nonce, and what Google and Microsoft receive first. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import { browsers, type Tab, type TestBrowser, until } from "../support/browser/browsers.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site?.stop())

const nonce = "r4nd0m"
const withNonce = (attributes: string, text = ""): string => `<script nonce="${nonce}" ${attributes}>${text}</script>`
const listening = "window.told = []; document.addEventListener('assent:error', ({ detail }) => told.push(detail.code))"

const strict = (more = "'strict-dynamic'"): string =>
  [
    `script-src 'nonce-${nonce}' ${more}`,
    "style-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types assent",
    "report-uri /reports",
  ].join("; ")

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  const open = async (path: string, page: Parameters<Site["page"]>[1]): Promise<Tab> => {
    const tab = await (await browser.visitor()).tab()
    site.forget()
    await tab.open(site.page(path, page))
    await until(tab, "typeof assent.permits === 'function' && assent.status().phase === 'fresh'")
    return tab
  }

  // Kills: a script element without nonce; an address that is set past the policy; text that is copied.
  test.each([
    ["with strict-dynamic", strict()],
    ["without strict-dynamic", strict("'self'")],
  ])("a strict policy that requires trusted types %s is never violated", async (_, policy) => {
    const injected = `<script type="text/plain" data-consent="analytics">window.injected = true</script>`
    const tab = await open("/strict", {
      tag: withNonce("", listening) + withNonce(`src="${site.api}/site-client"`),
      body:
        "<h1>A walk along the river</h1>" +
        injected +
        withNonce(`type="text/plain" data-consent="analytics"`, "window.own = true"),
      headers: { "content-security-policy": policy },
    })
    void tab.evaluate("void assent.acceptAll()")
    await until(tab, "window.own === true")
    await until(tab, "told.length > 0")
    expect(await tab.evaluate("told")).toEqual(["nonce_missing"])
    expect(await tab.evaluate("window.injected")).toBeUndefined()
    expect(site.reports()).toEqual([])
    expect(tab.errors()).toEqual([])
  })

  const layer = (tab: Tab) =>
    tab.evaluate<ReadonlyArray<ReadonlyArray<unknown>>>(
      "dataLayer.map((each) => each.event ? ['event', each.event] : [...each])",
    )
  const denied = {
    ad_storage: "denied",
    ad_user_data: "denied",
    ad_personalization: "denied",
    analytics_storage: "denied",
    functionality_storage: "denied",
    personalization_storage: "denied",
  }

  // Kills: arrays in place of `arguments`; a default after other scripts; a second default.
  test("Google is told one default before anything else, and an update for each change", async () => {
    const head = "<script>dataLayer.push({ event: 'gtm.js' })</script>"
    const tab = await open("/google", { head })
    expect(await tab.evaluate("Object.prototype.toString.call(dataLayer[0])")).toBe("[object Arguments]")
    const first = await layer(tab)
    expect(first.slice(0, 3)).toEqual([
      ["consent", "default", { ...denied, security_storage: "granted", wait_for_update: 500 }],
      ["set", "ads_data_redaction", true],
      ["event", "gtm.js"],
    ])
    void tab.evaluate("void assent.acceptAll()")
    await until(tab, "dataLayer.some((each) => each[1] === 'update' && each[2].analytics_storage === 'granted')")
    const all = await layer(tab)
    expect(all.filter(([, kind]) => kind === "default")).toHaveLength(1)
    // There is no type of advertising, so nothing permits it.
    expect(all.findLast(([, kind]) => kind === "update")?.[2]).toEqual({ ...denied, analytics_storage: "granted" })
    expect(await tab.evaluate("dataLayer.findLast(({ event }) => event === 'consent_updated').consent_state")).toEqual({
      analytics: true,
    })
  })

  // Kills: a loader that waits for the client; a snapshot that counts after its end, or under an older revision.
  test("a snapshot is told and released at once, as long as it counts", async () => {
    const { project } = site.service.banner()
    const alone = `<script>document[Symbol.for("assent.parts")].client = {}</script>`
    const body = `<script type="text/plain" data-consent="analytics">window.ran = true</script>`
    const url = site.page("/snapshot", { tag: `<script src="${site.api}/site-client"></script>${alone}`, body })
    const tab = await (await browser.visitor()).tab()
    const parts = `document[Symbol.for("assent.parts")]`
    await tab.open(url)
    const revision = await tab.evaluate<number>(`${parts}.configuration.revision`)
    const openWith = async (snapshot: Partial<Snapshot.DecisionSnapshot>, until?: number) => {
      const answers = new Map([["analytics", { permitted: true, ...(until !== undefined && { until }) }]])
      const text = Snapshot.encode({ region: undefined, revision, gpc: false, answers, ...snapshot })
      await tab.evaluate(`document.cookie = ${JSON.stringify(`${Snapshot.cookieName(project)}=${text}; Path=/`)}`)
      await tab.open(url)
    }
    await openWith({}, Date.now() + 3_600_000)
    await until(tab, "window.ran === true")
    expect((await layer(tab)).map(([, kind, value]) => [kind, Object(value)["analytics_storage"]])).toEqual([
      ["default", "denied"],
      ["ads_data_redaction", undefined],
      ["update", "granted"],
      ["ads_data_redaction", undefined],
      ["consent_updated", undefined],
    ])
    for (const [snapshot, end] of [
      [{}, Date.now() - 1],
      [{ revision: revision - 1 }, undefined],
      [{ answers: new Map() }, undefined],
    ] as const) {
      await openWith(snapshot, end)
      await tab.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
      expect(await tab.evaluate("window.ran")).toBeUndefined()
    }
  })

  test("calls that were made before the client are run in their order, and a second loader does nothing", async () => {
    const queue = `<script>
      ${listening}
      window.assent = window.assent || Object.assign((...c) => assent.q.push(c), { q: [] })
      window.calls = []
      assent("on", "ready", () => calls.push("ready"))
      assent("when", "strictly_necessary", () => calls.push("when"))
      assent("no_such_command")
    </script>`
    const loader = `<script src="${site.api}/site-client"></script>`
    const tab = await open("/queue", { tag: queue + loader + loader })
    expect(await tab.evaluate("told")).toEqual(["loader_twice", "unknown_command"])
    await until(tab, "calls.includes('ready')")
  })
})
