/**
 * What requesters look at, in a real browser: every state of the page that links in mails open, and `index.html` of an
 * access package, in each language. Each runs no script, violates no rule of axe, light and dark, and needs no sideways
 * scrolling on a screen of 320 pixels.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { executablePath, isMissing } from "../support/chromium.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import * as Mails from "../support/requesterMails.ts"
import { served } from "../support/served.ts"
import { folder } from "../support/server.ts"
import { unzip } from "../support/unzip.ts"
import { packageOf } from "./accessPackages.ts"
import { asKey, asked, opened, worked } from "./complianceRequests.ts"
import { asVisitor, record, site, startWorld, visit, yes } from "./world.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const languages = ["en", "de", "fr", "es"]
const maxBytes = 20_000
/** A word that no line is wide enough for. */
const longWord = "Aufsichtsbehördenzuständigkeitsübertragungsverordnung".repeat(3)

let mail: MailServer
const server = served(async () => {
  mail = await startMailServer()
  const settings = { ASSENT_SMTP_URL: mail.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  return startWorld({ ...settings, ASSENT_PUBLIC_URL: Mails.publicUrl, ASSENT_RATE_LIMIT_KEY: "off" })
})
afterAll(() => mail.stop())

let browser: Browser
let place: string
beforeAll(async () => {
  if (isMissing) return
  place = folder()
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })
})
afterAll(() => browser?.close())

/** Everything that is wrong with the page that is open. Two languages are looked at light, two dark. */
const faultsOf = async (page: Page, language: string): Promise<ReadonlyArray<unknown>> => {
  const faults: Array<unknown> = []
  await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
  await page.setViewportSize({ width: 320, height: 800 })
  const width = Number(await page.evaluate("document.documentElement.scrollWidth"))
  if (width > 320) faults.push(`${width} pixels wide on a screen of 320`)
  const isDark = languages.indexOf(language) % 2 === 0
  if (!isDark) await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ media: "screen", colorScheme: isDark ? "dark" : "light" })
  await page.evaluate(axe)
  const found = "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))"
  faults.push(...((await page.evaluate(found)) as ReadonlyArray<unknown>))
  const scripts = Number(await page.evaluate("document.scripts.length + document.querySelectorAll('[onclick]').length"))
  if (scripts > 0) faults.push("a script")
  return faults
}

describe.skipIf(isMissing).each(languages)("the page of a requester in %s", (language) => {
  let context: BrowserContext
  let page: Page
  let isAlone = true
  beforeAll(async () => {
    context = await browser.newContext({ locale: language })
    page = await context.newPage()
    // The page loads nothing besides itself.
    page.on("request", (request) => (isAlone &&= request.isNavigationRequest()))
  })
  afterAll(() => context.close())

  let made = 0
  /** A request with the page that its first mail links to. */
  const begun = async (request: string) => {
    const userEmail = `${language}${made++}@example.com`
    const { id } = await asked(server, await visit(server), { userEmail, request, language })
    return { id: id as string, path: await Mails.next(mail, userEmail, Mails.pathIn) }
  }
  const go = async (path: string, on: Page = page): Promise<number> =>
    (await on.goto(`${server.url}${path}`))?.status() ?? 0
  const press = (action: string, on: Page = page) =>
    Promise.all([on.waitForLoadState("load"), on.click(`button[value=${action}]`)])
  const expectFine = async (words?: string) => {
    const html = await page.content()
    if (words !== undefined) expect(html).toContain(words)
    expect(await page.evaluate("document.documentElement.lang")).toBe(language)
    expect(Buffer.byteLength(html)).toBeLessThan(maxBytes)
    expect(html).not.toMatch(/<script|javascript:|\{\w+\}/i)
    expect(await faultsOf(page, language)).toEqual([])
    expect(isAlone).toBe(true)
  }
  const attach = (id: string) => {
    const query = new URLSearchParams({ fileName: `${longWord}.txt`.slice(-200), forRequester: "true" })
    const headers = { "content-type": "text/plain" }
    return asKey(server, "POST", `compliance-requests/${id}/files?${query}`, { headers, body: "A letter" })
  }

  test.each(["view", "change", "delete"])("asks whether a %s is the reader's", async (request) => {
    const { path } = await begun(request)
    expect(await go(path)).toBe(200)
    await expectFine()
  })

  test("says that a link opens nothing", async () => {
    const { id } = await begun("view")
    await page.setExtraHTTPHeaders({ "accept-language": language })
    expect(await go(`${site()}/compliance-requests/${id}/page/wrong`)).toBe(404)
    await expectFine()
  })

  test("takes a withdrawal by the link of a code", async () => {
    const { path } = await begun("view")
    await go(path)
    await press("withdraw")
    await expectFine()
  })

  test("shows identity, a question, the answer to it, files, and the result", async () => {
    const { id, path } = await begun("view")
    await go(path)
    await press("verify")
    await expectFine()
    await worked(server, id, { clarification: { ask: true, question: `${longWord}?\nWhich account?` } })
    const isPaused = async () => (await asKey(server, "GET", `compliance-requests/${id}`)).json.clock.state
    await expect.poll(isPaused).toBe("paused")
    await go(path)
    await expectFine(longWord)
    const late = await context.newPage()
    await go(path, late)
    await page.fill("textarea", "The one in Bonn")
    await press("clarify")
    await expectFine()
    // The same form in another tab comes too late.
    await late.fill("textarea", "Another")
    await press("clarify", late)
    expect(await late.locator("[role=status]").count()).toBe(1)
    expect(await faultsOf(late, language)).toEqual([])
    await late.close()
    const attached = await attach(id)
    expect(attached.status, attached.text).toBe(201)
    await go(path)
    await expectFine()
    const file = attached.json.files[0].id
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    const body = new URLSearchParams({ action: "download", file }).toString()
    for (let n = 0; n < 10; n++) expect((await server.request("POST", path, { headers, body })).status).toBe(200)
    await go(path)
    expect(await page.locator("button[value=download]").count()).toBe(0)
    await expectFine()
    const resolution = `${longWord}\n\nThe rest is with another company.`
    await worked(server, id, { status: "resolved", resolutionStatus: "partially_completed", resolution })
    await go(path)
    await expectFine(longWord)
  })

  test.each([
    { resolutionStatus: "completed", resolution: "Corrected" },
    { resolutionStatus: "no_records_found", resolution: "Nothing is held" },
    { resolutionStatus: "denied", denialGround: "exempt" },
    { resolutionStatus: "withdrawn" },
  ])("shows an end: $resolutionStatus", async (end) => {
    const { id, path } = await begun("change")
    await go(path)
    await press("verify")
    await worked(server, id, { status: "acknowledged" })
    await go(path)
    await expectFine()
    await worked(server, id, { status: "resolved", ...end })
    await go(path)
    await expectFine(end.resolution)
  })

  test("takes a withdrawal by the page itself", async () => {
    const { path } = await begun("view")
    await go(path)
    await press("verify")
    await page.click("summary")
    await press("withdraw")
    await expectFine()
  })
})

describe.skipIf(isMissing).each(languages)("index.html of an access package in %s", (language) => {
  const write = async (name: string, zip: Buffer) => {
    const html = (await unzip(zip)).get("index.html")!.toString()
    expect(html).not.toMatch(/<script|javascript:|<link|<img/i)
    const path = join(place, `${name}-${language}.html`)
    writeFileSync(path, html)
    return pathToFileURL(path).href
  }
  const expectFine = async (url: string) => {
    const page = await browser.newPage()
    let requests = 0
    page.on("request", () => requests++)
    await page.goto(url)
    expect(await faultsOf(page, language)).toEqual([])
    expect(await page.evaluate("document.documentElement.lang")).toBe(language)
    expect(requests).toBe(1)
    await page.close()
  }

  test("shows everything that is held", async () => {
    const email = `everything-${language}@example.com`
    const visitor = await visit(server)
    const seen = { "user-agent": `Mozilla/5.0 ${longWord}` }
    const json = { items: [yes(), yes({ consentState: "declined" })] }
    const recorded = await asVisitor(server, visitor, "POST", "consent-events", { json, headers: seen })
    expect(recorded.status, recorded.text).toBe(201)
    const profile = { firstName: longWord.slice(0, 100), lastName: "Doe" }
    const kept = await asVisitor(server, visitor, "POST", "profile", { json: profile })
    expect(kept.status, kept.text).toBeLessThan(300)
    expect((await record(server, [yes({ concordId: visitor.concordId })])).status).toBe(201)
    const subject = { concordId: visitor.concordId, preverified: true, language }
    const { id } = await opened(server, { user: { email }, ...subject })
    const query = new URLSearchParams({ fileName: `${longWord}.txt`.slice(-200), forRequester: "true" })
    const sent = { headers: { "content-type": "text/plain" }, body: "A letter" }
    expect((await asKey(server, "POST", `compliance-requests/${id}/files?${query}`, sent)).status).toBe(201)
    await expectFine(await write("everything", await packageOf(server, id)))
  })

  test("says that nothing is held", async () => {
    const user = { email: `no-one-${language}@example.com` }
    const { id } = await opened(server, { user, preverified: true, language })
    await expectFine(await write("nothing", await packageOf(server, id)))
  })
})
