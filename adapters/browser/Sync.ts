/**
 * The conversation with the server: the visit of the page, and the choices that the server does not have yet.
 *
 * One tab sends at a time where there are locks. Without locks all may, because each choice has an id of its own that
 * records it once. What fails is tried again, later each time; a refusal is never given up.
 */
import type { Visit, VisitActed, VisitRequest } from "../../core/browser/VisitAnswer.ts"
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { Clock } from "./Clock.ts"
import type { Environment, Sent } from "./Environment.ts"
import type { LocalLedger } from "./LocalLedger.ts"
import type { Unsent } from "./LocalStore.ts"

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
}

/** A conversation with the server. */
export interface Sync {
  /** Asks for the visit, if asked to or if there is none, and sends what is to be sent. Resolves when that is over. */
  readonly run: (needsVisit?: boolean) => Promise<void>
  /** Opens a session if there is none, and answers its token. */
  readonly session: () => Promise<string | undefined>
  /** Asks for the visit in a language, for the texts alone. */
  readonly texts: (language: string) => Promise<Visit | undefined>
}

/** A request may be 64 KiB long where it goes on after the page is left, in all browsers and in total. */
const maxCharacters = 30_000
const maxItems = 100

/** The first time to wait, and the longest. */
const [firstWait, longestWait] = [500, 600_000]

/** An acceptance that could not be sent for so long is given up, because the server takes none that is older. */
const keptMillis = 30 * 86_400_000

/** Failures that pass: no answer at all, overload, and faults of the server. */
const isPassing = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500

/** The choices that an answer names as faulty, by their place in the request. */
const faultsOf = (json: unknown): ReadonlyMap<number, string> => {
  const { errors = [] } = (json ?? {}) as { errors?: ReadonlyArray<{ pointer?: string; code?: string }> }
  const faults = new Map<number, string>()
  for (const { code = "", pointer = "" } of errors) {
    const place = /^\/items\/(\d+)/.exec(pointer)?.[1]
    // A decline that is in order is named as well, because nothing of the batch was recorded.
    if (place !== undefined && code !== "not_recorded") faults.set(Number(place), code)
  }
  return faults
}

/** The first choices that may be sent together: those of one person. */
const batchOf = (unsent: ReadonlyArray<Unsent>): ReadonlyArray<Unsent> => {
  const who = JSON.stringify(unsent[0]?.of)
  let characters = 0
  return unsent
    .filter(({ of }) => JSON.stringify(of) === who)
    .slice(0, maxItems)
    .filter(({ item }, place) => (characters += JSON.stringify(item).length) < maxCharacters || place === 0)
}

export const make = (env: Environment, options: SyncOptions): Sync => {
  const { answered, base, clock, ledger } = options
  /** Refusals that the server does not take now; they stay, and the next page sends them again. */
  const aside = new Set<string>()
  let failures = 0
  let stopWaiting = () => {}
  let isOwed = false

  const later = (seconds: number | undefined): void => {
    stopWaiting()
    const growing = Math.min(longestWait, firstWait * 2 ** failures) * (0.5 + env.random())
    failures++
    stopWaiting = env.after(Math.max(growing, (seconds ?? 0) * 1000), () => void run())
  }

  const query = (language: string | undefined) =>
    language === undefined ? "" : `?language=${encodeURIComponent(language)}`

  const get = async (language: string | undefined): Promise<Visit | undefined> => {
    const { json, status } = await env.send({ method: "GET", url: `${base}/visit${query(language)}` })
    return status === 200 ? (json as Visit) : undefined
  }

  const post = async (sent: ReadonlyArray<Unsent>): Promise<Sent> => {
    const generation = ledger.generation()
    const { contextId, session } = sent[0]?.of ?? ledger.identity()
    const visit = options.visit()
    const language = options.language()
    const sentAt = env.now()
    const request: VisitRequest = {
      ...(contextId !== undefined && { contextId }),
      ...(session !== undefined && { session: session.token }),
      ...(visit !== undefined && { revision: visit.revision }),
      ...(language !== undefined && { language }),
      sentAt: LocalEvents.textOf(clock.now()),
      ...(sent.length > 0 && { items: sent.map(({ item }) => item) }),
    }
    // As plain text, because a browser asks another origin for leave before it sends JSON.
    const headers = { "content-type": "text/plain;charset=UTF-8" }
    const answer = await env.send({ method: "POST", url: `${base}/visit`, headers, body: JSON.stringify(request) })
    if (answer.status === 200 || answer.status === 201) {
      const acted = answer.json as VisitActed
      clock.correct(LocalEvents.instantOf(acted.at), sentAt, env.now())
      ledger.answer(acted, sent, generation)
      answered(acted.types === undefined ? undefined : (acted as unknown as Visit), acted.signals)
    }
    return answer
  }

  const setAside = (sent: ReadonlyArray<Unsent>, answer: Sent): boolean => {
    const faults = faultsOf(answer.json)
    for (const [place, code] of faults) {
      const item = sent[place]?.item
      if (item === undefined) continue
      env.tell("error", { code: "choice_refused", detail: `${item.consentType}: ${code}` })
      if (item.consentState === "declined") aside.add(item.externalId)
      else ledger.remove(item.externalId)
    }
    return faults.size > 0
  }

  const giveUpOld = (): void => {
    const oldest = LocalEvents.textOf(clock.now() - keptMillis)
    for (const { item } of ledger.unsent()) {
      if (item.consentState === "declined" || item.consentDate >= oldest) continue
      ledger.remove(item.externalId)
      env.tell("error", { code: "choice_too_old", detail: item.consentType })
    }
  }

  /** Sends until nothing is left. Returns whether to go on later, and when. */
  const sendAll = async (): Promise<Sent | undefined> => {
    options.load()
    giveUpOld()
    for (;;) {
      const sent = batchOf(ledger.unsent().filter(({ item }) => !aside.has(item.externalId)))
      if (sent.length === 0 && !isOwed) return undefined
      const answer = await post(sent)
      if (answer.status === 200 || answer.status === 201) {
        isOwed = false
        failures = 0
        continue
      }
      if (answer.status === 401 && ledger.endSession(sent)) continue
      if (isPassing(answer.status) || !setAside(sent, answer)) return answer
    }
  }

  const once = async (): Promise<void> => {
    if (!ledger.isKnown() && !options.mayBeKnown()) {
      if (!isOwed) return
      const visit = await get(options.language())
      if (visit === undefined) return later(undefined)
      clock.atLeast(LocalEvents.instantOf(visit.at))
      isOwed = false
      return answered(visit, visit.signals)
    }
    await env.lock(`assent-send-${options.project}`, async () => {
      const failed = await sendAll()
      if (failed === undefined) return
      if (!isPassing(failed.status)) env.tell("error", { code: "visit_refused", detail: String(failed.status) })
      later(failed.retryAfter)
    })
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
    session: async () => {
      if (ledger.identity().session === undefined) {
        await env.lock(`assent-send-${options.project}`, async () => {
          await post([]).catch(() => undefined)
        })
      }
      return ledger.identity().session?.token
    },
    texts: get,
  }
}
