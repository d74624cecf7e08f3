/**
 * A real Chromium for the browser benchmarks: tabs of new profiles, processors that are slowed down, and what a trace
 * says of the main thread.
 */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { executablePath } from "../../test/support/chromium.ts"

/** An event of a trace; times in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly args?: { readonly name?: string; readonly data?: { readonly url?: string } }
}

/** What the main thread of a page did while it was traced, in milliseconds. */
export interface Traced {
  /** The time that scripts of an address took to compile and to run for the first time. */
  readonly scriptMillis: (address: string) => number
  readonly longestTask: number
}

/** Starts the browser. */
export const start = (): Promise<Browser> => chromium.launch({ executablePath, args: ["--no-sandbox"] })

/** Runs with a new profile, and a script before those of each page. */
export const inProfile = async <Value>(
  browser: Browser,
  script: string,
  run: (context: BrowserContext) => Promise<Value>,
): Promise<Value> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en" })
  try {
    await context.addInitScript(script)
    return await run(context)
  } finally {
    await context.close()
  }
}

/** A tab whose processor is slowed down. */
export const tab = async (context: BrowserContext, slowed = 1): Promise<Page> => {
  const page = await context.newPage()
  if (slowed > 1) {
    const session = await context.newCDPSession(page)
    await session.send("Emulation.setCPUThrottlingRate", { rate: slowed })
  }
  return page
}

const millisOf = ({ dur = 0 }: TraceEvent): number => dur / 1000

/** Traces the main thread of the page of an origin while something runs. */
export const traced = async (browser: Browser, page: Page, run: () => Promise<unknown>): Promise<Traced> => {
  const categories = ["devtools.timeline", "toplevel", "disabled-by-default-devtools.timeline"]
  await browser.startTracing(page, { categories })
  await run()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: ReadonlyArray<TraceEvent>
  }
  const { origin } = new URL(page.url())
  const scripts = traceEvents.filter(({ args, name }) => {
    return name === "EvaluateScript" && args?.data?.url?.startsWith(origin) === true
  })
  // Of other processes, which are kept in reserve, the main threads do nothing.
  const isMain = new Set(
    traceEvents.filter(({ args }) => args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = traceEvents.filter(({ name, pid, tid }) => {
    return name === "ThreadControllerImpl::RunTask" && isMain.has(`${pid} ${tid}`)
  })
  return {
    scriptMillis: (address) => {
      const ofAddress = scripts.filter(({ args }) => args!.data!.url === address)
      return ofAddress.reduce((sum, event) => sum + millisOf(event), 0)
    },
    longestTask: tasks.reduce((most, event) => Math.max(most, millisOf(event)), 0),
  }
}
