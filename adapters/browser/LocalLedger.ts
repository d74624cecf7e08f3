/**
 * What a page knows of its person: the events that the server has acknowledged, the choices that it does not have yet,
 * and by what it knows the person.
 *
 * The device may become another person's: the server answers another `concordId`, or everything on the device was
 * deleted. Then what was acknowledged is dropped, so that no answer of one person counts for another one. What is not
 * sent stays, and a refusal among it counts until the server has it.
 */
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { VisitActed, VisitEvent, VisitItem } from "../../core/browser/VisitAnswer.ts"
import type { Clock } from "./Clock.ts"
import type { Identity, LocalSession, LocalState, LocalStore, Unsent } from "./LocalStore.ts"

/** The local ledger of a page. */
export interface LocalLedger {
  /** The heads of all events that count here. */
  readonly heads: () => LocalEvents.LocalHeads
  readonly unsent: () => ReadonlyArray<Unsent>
  readonly identity: () => Identity
  readonly generation: () => number
  /** Whether there was an act on this device, so that the server may know the person. */
  readonly isKnown: () => boolean
  /** The event that the server made of a choice of this page. */
  readonly recorded: (externalId: string) => VisitEvent | undefined
  readonly add: (items: ReadonlyArray<VisitItem>) => void
  /** Takes an answer to a request that was sent in a generation. */
  readonly answer: (acted: VisitActed, sent: ReadonlyArray<Unsent>, generation: number) => void
  /** Removes a choice that the server will never take. */
  readonly remove: (externalId: string) => void
  /** Reads what other tabs have stored. */
  readonly load: () => void
  /** Stores the clock, where anything is stored, so that a clock that is set back revives nothing. */
  readonly keepClock: () => void
  /** Goes on in another session; without one, as a stranger. Choices that are not sent stay the former person's. */
  readonly leave: (session?: LocalSession) => void
  /** Drops the session by which choices were sent, because it has ended. Returns whether there was one. */
  readonly endSession: (sent: ReadonlyArray<Unsent>) => boolean
}

const strangerAt = (generation: number): Pick<LocalState, "generation"> => ({ generation })

/** How far the clock of a device may be behind the dates that the server gives. */
const aheadMillis = 300_000

export const make = (store: LocalStore, clock: Clock, uuid: () => string): LocalLedger => {
  let acknowledged: LocalEvents.LocalHeads = new Map()
  let unsent: ReadonlyArray<Unsent> = []
  let state: Omit<LocalState, "clock" | "events"> = strangerAt(0)
  let wasStored = false
  const recorded = new Map<string, VisitEvent>()

  const load = (): void => {
    // Before the state: a choice that another tab has sent is in the state before it is removed here.
    unsent = store.unsent()
    const stored = store.state()
    if (stored === undefined) {
      if (wasStored) {
        acknowledged = new Map()
        state = strangerAt(state.generation + 1)
      }
      wasStored = false
      return
    }
    const { clock: stopped, events, ...found } = stored
    if (found.generation !== state.generation || found.concordId !== state.concordId) acknowledged = new Map()
    state = found
    wasStored = true
    clock.restore(stopped)
    acknowledged = LocalEvents.add(acknowledged, events.map(LocalEvents.ofEvent))
  }

  /** Stores what is known, together with what other tabs have stored of the same person. */
  const save = (): void => {
    const stored = store.state()
    if (stored?.generation === state.generation && stored.concordId === state.concordId) {
      acknowledged = LocalEvents.add(acknowledged, stored.events.map(LocalEvents.ofEvent))
    }
    store.setState({ ...state, events: LocalEvents.toWire(acknowledged), clock: clock.state() })
    wasStored = true
  }

  const isKnown = () => wasStored || acknowledged.size > 0 || unsent.length > 0 || state.session !== undefined

  const become = (acted: VisitActed): void => {
    const { concordId, expiresAt, session } = acted
    // Left out where a cookie keeps it, or the session goes on.
    const contextId = acted.contextId ?? state.contextId
    const isOther = state.concordId !== undefined && state.concordId !== concordId
    if (isOther) acknowledged = new Map()
    const generation = state.generation + (isOther ? 1 : 0)
    state = {
      generation,
      concordId,
      ...(contextId !== undefined && { contextId }),
      session: { token: session, expiresAt },
    }
  }

  return {
    heads: () =>
      LocalEvents.add(
        acknowledged,
        // A yes of the person that had the device before is not one of the present person.
        unsent
          .filter(({ item, of }) => of === undefined || item.consentState === "declined")
          .map(({ item }) => LocalEvents.ofItem(item, state.concordId)),
      ),
    unsent: () => unsent,
    identity: () => state,
    generation: () => state.generation,
    isKnown,
    recorded: (externalId) => recorded.get(externalId),
    add: (items) => {
      load()
      // Chosen here, so that a request whose answer is lost names the same person when it is sent again.
      if (state.contextId === undefined) state = { ...state, contextId: uuid() }
      for (const item of items) store.setUnsent({ item })
      unsent = store.unsent()
      save()
    },
    answer: (acted, sent, generation) => {
      for (const event of acted.items) {
        if (event.externalId !== undefined) recorded.set(event.externalId, event)
      }
      const latest = store.state()
      const isCurrent = sent.every(({ of }) => of === undefined) && (latest?.generation ?? generation) === generation
      if (isCurrent && state.generation === generation) {
        become(acted)
        const events = [...acted.heads, ...acted.items].map(LocalEvents.ofEvent)
        acknowledged = LocalEvents.add(acknowledged, events)
        // What is chosen next is not before what is known, otherwise an answer would come back after its refusal.
        for (const { consentDate } of events) {
          if (consentDate <= clock.now() + aheadMillis) clock.atLeast(consentDate)
        }
        if (isKnown()) save()
      }
      for (const { item } of sent) store.removeUnsent(item.externalId)
      unsent = store.unsent()
    },
    remove: (externalId) => {
      store.removeUnsent(externalId)
      unsent = store.unsent()
    },
    load,
    keepClock: () => {
      if (wasStored) save()
    },
    leave: (session) => {
      const { contextId, session: former } = state
      const of = { ...(contextId !== undefined && { contextId }), ...(former !== undefined && { session: former }) }
      for (const each of store.unsent()) if (each.of === undefined) store.setUnsent({ ...each, of })
      unsent = store.unsent()
      if (session !== undefined) {
        state = { ...state, session }
        if (isKnown()) save()
        return
      }
      acknowledged = new Map()
      state = strangerAt(state.generation + 1)
      wasStored = false
      store.clear()
    },
    endSession: (sent) => {
      const former = sent.filter(({ of }) => of?.session !== undefined)
      for (const { item, of } of former) {
        store.setUnsent({ item, of: of?.contextId === undefined ? {} : { contextId: of.contextId } })
      }
      unsent = store.unsent()
      if (former.length > 0) return true
      const { session, ...rest } = state
      state = rest
      return session !== undefined
    },
  }
}
