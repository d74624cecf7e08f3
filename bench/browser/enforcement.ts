/**
 * What leaves a page before a choice: fifteen kinds of loads from another company, as a page has them, and marked up
 * for Assent.
 */
import type { Browser } from "playwright-core"
import * as Chromium from "./chromium.ts"
import * as Figures from "./figures.ts"
import type { Site } from "./site.ts"

/** A kind of load: its markup, where `{…}` is the address of the other company, and whether it runs a script. */
interface Load {
  readonly name: string
  readonly markup: string
}

const inline = (name: string, text: string): Load => ({ name, markup: `<script>${text}</script>` })

const loads: ReadonlyArray<Load> = [
  { name: "parsed", markup: '<script src="{parsed.js}"></script>' },
  { name: "async", markup: '<script async src="{async.js}"></script>' },
  { name: "defer", markup: '<script defer src="{defer.js}"></script>' },
  { name: "module", markup: '<script type="module" src="{module.js}"></script>' },
  inline("written", 'document.write("<script src=\\"{written.js}\\"><\\/script>")'),
  inline("inserted", 'document.head.append(Object.assign(document.createElement("script"), { src: "{inserted.js}" }))'),
  inline("imported", 'import("{imported.js}")'),
  { name: "frame", markup: '<iframe src="{frame}" title="A film"></iframe>' },
  { name: "image", markup: '<img src="{image}" alt="">' },
  { name: "video", markup: '<video src="{video}"></video>' },
  { name: "embed", markup: '<embed src="{embed}">' },
  inline("pixel", 'new Image().src = "{pixel}"'),
  inline("fetch", 'fetch("{fetch}").catch(() => {})'),
  inline("beacon", 'navigator.sendBeacon("{beacon}")'),
  inline("request", '{ const x = new XMLHttpRequest(); x.open("GET", "{request}"); x.send() }'),
]

/** The markup by which an element waits. */
const marked = ({ markup }: Load): string =>
  markup.startsWith("<script")
    ? markup
        .replace(' type="module"', ' data-type="module"')
        .replace("<script", '<script type="text/plain" data-consent="analytics"')
    : markup.replace(" src=", ' data-consent="analytics" data-src=')

const addressed = (markup: string, { other }: Site): string => markup.replaceAll(/\{([\w.]+)\}/g, `${other}/$1`)

/** How many of the loads run a script of the other company. */
const scripts = 7

const settleMillis = 1500

/** Opens a page and counts what was asked for and what ran, before a choice and, with Assent, after an acceptance. */
const count = async (browser: Browser, site: Site, name: string, head: string, all: ReadonlyArray<string>) => {
  const body = all.join("")
  const url = site.page("/", head, addressed(body, site))
  site.forget()
  await Chromium.inProfile(browser, "", async (context) => {
    const page = await context.newPage()
    const look = async () => {
      await page.waitForTimeout(settleMillis)
      const asked = new Set(site.asked().map((path) => path.slice(1).split(".")[0]))
      return [
        `${asked.size} of ${all.length}`,
        `${await page.evaluate("(window.ran ?? []).length")} of ${scripts - loads.length + all.length}`,
      ]
    }
    await page.goto(url)
    const before = await look()
    if (head === "") return Figures.row(name, ...before)
    await page.evaluate("void assent.acceptAll()")
    Figures.row(name, ...before, ...(await look()))
  })
}

/** Runs and prints it. */
export const run = async (browser: Browser, site: Site): Promise<void> => {
  Figures.title("kinds of loads from another company that were asked for, and their scripts that ran")
  Figures.row("", "before: asked", "ran", "after: asked", "ran")
  const plain = loads.map(({ markup }) => markup)
  await count(browser, site, "as a page has them", "", plain)
  const tag = `<script src="${site.loader}" data-widget="none"></script>`
  // What a script writes into a page that has been parsed takes the place of the page, so that no script of this kind
  // can wait.
  const waiting = loads.filter(({ name }) => name !== "written")
  await count(browser, site, "marked up", tag, waiting.map(marked))
}
