/**
 * Real browsers for tests, under one small interface: Chromium by Playwright, and Firefox by WebDriver BiDi.
 */
import { existsSync } from "node:fs"
import { type BrowserContext, chromium as playwright, type Page } from "playwright-core"
import * as Puppeteer from "puppeteer-core"
import * as Chromium from "../chromium.ts"

/** One tab of a visitor. */
export interface Tab {
  readonly open: (url: string) => Promise<void>
  readonly reload: () => Promise<void>
  readonly back: () => Promise<void>
  /** The value of an expression in the page; a promise is awaited. */
  readonly evaluate: <Value>(expression: string) => Promise<Value>
  /** Clicks with the mouse on a button or link, also in open shadow roots, by its text. */
  readonly press: (label: string) => Promise<void>
  readonly key: (name: "Escape" | "Tab" | "Enter") => Promise<void>
  /** The addresses that the tab has asked for. */
  readonly requests: () => ReadonlyArray<string>
  /** The uncaught errors of the page. */
  readonly errors: () => ReadonlyArray<string>
  readonly bringToFront: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The names and values of a cookie, and whether scripts cannot read it. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly httpOnly: boolean
}

/** One person's browser profile. */
export interface Visitor {
  readonly tab: () => Promise<Tab>
  readonly cookies: () => Promise<ReadonlyArray<StoredCookie>>
  readonly close: () => Promise<void>
}

/** A running browser. */
export interface TestBrowser {
  readonly name: "Chromium" | "Firefox"
  readonly visitor: () => Promise<Visitor>
  readonly close: () => Promise<void>
}

/** How long a page may take to show something before a test gives up, on a busy machine. */
const patienceMillis = 40_000

/** What a browser says of a page that was left while an expression was evaluated in it. */
const isLeft = (error: unknown): boolean =>
  /context was destroyed|DiscardedBrowsingContext|no such frame|navigat/i.test(String(error))

/** Waits until an expression in the page is true; a page that is left meanwhile is asked again in the next one. */
export const until = async (tab: Pick<Tab, "evaluate">, expression: string): Promise<void> => {
  const end = Date.now() + patienceMillis
  for (;;) {
    const found = tab.evaluate<boolean>(`Promise.resolve(${expression}).then(Boolean)`)
    const isTrue = await found.catch((error: unknown) => {
      if (!isLeft(error)) throw error
      return false
    })
    if (isTrue) return
    if (Date.now() > end) throw new Error(`the page did not reach: ${expression}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** All elements of the page and of its open shadow roots. */
const everything = `(function all(root) {
  return [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])])
})(document)`

/** The expression of the first visible button or link of a text; undefined where there is none. */
export const control = (label: string): string =>
  `${everything}.find((each) => each.matches("button, a, summary, [role=button]") && each.checkVisibility?.() !== false && each.textContent.trim() === ${JSON.stringify(label)})`

/** The expression of the elements that a selector matches, in the page and its open shadow roots. */
export const deep = (selector: string): string =>
  `${everything}.filter((each) => each.matches(${JSON.stringify(selector)}))`

/** The place of a control that does not move any more. */
const placeOf = (label: string): string => `(async () => {
  const find = () => ${control(label)}
  find()?.scrollIntoView({ block: "nearest" })
  let last
  for (let still = 0; still < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    const { x, y, width, height } = find()?.getBoundingClientRect() ?? {}
    const place = JSON.stringify([x + width / 2, y + height / 2])
    still = place === last ? still + 1 : 0
    last = place
  }
  return JSON.parse(last)
})()`

const pressing = async (tab: Pick<Tab, "evaluate">, click: (x: number, y: number) => Promise<void>, label: string) => {
  await until(tab, `${control(label)} !== undefined`)
  const [x, y] = await tab.evaluate<[number, number]>(placeOf(label))
  await click(x, y)
}

const ofPlaywright = (page: Page): Tab => {
  const requests: Array<string> = []
  const errors: Array<string> = []
  page.on("request", (request) => requests.push(request.url()))
  page.on("pageerror", (error) => errors.push(String(error)))
  const evaluate = <Value>(expression: string) => page.evaluate(expression) as Promise<Value>
  return {
    open: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.goBack({ waitUntil: "commit" })),
    evaluate,
    press: (label) => pressing({ evaluate }, (x, y) => page.mouse.click(x, y), label),
    key: (name) => page.keyboard.press(name),
    requests: () => requests,
    errors: () => errors,
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  }
}

const visitorOfPlaywright = (context: BrowserContext): Visitor => ({
  tab: async () => ofPlaywright(await context.newPage()),
  cookies: () => context.cookies(),
  close: () => context.close(),
})

/** Starts Chromium; with `headers` on every request and a script before those of each page. */
export const chromium = async ({
  headers,
  script,
}: { readonly headers?: Readonly<Record<string, string>>; readonly script?: string } = {}): Promise<TestBrowser> => {
  const browser = await playwright.launch({
    executablePath: Chromium.executablePath,
    args: ["--no-sandbox"],
    // Pages are kept for the back button only without it.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  })
  return {
    name: "Chromium",
    visitor: async () => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...(headers !== undefined && { extraHTTPHeaders: headers }),
      })
      if (script !== undefined) await context.addInitScript(script)
      return visitorOfPlaywright(context)
    },
    close: () => browser.close(),
  }
}

/** Where Firefox is. */
const firefoxPath = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr"

/** Whether tests in Firefox are skipped. */
export const isFirefoxMissing = !existsSync(firefoxPath) && process.env["CI"] === undefined

/** Whether tests in Chromium are skipped. */
export const isChromiumMissing = Chromium.isMissing

const ofPuppeteer = (page: Puppeteer.Page): Tab => {
  const requests: Array<string> = []
  const errors: Array<string> = []
  page.on("request", (request) => requests.push(request.url()))
  page.on("pageerror", (error) => errors.push(String(error)))
  const evaluate = <Value>(expression: string) => page.evaluate(expression) as Promise<Value>
  return {
    open: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.evaluate("history.back()")),
    evaluate,
    press: (label) => pressing({ evaluate }, (x, y) => page.mouse.click(x, y), label),
    key: (name) => page.keyboard.press(name),
    requests: () => requests,
    errors: () => errors,
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  }
}

/** Starts Firefox, as Debian builds it; with preferences, such as the one of Global Privacy Control. */
export const firefox = async (preferences: Readonly<Record<string, unknown>> = {}): Promise<TestBrowser> => {
  const browser = await Puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath,
    headless: true,
    extraPrefsFirefox: preferences,
    timeout: 120_000,
  })
  return {
    name: "Firefox",
    visitor: async () => {
      const context = await browser.createBrowserContext()
      return {
        tab: async () => {
          const page = await context.newPage()
          await page.setViewport({ width: 1280, height: 800 })
          return ofPuppeteer(page)
        },
        cookies: async () => (await context.cookies()).map((each) => ({ ...each, httpOnly: each.httpOnly === true })),
        close: () => context.close(),
      }
    },
    close: () => browser.close(),
  }
}

/** The preference by which a user of Firefox turns Global Privacy Control on. */
export const globalPrivacyControl = {
  "privacy.globalprivacycontrol.enabled": true,
  "privacy.globalprivacycontrol.functionality.enabled": true,
}

/** The browsers that a scenario is tried in. */
export const browsers = [
  { name: "Chromium", isMissing: isChromiumMissing, start: () => chromium() },
  { name: "Firefox", isMissing: isFirefoxMissing, start: () => firefox() },
] as const
