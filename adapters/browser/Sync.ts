/**
 * The conversation with the server: the visit of the page, and when the choices are sent that the server does not have
 * yet. What fails is tried again, later each time; a refusal is never given up.
 *
 * What sends is a script file of its own (Sending.ts), because a page whose visitor has not chosen sends nothing. A
 * choice is stored before it is sent, so one that is made before that file has arrived is not lost.
 */
import type { Visit } from "../../core/browser/VisitAnswer.ts"
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { Clock } from "./Clock.ts"
import type { Environment } from "./Environment.ts"
import type { LocalLedger } from "./LocalLedger.ts"
import type { Sender } from "./Sending.ts"

/** What a conversation needs, and what it says. */
export interface SyncOptions {
  readonly base: string
  readonly project: string
  readonly ledger: LocalLedger
  readonly clock: Clock
  /** Reads what other tabs have stored, and acts on it. */
  readonly load: () => void
  /** The visit that the page has. */
  readonly visit: () => Visit | undefined
  /** The language that is wanted; `undefined`: the browser says it in a header. */
  readonly language: () => string | undefined
  /** Whether the server may know the person, although nothing here says that there was an act. */
  readonly mayBeKnown: () => boolean
  /** The server has answered; with a configuration where that is another one. */
  readonly answered: (visit: Visit | undefined, signals: Visit["signals"] | undefined) => void
  /** Brings what sends. Rejects where it cannot be had now. */
  readonly sending: () => Promise<Pick<Sender, "all">>
}

/** A conversation with the server. */
export interface Sync {
  /** Asks for the visit, if asked to or if there is none, and sends what is to be sent. Resolves when that is over. */
  readonly run: (needsVisit?: boolean) => Promise<void>
  /** Asks for the visit in a language, for the texts alone. */
  readonly texts: (language: string) => Promise<Visit | undefined>
  /** Whether the visit is still to be asked for. */
  readonly isOwed: () => boolean
  /** The server has answered a request. */
  readonly answered: SyncOptions["answered"]
}

/** The first time to wait, and the longest. */
const [firstWait, longestWait] = [500, 600_000]

/** A browser runs a timer of 2³¹ milliseconds or more at once. */
const longestTimer = 2 ** 31 - 1

export const make = (env: Environment, options: SyncOptions): Sync => {
  const { base, clock, ledger } = options
  let failures = 0
  let stopWaiting = () => {}
  let isOwed = false

  const later = (seconds: number | undefined): void => {
    stopWaiting()
    const growing = Math.min(longestWait, firstWait * 2 ** failures) * (0.5 + env.random())
    failures++
    stopWaiting = env.after(Math.min(longestTimer, Math.max(growing, (seconds ?? 0) * 1000)), () => void run())
  }

  const query = (language: string | undefined) =>
    language === undefined ? "" : `?language=${encodeURIComponent(language)}`

  const get = async (language: string | undefined): Promise<Visit | undefined> => {
    const { json, status } = await env.send({ method: "GET", url: `${base}/visit${query(language)}` })
    return status === 200 ? (json as Visit) : undefined
  }

  const answered: Sync["answered"] = (visit, signals) => {
    isOwed = false
    failures = 0
    options.answered(visit, signals)
  }

  const once = async (): Promise<void> => {
    if (!ledger.isKnown() && !options.mayBeKnown()) {
      if (!isOwed) return
      const visit = await get(options.language())
      if (visit === undefined) return later(undefined)
      clock.atLeast(LocalEvents.instantOf(visit.at))
      return answered(visit, visit.signals)
    }
    const failed = await (await options.sending()).all()
    if (failed !== undefined) later(failed.retryAfter)
  }

  let running: Promise<void> | undefined
  const run = async (needsVisit = options.visit() === undefined): Promise<void> => {
    // One at a time: what was chosen meanwhile is sent by the next one.
    while (running !== undefined) await running
    stopWaiting()
    isOwed ||= needsVisit
    running = once().catch(() => later(undefined))
    try {
      await running
    } finally {
      running = undefined
    }
  }

  return {
    run,
    texts: get,
    isOwed: () => isOwed,
    answered,
  }
}
