/**
 * The work of a page: decisions, the release of elements that waited, and the memory that many views of one document
 * leave.
 */
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { bundle } from "./bundle.ts"
import * as Chromium from "./chromium.ts"
import * as Figures from "./figures.ts"
import type { Site } from "./site.ts"

const loaded = 'document[Symbol.for("assent.parts")]?.client?.status().phase === "fresh"'

const head = ({ loader }: Site): string => `<script src="${loader}" data-widget="none"></script>`

const decisionsScript = async (): Promise<string> =>
  Buffer.from(await bundle(join(import.meta.dirname, "decisionsPage.ts"))).toString()

const decisions = async (browser: Browser, site: Site, times: number): Promise<void> => {
  const script = await decisionsScript()
  const url = site.page("/", "")
  Figures.title("decisions in a page: the first of all types, with the merge of the events; then a second")
  for (const types of [1, 12, 100]) {
    for (const events of [4, 40]) {
      const found: Array<{ readonly firstMillis: number; readonly perSecond: number }> = []
      for (let time = 0; time < times; time++) {
        const one = await Chromium.inProfile(browser, script, async (context) => {
          const page = await context.newPage()
          await page.goto(url)
          return page.evaluate<{ firstMillis: number; perSecond: number }>(`measure(${types}, ${events})`)
        })
        found.push(one)
      }
      const first = Figures.median(found.map(({ firstMillis }) => firstMillis))
      const rate = Figures.median(found.map(({ perSecond }) => perSecond))
      const name = `${types} types, ${events} events of each`
      Figures.row(name, Figures.millis(first), `${Figures.whole(rate)}/s`)
    }
  }
}

const released = 100

/** Accepts on a page with marked inline scripts, and measures until the last one has run. */
const release = async (browser: Browser, site: Site, times: number): Promise<void> => {
  Figures.title(`the release of ${released} scripts, processor slowed down`)
  Figures.row("", "1 ×", "4 ×")
  const script = `<script type="text/plain" data-consent="analytics">window.ran = (window.ran ?? 0) + 1</script>`
  const url = site.page("/", head(site), script.repeat(released))
  const medians: Record<"all" | "longest", Array<number>> = { all: [], longest: [] }
  for (const slowed of [1, 4]) {
    const found: Record<"all" | "longest", Array<number>> = { all: [], longest: [] }
    for (let time = 0; time < times; time++) {
      await Chromium.inProfile(browser, "", async (context) => {
        const page = await Chromium.tab(context, slowed)
        await page.goto(url)
        await page.waitForFunction(loaded)
        const { longestTask } = await Chromium.traced(browser, page, async () => {
          const took = await page.evaluate<number>(`new Promise((resolve) => {
            const from = performance.now()
            const look = () => window.ran === ${released} ? resolve(performance.now() - from) : setTimeout(look)
            assent.acceptAll()
            look()
          })`)
          found.all.push(took)
        })
        found.longest.push(longestTask)
      })
    }
    for (const which of ["all", "longest"] as const) medians[which].push(Figures.median(found[which]))
  }
  Figures.row("until the last has run", ...medians.all.map(Figures.millis))
  Figures.row("the longest task (aim: at most 50 ms at 4 ×)", ...medians.longest.map(Figures.millis))
}

const views = 1000

/** Changes the address and the content of a document, as an application of one page does. */
const navigate = (count: number): string => `(async () => {
  for (let view = 0; view < ${count}; view++) {
    history.pushState({}, "", "/view-" + view)
    document.body.innerHTML = "<main><h1>View " + view + "</h1>" +
      '<script type="text/plain" data-consent="analytics"></script>' +
      '<iframe data-consent="analytics" data-src="/none" title="A film"></iframe>'.repeat(5) + "</main>"
    await new Promise((resolve) => setTimeout(resolve))
  }
})()`

/** Prints how the heap and the nodes of a page grow over views, after 50 that are not counted. */
const memory = async (browser: Browser, site: Site): Promise<void> => {
  Figures.title(`${Figures.whole(views)} views of a document with elements that wait: growth of the heap and of nodes`)
  for (const [name, tag] of [
    ["without Assent: the limit", ""],
    ["with Assent", head(site)],
  ] as const) {
    const url = site.page("/", tag)
    await Chromium.inProfile(browser, "", async (context) => {
      const page = await context.newPage()
      await page.goto(url)
      if (tag !== "") {
        await page.waitForFunction(loaded)
        await page.evaluate("void assent.declineAll()")
      }
      const session = await context.newCDPSession(page)
      const used = async () => {
        await session.send("HeapProfiler.collectGarbage")
        const { usedSize } = await session.send("Runtime.getHeapUsage")
        return [usedSize / 1024, (await session.send("Memory.getDOMCounters")).nodes] as const
      }
      await page.evaluate(navigate(50))
      const [heapBefore, nodesBefore] = await used()
      await page.evaluate(navigate(views))
      const [heap, nodes] = await used()
      Figures.row(name, `${Figures.whole(heap - heapBefore)} KiB`, `${Figures.whole(nodes - nodesBefore)} nodes`)
    })
  }
}

/** Runs and prints all of it. */
export const run = async (browser: Browser, site: Site, times: number): Promise<void> => {
  await decisions(browser, site, times)
  await release(browser, site, times)
  await memory(browser, site)
}
