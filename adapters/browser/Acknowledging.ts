/**
 * What an answer of the server changes in the local ledger: which events count, and by what the person is known.
 */
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { VisitActed } from "../../core/browser/VisitAnswer.ts"
import type { Clock } from "./Clock.ts"
import type { LedgerState, LocalLedger } from "./LocalLedger.ts"
import type { LocalStore, Unsent } from "./LocalStore.ts"

/** What an answer is written to. */
export interface Acknowledging {
  /** Takes an answer to a request that was sent in a generation. */
  readonly answer: (acted: VisitActed, sent: ReadonlyArray<Unsent>, generation: number) => void
  /** Removes a choice that the server will never take. */
  readonly remove: (externalId: string) => void
  /** Drops the session by which choices were sent, because it has ended. Returns whether there was one. */
  readonly endSession: (sent: ReadonlyArray<Unsent>) => boolean
}

/** How far the clock of a device may be behind the dates that the server gives. */
const aheadMillis = 300_000

/** The state after an answer: that of another person where it names one. */
const stateOf = (former: LedgerState, acted: VisitActed): LedgerState => {
  const { concordId, expiresAt, session } = acted
  // Left out where a cookie keeps it, or the session goes on.
  const contextId = acted.contextId ?? former.contextId
  const isOther = former.concordId !== undefined && former.concordId !== concordId
  return {
    generation: former.generation + (isOther ? 1 : 0),
    concordId,
    ...(contextId !== undefined && { contextId }),
    session: { token: session, expiresAt },
  }
}

export const make = (ledger: LocalLedger, store: LocalStore, clock: Clock): Acknowledging => ({
  answer: (acted, sent, generation) => {
    for (const event of acted.items) {
      if (event.externalId !== undefined) ledger.recorded.set(event.externalId, event)
    }
    const state = ledger.state()
    const latest = store.state()
    const isCurrent = sent.every(({ of }) => of === undefined) && (latest?.generation ?? generation) === generation
    if (isCurrent && state.generation === generation) {
      const events = [...acted.heads, ...acted.items].map(LocalEvents.ofEvent)
      ledger.take(stateOf(state, acted), events)
      // What is chosen next is not before what is known, otherwise an answer would come back after its refusal.
      for (const { consentDate } of events) {
        if (consentDate <= clock.now() + aheadMillis) clock.atLeast(consentDate)
      }
      ledger.save()
    }
    for (const { item } of sent) store.removeUnsent(item.externalId)
    ledger.refresh()
  },
  remove: (externalId) => {
    store.removeUnsent(externalId)
    ledger.refresh()
  },
  endSession: (sent) => {
    const former = sent.filter(({ of }) => of?.session !== undefined)
    for (const { item, of } of former) {
      store.setUnsent({ item, of: of?.contextId === undefined ? {} : { contextId: of.contextId } })
    }
    ledger.refresh()
    if (former.length > 0) return true
    const { session, ...rest } = ledger.state()
    ledger.take(rest, [])
    return session !== undefined
  },
})
