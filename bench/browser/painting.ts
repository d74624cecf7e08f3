/**
 * What a visitor waits for: until the banner is on the screen, until a click is painted, and until its answer is in the
 * ledger; and what the loader keeps the page waiting.
 */
import type { Browser, BrowserContext, Page } from "playwright-core"
import * as Texts from "../../core/browser/texts/index.ts"
import * as Chromium from "./chromium.ts"
import * as Figures from "./figures.ts"
import type { Contender } from "./peers.ts"
import type { Site } from "./site.ts"

/** The times that a network takes for one round trip, in milliseconds. */
export const roundTrips = [0, 50, 150]

/** Assent, as a page has it. */
export const assent = ({ loader }: Site): Contender => ({
  name: "Assent",
  head: `<script src="${loader}"></script>`,
  refuse: `[...document.querySelector("assent-widget")?.shadowRoot.querySelectorAll("button") ?? []].find((each) =>
    each.textContent.trim() === ${JSON.stringify(Texts.of("en").consentBanner.denyButton)})`,
})

/**
 * Watches each frame of a page until the button that refuses is where a click would meet it, and until the first click
 * is painted: the first paint after the frame in which the listeners of the click have run.
 */
const watching = ({ refuse }: Contender): string => `{
  const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => then(performance.now())
    port2.postMessage(0)
  })
  const isMet = (button) => {
    const { height, width, x, y } = button.getBoundingClientRect()
    const met = button.getRootNode().elementFromPoint(x + width / 2, y + height / 2)
    return met !== null && button.contains(met)
  }
  const look = () => {
    const button = document.documentElement && (${refuse})
    if (button && isMet(button)) painted((at) => (window.bannerAt = at))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  addEventListener("click", ({ timeStamp }) => {
    window.clickedAt = performance.timeOrigin + timeStamp
    painted((at) => (window.clickMillis = at - timeStamp))
  }, { capture: true, once: true })
}`

const valueOf = async (page: Page, name: string): Promise<number> =>
  (await page.waitForFunction(`window.${name}`)).jsonValue() as Promise<number>

/** Loads a page, and answers when its banner was painted, from the start of the navigation. */
const bannerMillis = async (context: BrowserContext, url: string): Promise<number> => {
  const page = await context.newPage()
  await page.goto(url)
  const at = await valueOf(page, "bannerAt")
  await page.close()
  return at
}

/** A median of a contender at a round trip. */
export interface Waited {
  readonly name: string
  readonly roundTrip: number
  readonly millis: number
}

/** Measures from the navigation to the painted banner, with an empty cache and with a full one. */
const untilBanner = async (
  browser: Browser,
  site: Site,
  contenders: ReadonlyArray<Contender>,
  times: number,
): Promise<ReadonlyArray<Waited>> => {
  Figures.title("a first view until its banner is painted, by the time of a round trip: empty cache, full cache")
  Figures.row("", ...roundTrips.map((millis) => `${millis} ms`))
  const found = new Map<string, ReadonlyArray<readonly [cold: number, warm: number]>>()
  const keyOf = ({ name }: Contender, roundTrip: number) => `${name} ${roundTrip}`
  for (let time = 0; time < times; time++) {
    for (const roundTrip of roundTrips) {
      site.setRoundTrip(roundTrip)
      for (const contender of contenders) {
        const url = site.page("/", contender.head)
        const pair = await Chromium.inProfile(browser, watching(contender), async (context) => {
          return [await bannerMillis(context, url), await bannerMillis(context, url)] as const
        })
        const key = keyOf(contender, roundTrip)
        found.set(key, [...(found.get(key) ?? []), pair])
      }
    }
  }
  site.setRoundTrip(0)
  const medianOf = (contender: Contender, roundTrip: number, which: 0 | 1): number =>
    Figures.median(found.get(keyOf(contender, roundTrip))!.map((pair) => pair[which]))
  for (const contender of contenders) {
    const figures = roundTrips.map((each) => {
      return `${Figures.whole(medianOf(contender, each, 0))}, ${Figures.whole(medianOf(contender, each, 1))} ms`
    })
    Figures.row(contender.name, ...figures)
  }
  return contenders.flatMap((contender) =>
    roundTrips.map((roundTrip) => {
      return { name: contender.name, roundTrip, millis: medianOf(contender, roundTrip, 0) }
    }),
  )
}

const refuse = async (page: Page, contender: Contender): Promise<void> => {
  await valueOf(page, "bannerAt")
  const place = `(({ height, width, x, y }) => [x + width / 2, y + height / 2])((${contender.refuse}).getBoundingClientRect())`
  await page.waitForTimeout(500)
  const [x, y] = await page.evaluate<[number, number]>(place)
  await page.mouse.click(x, y)
}

/** Measures from a click on the banner to the next paint. */
const untilPaint = async (browser: Browser, site: Site, contenders: ReadonlyArray<Contender>, times: number) => {
  Figures.title("a click that refuses until the next paint, processor slowed down")
  Figures.row("", "1 ×", "4 ×")
  for (const contender of contenders) {
    const url = site.page("/", contender.head)
    const medians: Array<number> = []
    for (const slowed of [1, 4]) {
      const all: Array<number> = []
      for (let time = 0; time < times; time++) {
        const measured = await Chromium.inProfile(browser, watching(contender), async (context) => {
          const page = await Chromium.tab(context, slowed)
          await page.goto(url)
          await refuse(page, contender)
          return valueOf(page, "clickMillis")
        })
        all.push(measured)
      }
      medians.push(Figures.median(all))
    }
    Figures.row(contender.name, ...medians.map(Figures.millis))
  }
}

/** Measures from a click to the answer of the service that its events are on the disk. */
const untilLedger = async (browser: Browser, site: Site, times: number) => {
  Figures.title("a click until its answer is in the ledger, by the time of a round trip")
  Figures.row("", ...roundTrips.map((millis) => `${millis} ms`))
  const contender = assent(site)
  const url = site.page("/", contender.head)
  const medians: Array<number> = []
  for (const roundTrip of roundTrips) {
    const all: Array<number> = []
    for (let time = 0; time < times; time++) {
      site.setRoundTrip(roundTrip)
      const measured = await Chromium.inProfile(browser, watching(contender), async (context) => {
        const page = await context.newPage()
        await page.goto(url)
        const acted = site.nextActed()
        await refuse(page, contender)
        return (await acted) - (await valueOf(page, "clickedAt"))
      })
      all.push(measured)
    }
    medians.push(Figures.median(all))
  }
  site.setRoundTrip(0)
  Figures.row(contender.name, ...medians.map(Figures.millis))
}

/** Measures how long the loader blocks the parser, and the longest task until the banner is there. */
const blocking = async (browser: Browser, site: Site, contenders: ReadonlyArray<Contender>, times: number) => {
  Figures.title("the loader: compiled and run (aim: at most 15 ms at 4 ×), processor slowed down")
  Figures.row("", "1 ×", "4 ×")
  const ours = assent(site)
  const tasks = new Map<string, Array<number>>()
  const loaders: Record<"first" | "again", Array<number>> = { first: [], again: [] }
  for (const slowed of [1, 4]) {
    const found: Record<"first" | "again", Array<number>> = { first: [], again: [] }
    for (let time = 0; time < times; time++) {
      for (const contender of contenders) {
        const url = site.page("/", contender.head)
        await Chromium.inProfile(browser, watching(contender), async (context) => {
          const page = await Chromium.tab(context, slowed)
          const first = await Chromium.traced(browser, page, async () => {
            await page.goto(url)
            await valueOf(page, "bannerAt")
          })
          const key = `${contender.name} ${slowed}`
          tasks.set(key, [...(tasks.get(key) ?? []), first.longestTask])
          if (contender.name !== ours.name) return
          await refuse(page, contender)
          await page.waitForTimeout(500)
          const again = await Chromium.traced(browser, page, () => page.goto(url))
          found.first.push(first.scriptMillis(site.loader))
          found.again.push(again.scriptMillis(site.loader))
        })
      }
    }
    for (const which of ["first", "again"] as const) loaders[which].push(Figures.median(found[which]))
  }
  Figures.row("first view", ...loaders.first.map(Figures.millis))
  Figures.row("after an answer, from the cache", ...loaders.again.map(Figures.millis))
  Figures.title("the longest task of a first view until its banner is painted (aim: at most 50 ms at 4 ×)")
  Figures.row("", "1 ×", "4 ×")
  for (const { name } of contenders) {
    Figures.row(name, ...[1, 4].map((slowed) => Figures.millis(Figures.median(tasks.get(`${name} ${slowed}`)!))))
  }
}

/** Runs and prints all of it. Answers the medians until the banner, with an empty cache. */
export const run = async (
  browser: Browser,
  site: Site,
  peers: ReadonlyArray<Contender>,
  times: number,
): Promise<ReadonlyArray<Waited>> => {
  const contenders = [assent(site), ...peers]
  const waited = await untilBanner(browser, site, contenders, times)
  await untilPaint(browser, site, contenders, times)
  await untilLedger(browser, site, times)
  await blocking(browser, site, contenders, times)
  return waited
}
