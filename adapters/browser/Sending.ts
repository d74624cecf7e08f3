/**
 * Sends the choices that the server does not have yet, and keeps the session by which the server knows the person.
 *
 * One tab sends at a time where there are locks. Without locks all may, because each choice has an id of its own that
 * records it once.
 */
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { VisitActed, VisitRequest, Visit } from "../../core/browser/VisitAnswer.ts"
import * as AcknowledgingOf from "./Acknowledging.ts"
import type { Environment, Sent } from "./Environment.ts"
import type { LocalStore, Unsent } from "./LocalStore.ts"
import type { Sync, SyncOptions } from "./Sync.ts"

/** What sending needs, and what it says. */
export interface SendingOptions extends Pick<
  SyncOptions,
  "base" | "clock" | "language" | "ledger" | "load" | "project" | "visit"
> {
  readonly store: LocalStore
  readonly sync: Sync
}

/** What sends. */
export interface Sender {
  /** Sends until nothing is left. Returns the answer that says to go on later, if any. */
  readonly all: () => Promise<Sent | undefined>
  /** The token of the session, which is opened first where the page has no session. */
  readonly session: () => Promise<string | undefined>
  /** Drops the session, because it has ended. Returns whether there was one. */
  readonly endSession: () => boolean
}

/** A request may be 64 KiB long where it goes on after the page is left, in all browsers and in total. */
const maxCharacters = 30_000
const maxItems = 100

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

export const make = (env: Environment, options: SendingOptions): Sender => {
  const { base, clock, ledger, sync } = options
  const acknowledging = AcknowledgingOf.make(ledger, options.store, clock)
  const lock = `assent-send-${options.project}`
  /** Refusals that the server does not take now; they stay, and the next page sends them again. */
  const aside = new Set<string>()

  const post = async (sent: ReadonlyArray<Unsent>): Promise<Sent> => {
    const generation = ledger.state().generation
    const { contextId, session } = sent[0]?.of ?? ledger.state()
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
      acknowledging.answer(acted, sent, generation)
      sync.answered(acted.types === undefined ? undefined : (acted as unknown as Visit), acted.signals)
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
      else acknowledging.remove(item.externalId)
    }
    return faults.size > 0
  }

  const giveUpOld = (): void => {
    const oldest = LocalEvents.textOf(clock.now() - keptMillis)
    for (const { item } of ledger.unsent()) {
      if (item.consentState === "declined" || item.consentDate >= oldest) continue
      acknowledging.remove(item.externalId)
      env.tell("error", { code: "choice_too_old", detail: item.consentType })
    }
  }

  /** Sends until nothing is left. Returns the answer that says to go on later, if any. */
  const sendAll = async (): Promise<Sent | undefined> => {
    options.load()
    giveUpOld()
    for (;;) {
      const sent = batchOf(ledger.unsent().filter(({ item }) => !aside.has(item.externalId)))
      if (sent.length === 0 && !sync.isOwed()) return undefined
      const answer = await post(sent)
      if (answer.status === 200 || answer.status === 201) continue
      if (answer.status === 401 && acknowledging.endSession(sent)) continue
      if (isPassing(answer.status) || !setAside(sent, answer)) return answer
    }
  }

  return {
    all: async () => {
      let failed: Sent | undefined
      await env.lock(lock, async () => {
        failed = await sendAll()
      })
      if (failed !== undefined && !isPassing(failed.status))
        env.tell("error", { code: "visit_refused", detail: String(failed.status) })
      return failed
    },
    session: async () => {
      if (ledger.state().session === undefined) {
        await env.lock(lock, async () => {
          await post([]).catch(() => undefined)
        })
      }
      return ledger.state().session?.token
    },
    endSession: () => acknowledging.endSession([]),
  }
}
