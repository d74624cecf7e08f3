/**
 * What a page knows of its person: the events that the server has acknowledged, the choices that it does not have yet,
 * and by what it knows the person.
 *
 * The device may become another person's: the server answers another `concordId`, or everything on the device was
 * deleted. Then what was acknowledged is dropped, so that no answer of one person counts for another one. What is not
 * sent stays, and a refusal among it counts until the server has it.
 */
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import type { VisitEvent, VisitItem } from "../../core/browser/VisitAnswer.ts"
import type { Clock } from "./Clock.ts"
import type { LocalSession, LocalState, LocalStore, Unsent } from "./LocalStore.ts"

/** By what a person is known, and since when the device is theirs. */
export type LedgerState = Omit<LocalState, "clock" | "events">

/** The local ledger of a page. What becomes of an answer of the server is in Acknowledging.ts. */
export interface LocalLedger {
  /** The heads of all events that count here. */
  readonly heads: () => LocalEvents.LocalHeads
  readonly unsent: () => ReadonlyArray<Unsent>
  readonly state: () => LedgerState
  /** Whether there was an act on this device, so that the server may know the person. */
  readonly isKnown: () => boolean
  /** The events that the server made of choices of this page, by their own ids. */
  readonly recorded: Map<string, VisitEvent>
  readonly add: (items: ReadonlyArray<VisitItem>) => void
  /** Goes on in a state, with more events; in another generation, with these alone. */
  readonly take: (next: LedgerState, events: ReadonlyArray<LocalEvents.LocalEvent>) => void
  /** Stores what is known, together with what other tabs have stored of the same person. */
  readonly save: () => void
  /** Reads the unsent choices again, because they were changed in the store. */
  readonly refresh: () => void
  /** Reads what other tabs have stored. */
  readonly load: () => void
  /** Stores the clock, where anything is stored, so that a clock that is set back revives nothing. */
  readonly keepClock: () => void
  /** Goes on in another session; without one, as a stranger. Choices that are not sent stay the former person's. */
  readonly leave: (session?: LocalSession) => void
}

const strangerAt = (generation: number): Pick<LocalState, "generation"> => ({ generation })

export const make = (store: LocalStore, clock: Clock, uuid: () => string): LocalLedger => {
  let acknowledged: LocalEvents.LocalHeads = new Map()
  let unsent: ReadonlyArray<Unsent> = []
  let state: LedgerState = strangerAt(0)
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

  const save = (): void => {
    const stored = store.state()
    if (stored?.generation === state.generation && stored.concordId === state.concordId) {
      acknowledged = LocalEvents.add(acknowledged, stored.events.map(LocalEvents.ofEvent))
    }
    store.setState({ ...state, events: LocalEvents.toWire(acknowledged), clock: clock.state() })
    wasStored = true
  }

  const isKnown = () => wasStored || acknowledged.size > 0 || unsent.length > 0 || state.session !== undefined

  const refresh = (): void => {
    unsent = store.unsent()
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
    state: () => state,
    isKnown,
    recorded,
    add: (items) => {
      load()
      // Chosen here, so that a request whose answer is lost names the same person when it is sent again.
      if (state.contextId === undefined) state = { ...state, contextId: uuid() }
      for (const item of items) store.setUnsent({ item })
      refresh()
      save()
    },
    take: (next, events) => {
      if (next.generation !== state.generation) acknowledged = new Map()
      state = next
      acknowledged = LocalEvents.add(acknowledged, events)
    },
    save,
    refresh,
    load,
    keepClock: () => {
      if (wasStored) save()
    },
    leave: (session) => {
      const { contextId, session: former } = state
      const of = { ...(contextId !== undefined && { contextId }), ...(former !== undefined && { session: former }) }
      for (const each of store.unsent()) if (each.of === undefined) store.setUnsent({ ...each, of })
      refresh()
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
  }
}
