/**
 * Visits a page with Chromium and says what it loads from other hosts and what it keeps, before anyone has acted.
 */
import { Duration, Effect } from "effect"
import * as TrackerNames from "../../core/browser/TrackerNames.ts"
import type { SeenTracker, TrackerType } from "../../core/browser/TrackerRules.ts"
import { type Chromium, ChromiumFault } from "./Chromium.ts"

/** What a scan asks for. */
export interface ScanOptions {
  /** The most time for the page to load, in milliseconds. */
  readonly loadMillis: number
  /** How long it is watched after it has loaded, in milliseconds: scripts with a timer keep things late. */
  readonly watchMillis: number
  /** Called with the number of requests that the page has made so far. */
  readonly onRequest?: (requests: number) => void
}

const typeOfResource: Readonly<Record<string, TrackerType>> = {
  Script: "script",
  Document: "iframe",
  Image: "image",
  Stylesheet: "link",
  Font: "link",
}

/** Whether a host is that of the page, or one of its sub-domains. */
const isOwn = (host: string, page: string): boolean => host === page || host.endsWith(`.${page}`)

interface Requested {
  readonly type?: string
  readonly frameId?: string
  readonly request: { readonly url: string }
}

/** A load from another host; `undefined` for one of the page itself. */
const loadOf = ({ request, type = "" }: Requested, page: string): SeenTracker | undefined => {
  const kind = typeOfResource[type]
  if (kind === undefined || !URL.canParse(request.url)) return undefined
  const { hostname, pathname, protocol } = new URL(request.url)
  if (!/^https?:$/.test(protocol) || isOwn(hostname, page)) return undefined
  return { type: kind, domain: hostname, name: pathname }
}

/** The keys of what the page has stored. */
const storedKeys = "JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])"

const cookiesOf = Effect.fnUntraced(function* (chromium: Chromium, page: string) {
  const { cookies } = (yield* chromium.send("Storage.getCookies")) as {
    readonly cookies: ReadonlyArray<{ readonly name: string; readonly domain: string }>
  }
  return cookies.map(({ domain, name }): SeenTracker => ({
    type: "cookie",
    domain: domain.replace(/^\./, "").toLowerCase() || page,
    name,
  }))
})

const entriesOf = Effect.fnUntraced(function* (chromium: Chromium, session: string, page: string) {
  const answer = (yield* chromium.send(
    "Runtime.evaluate",
    { expression: storedKeys, returnByValue: true },
    session,
  )) as {
    readonly result?: { readonly value?: string }
  }
  // A page may have no storage, such as one of another scheme.
  const [local, own] = JSON.parse(answer.result?.value ?? "[[],[]]") as [Array<string>, Array<string>]
  const entry =
    (type: TrackerType) =>
    (name: string): SeenTracker => ({ type, domain: page, name })
  return [...local.map(entry("local_storage")), ...own.map(entry("session_storage"))]
})

const once = (all: ReadonlyArray<SeenTracker>): ReadonlyArray<SeenTracker> => [
  ...new Map(
    all.map(TrackerNames.reduced).map((seen) => [JSON.stringify([seen.type, seen.domain, seen.name]), seen]),
  ).values(),
]

/** What a page loads and keeps, shortened as what pages report, each once. Fails if the page cannot be opened. */
export const scan = Effect.fnUntraced(function* (chromium: Chromium, url: URL, options: ScanOptions) {
  const { targetId } = yield* chromium.send("Target.createTarget", { url: "about:blank" })
  const { sessionId } = yield* chromium.send("Target.attachToTarget", { targetId, flatten: true })
  const session = String(sessionId)
  const page = url.hostname
  const loads: Array<SeenTracker> = []
  let requests = 0
  const loaded = Promise.withResolvers<void>()
  chromium.listen(({ method, params, sessionId: from }) => {
    if (from !== session) return
    if (method === "Page.loadEventFired") loaded.resolve()
    if (method !== "Network.requestWillBeSent") return
    options.onRequest?.(++requests)
    const load = loadOf(params as unknown as Requested, page)
    if (load !== undefined) loads.push(load)
  })
  yield* chromium.send("Network.enable", {}, session)
  yield* chromium.send("Page.enable", {}, session)
  const { errorText } = yield* chromium.send("Page.navigate", { url: url.href }, session)
  if (errorText !== undefined) return yield* new ChromiumFault({ message: `${url.href}: ${String(errorText)}` })
  // A page that does not end loading is watched as it is.
  yield* Effect.promise(() => loaded.promise).pipe(Effect.timeoutOption(Duration.millis(options.loadMillis)))
  yield* Effect.sleep(Duration.millis(options.watchMillis))
  const kept = [...(yield* cookiesOf(chromium, page)), ...(yield* entriesOf(chromium, session, page))]
  yield* chromium.send("Target.closeTarget", { targetId })
  return once([...loads, ...kept])
})
