/** S3: a strict content security policy with Trusted Types is never violated, and lets no injected element pass. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browsers, type TestBrowser, until } from "../support/browser/browsers.ts"
import * as Shown from "../support/browser/shown.ts"
import { type Site, startSite } from "../support/browser/site.ts"

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site?.stop())

const policy = (scripts: string): string =>
  `default-src 'none'; script-src ${scripts}; style-src 'none'; connect-src 'self'; img-src 'self' data:; ` +
  `require-trusted-types-for 'script'; trusted-types assent; base-uri 'none'; report-uri /reports`

describe.each(browsers.filter(({ isMissing }) => !isMissing))("In $name", ({ name, start }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => browser?.close())

  // Kills: a style attribute; a style element; innerHTML; a client file without the nonce or the policy's address.
  test.each([
    ["enforced", "content-security-policy", "'nonce-n' 'strict-dynamic'"],
    ["only reported", "content-security-policy-report-only", "'nonce-n' 'strict-dynamic'"],
    ["without strict-dynamic", "content-security-policy", "'nonce-n'"],
  ])(
    "a strict policy, %s, has nothing to report from the first view to the history",
    async (which, header, scripts) => {
      const project = new URL(site.api).pathname
      const path = `/strict-${name}-${which.replaceAll(" ", "-")}`
      const url = site.page(path, {
        tag: `<script nonce="n" src="${project}/site-client"></script>`,
        head: `<script nonce="n" type="text/plain" data-consent="analytics">document.documentElement.dataset.ran = "yes"</script>`,
        headers: { [header]: policy(scripts) },
      })
      const visitor = await browser.visitor()
      const tab = await visitor.tab()
      site.forget()
      await tab.open(url)
      await until(tab, Shown.visibleBanner)
      await Shown.choose(tab)
      await until(tab, `(${Shown.client}, true)`)
      await Shown.toggle(tab, "Analytics")
      await tab.press(Shown.english.privacyCenter.saveButton)
      await until(tab, `document.documentElement.dataset.ran === "yes"`)
      await tab.evaluate(`${Shown.client}.show("history")`)
      await Shown.sent(tab)
      expect(site.reports()).toEqual([])
      expect(tab.errors()).toEqual([])
      await visitor.close()
    },
  )

  // Kills: an element is let go although its nonce is not that of the loader.
  test("a held element without the nonce of the page is never let go", async () => {
    const project = new URL(site.api).pathname
    const url = site.page(`/injected-${name}`, {
      tag: `<script nonce="n" src="${project}/site-client"></script>`,
      head:
        `<script type="text/plain" data-consent="analytics">document.documentElement.dataset.injected = "ran"</script>` +
        `<script type="text/plain" data-consent="analytics" src="${site.other}/injected.js"></script>` +
        `<script nonce="n" type="text/plain" data-consent="analytics">document.documentElement.dataset.own = "ran"</script>`,
      headers: { "content-security-policy": policy("'nonce-n' 'strict-dynamic'") },
    })
    const visitor = await browser.visitor()
    const tab = await visitor.tab()
    site.forget()
    await tab.open(url)
    await until(tab, Shown.visibleBanner)
    await Shown.accept(tab)
    await until(tab, `document.documentElement.dataset.own === "ran"`)
    expect(await tab.evaluate("document.documentElement.dataset.injected ?? null")).toBeNull()
    expect(site.otherArrived()).toEqual([])
    await visitor.close()
  })
})
