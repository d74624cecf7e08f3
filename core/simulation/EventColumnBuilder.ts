/**
 * Builds {@link EventColumns} from events that arrive person by person, in the order of `concordId`. The events of one
 * person may arrive in any order.
 */
import type { EventColumns } from "./EventColumns.ts"
import type { Instant } from "../engine/Instant.ts"
import * as ColumnBuffers from "./ColumnBuffers.ts"

/** Looks up the ids of events. An id is needed only if two events tie, or if the builder keeps ids. */
export interface Ids {
  readonly at: (row: number) => string
}

/**
 * How many events, or pairs of a person and a type, a batch holds before it is full. The events of one person are never
 * split over two batches.
 */
export const batchEvents = 32_768

/** The fields of an event that has been added, to be set by the caller of {@link EventColumnBuilder.add}. */
export interface EventSlot {
  /** The index in `ConsentState.all`. */
  state: number
  /** 0 if the version was left out. */
  version: number
  consentDate: Instant
  dateCreated: Instant
  /** NaN if it was left out. */
  expirationDate: number
  /** The id of the event is `ids.at(row)`. */
  ids: Ids
  row: number
}

/** Builds batches of columns. */
export interface EventColumnBuilder {
  /**
   * Adds an event. The caller sets every field of the returned slot before it calls the builder again. Slots are
   * reused, so that no object is allocated for an event.
   */
  readonly add: (concordId: string, consentType: string) => EventSlot
  /** Whether the batch is full and {@link EventColumnBuilder.flush} must be called before the next event is added. */
  readonly isFull: () => boolean
  /** Returns all people except that of the last event, which may have more events. */
  readonly flush: () => EventColumns
  /** Returns all remaining people. No event may be added after this. */
  readonly finish: () => EventColumns
}

/** A slot with the index of its consent type in `typeIds`. It waits until all events of its person have been added. */
interface TypedSlot extends EventSlot {
  type: number
}

/** How many types, and how many slots, are kept for the next batch. */
const maxKept = 1_000

/** Up to this number of events of one person, insertion sort is used. */
const maxInserted = 64

const noIds: Ids = { at: () => "" }

class Batches implements EventColumnBuilder {
  private readonly keepsIds: boolean
  private readonly knownAt: Instant
  private columns = ColumnBuffers.make(2 * batchEvents)
  /** How much of the columns is filled. */
  private people = 0
  private pairs = 0
  private events = 0
  private concordIds: Array<string> = []
  private ids: Array<string> = []
  private typeIds: Array<string> = []
  private typeIndices = new Map<string, number>()
  private lastType = ""
  private lastTypeIndex = -1
  /** The person of the last event; its events are in the first `slotCount` slots. */
  private person: string | undefined
  private readonly slots: Array<TypedSlot> = []
  private slotCount = 0

  constructor(knownAt: Instant, keepsIds: boolean) {
    this.knownAt = knownAt
    this.keepsIds = keepsIds
  }

  readonly add: EventColumnBuilder["add"] = (concordId, consentType) => {
    if (concordId !== this.person) {
      this.endPerson()
      this.person = concordId
    }
    const type =
      consentType === this.lastType && this.lastTypeIndex >= 0 ? this.lastTypeIndex : this.typeOf(consentType)
    const index = this.slotCount++
    const slot = this.slots[index]
    if (slot !== undefined) {
      slot.type = type
      return slot
    }
    // The dates begin as NaN, so that the engine stores them as doubles from the start.
    const added: TypedSlot = {
      type,
      state: 0,
      version: 0,
      consentDate: NaN,
      dateCreated: NaN,
      expirationDate: NaN,
      ids: noIds,
      row: 0,
    }
    this.slots.push(added)
    return added
  }

  // A person whose events are all unknown has pairs without events. Each person has at least one pair.
  readonly isFull: EventColumnBuilder["isFull"] = () => this.events >= batchEvents || this.pairs >= batchEvents

  readonly flush: EventColumnBuilder["flush"] = () => {
    const { people, pairs, events, concordIds, typeIds, ids, columns } = this
    const flushed = {
      people,
      pairs,
      events,
      concordIds,
      typeIds,
      ids,
      personEnds: columns.personEnds.slice(0, people),
      pairTypes: columns.pairTypes.slice(0, pairs),
      pairEnds: columns.pairEnds.slice(0, pairs),
      states: columns.states.slice(0, events),
      versions: columns.versions.slice(0, events),
      consentDates: columns.consentDates.slice(0, events),
      datesCreated: columns.datesCreated.slice(0, events),
      expirationDates: columns.expirationDates.slice(0, events),
    }
    this.people = this.pairs = this.events = 0
    this.concordIds = []
    this.ids = []
    if (typeIds.length > maxKept) this.forgetTypes()
    return flushed
  }

  readonly finish: EventColumnBuilder["finish"] = () => {
    this.endPerson()
    return this.flush()
  }

  private typeOf(consentType: string): number {
    let type = this.typeIndices.get(consentType)
    if (type === undefined) {
      type = this.typeIds.length
      this.typeIds.push(consentType)
      this.typeIndices.set(consentType, type)
    }
    this.lastType = consentType
    this.lastTypeIndex = type
    return type
  }

  /** Starts a new list of types, which contains only the types of the events in the slots. */
  private forgetTypes(): void {
    const old = this.typeIds
    this.typeIds = []
    this.typeIndices = new Map()
    this.lastTypeIndex = -1
    for (let index = 0; index < this.slotCount; index++) {
      const slot = this.slots[index]!
      slot.type = this.typeOf(old[slot.type]!)
    }
  }

  /** Compares in the order of {@link EventColumns}; 0 if both are the same event, added twice. */
  private compare(a: TypedSlot, b: TypedSlot): number {
    if (a.type !== b.type) return this.typeIds[a.type]! < this.typeIds[b.type]! ? -1 : 1
    if (a.consentDate !== b.consentDate) return a.consentDate - b.consentDate
    if (a.dateCreated !== b.dateCreated) return a.dateCreated - b.dateCreated
    const [left, right] = [a.ids.at(a.row), b.ids.at(b.row)]
    return left < right ? -1 : left > right ? 1 : b.state - a.state
  }

  private sort(): void {
    const { slots, slotCount } = this
    if (slotCount > maxInserted) {
      const sorted = slots.slice(0, slotCount).sort((a, b) => this.compare(a, b))
      for (let index = 0; index < slotCount; index++) slots[index] = sorted[index]!
      return
    }
    for (let index = 1; index < slotCount; index++) {
      const moving = slots[index]!
      let at = index
      for (; at > 0 && this.compare(slots[at - 1]!, moving) > 0; at--) slots[at] = slots[at - 1]!
      slots[at] = moving
    }
  }

  /** Moves the events of the current person from the slots to the columns, sorted and without duplicates. */
  private endPerson(): void {
    const { slots, slotCount } = this
    if (this.person === undefined || slotCount === 0) return
    const needed = Math.max(this.events, this.pairs) + slotCount
    if (needed > this.columns.size) this.columns = ColumnBuffers.grow(this.columns, 2 * needed)
    const { columns } = this
    this.sort()
    let last: TypedSlot | undefined
    for (let index = 0; index < slotCount; index++) {
      const event = slots[index]!
      if (last?.type !== event.type) {
        if (last !== undefined) columns.pairEnds[this.pairs++] = this.events
        columns.pairTypes[this.pairs] = event.type
      } else if (this.compare(last, event) === 0) continue
      last = event
      if (event.dateCreated > this.knownAt) continue
      const at = this.events++
      columns.states[at] = event.state
      columns.versions[at] = event.version
      columns.consentDates[at] = event.consentDate
      columns.datesCreated[at] = event.dateCreated
      columns.expirationDates[at] = event.expirationDate
      if (this.keepsIds) this.ids.push(event.ids.at(event.row))
    }
    columns.pairEnds[this.pairs++] = this.events
    columns.personEnds[this.people++] = this.pairs
    this.concordIds.push(this.person)
    this.slotCount = 0
    // Slots are kept, so they must not hold on to the memory of the ids.
    for (let index = 0; index < slotCount; index++) slots[index]!.ids = noIds
    if (slots.length > maxKept) slots.length = maxKept
  }
}

/** Makes a builder. Events not known at `knownAt` are left out, but their people and pairs are not. */
export const make = (knownAt: Instant, keepsIds: boolean): EventColumnBuilder => new Batches(knownAt, keepsIds)
