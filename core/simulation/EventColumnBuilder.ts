/**
 * Builds {@link EventColumns.Columns} from events that come person by person, in the order of `concordId`; within a
 * person in any order.
 */
import type { EventColumns } from "./EventColumns.ts"
import type { Instant } from "../engine/Instant.ts"

/** Where the id of an event can be looked up: it is needed only where two events tie, or where ids are kept. */
export interface Ids {
  readonly at: (row: number) => string
}

/** How many events a batch holds before it is handed over; one person's events are never parted. */
export const batchEvents = 32_768

/** Builds batches. */
export interface EventColumnBuilder {
  /** Takes an event. Answers whether a batch is full, to be taken before the next event. */
  readonly add: (
    concordId: string,
    consentType: string,
    state: number,
    version: number,
    consentDate: Instant,
    dateCreated: Instant,
    expirationDate: number,
    ids: Ids,
    row: number,
  ) => boolean
  /** The people whose events are complete: all but the one whose event came last. */
  readonly flush: () => EventColumns
  /** Everybody. No event comes after. */
  readonly finish: () => EventColumns
}

/** An event that waits for the rest of its person's. */
interface Waiting {
  type: number
  state: number
  version: number
  consentDate: Instant
  dateCreated: Instant
  expirationDate: number
  ids: Ids
  row: number
}

/** How many types, and places for a person's events, are kept from batch to batch. */
const maxKept = 1_000

const noId: Ids = { at: () => "" }

class Batch implements EventColumnBuilder {
  private readonly keepsIds: boolean
  private readonly knownAt: Instant
  private size = 2 * batchEvents
  private people = 0
  private pairs = 0
  private events = 0
  private concordIds: Array<string> = []
  private typeIds: Array<string> = []
  private typeIndices = new Map<string, number>()
  private personEnds!: Uint32Array
  private pairTypes!: Uint32Array
  private pairEnds!: Uint32Array
  private states!: Uint8Array
  private versions!: Float64Array
  private consentDates!: Float64Array
  private datesCreated!: Float64Array
  private expirationDates!: Float64Array
  private ids: Array<string> = []
  private person: string | undefined
  private readonly waiting: Array<Waiting> = []
  private waitingCount = 0
  private lastType = ""
  private lastTypeIndex = -1

  constructor(knownAt: Instant, keepsIds: boolean) {
    this.knownAt = knownAt
    this.keepsIds = keepsIds
    this.clear()
  }

  readonly add: EventColumnBuilder["add"] = (
    concordId,
    consentType,
    state,
    version,
    consentDate,
    dateCreated,
    expirationDate,
    ids,
    row,
  ) => {
    if (concordId !== this.person) {
      this.endPerson()
      this.person = concordId
    }
    const type =
      consentType === this.lastType && this.lastTypeIndex >= 0 ? this.lastTypeIndex : this.typeOf(consentType)
    const at = this.waitingCount++
    const waiting = this.waiting[at]
    if (waiting === undefined) {
      this.waiting.push({ type, state, version, consentDate, dateCreated, expirationDate, ids, row })
    } else {
      waiting.type = type
      waiting.state = state
      waiting.version = version
      waiting.consentDate = consentDate
      waiting.dateCreated = dateCreated
      waiting.expirationDate = expirationDate
      waiting.ids = ids
      waiting.row = row
    }
    return this.events >= batchEvents
  }

  readonly flush: EventColumnBuilder["flush"] = () => {
    const { people, pairs, events, concordIds, typeIds, ids } = this
    const columns = {
      people,
      pairs,
      events,
      concordIds,
      typeIds,
      ids,
      personEnds: this.personEnds.slice(0, people),
      pairTypes: this.pairTypes.slice(0, pairs),
      pairEnds: this.pairEnds.slice(0, pairs),
      states: this.states.slice(0, events),
      versions: this.versions.slice(0, events),
      consentDates: this.consentDates.slice(0, events),
      datesCreated: this.datesCreated.slice(0, events),
      expirationDates: this.expirationDates.slice(0, events),
    }
    this.people = this.pairs = this.events = 0
    this.concordIds = []
    this.ids = []
    if (typeIds.length > maxKept) this.forgetTypes()
    return columns
  }

  readonly finish: EventColumnBuilder["finish"] = () => {
    this.endPerson()
    return this.flush()
  }

  private clear(): void {
    const { size } = this
    this.personEnds = new Uint32Array(size)
    this.pairTypes = new Uint32Array(size)
    this.pairEnds = new Uint32Array(size)
    this.states = new Uint8Array(size)
    this.versions = new Float64Array(size)
    this.consentDates = new Float64Array(size)
    this.datesCreated = new Float64Array(size)
    this.expirationDates = new Float64Array(size)
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

  /** Begins the list of types anew, with those of the person whose events wait. */
  private forgetTypes(): void {
    const old = this.typeIds
    this.typeIds = []
    this.typeIndices = new Map()
    this.lastTypeIndex = -1
    for (let index = 0; index < this.waitingCount; index++) {
      const event = this.waiting[index]!
      event.type = this.typeOf(old[event.type]!)
    }
  }

  /** In the order of {@link EventColumns}. Equal but for the id: by id; equal in all: the same event twice. */
  private compare(a: Waiting, b: Waiting): number {
    if (a.type !== b.type) return this.typeIds[a.type]! < this.typeIds[b.type]! ? -1 : 1
    if (a.consentDate !== b.consentDate) return a.consentDate - b.consentDate
    if (a.dateCreated !== b.dateCreated) return a.dateCreated - b.dateCreated
    const [left, right] = [a.ids.at(a.row), b.ids.at(b.row)]
    return left < right ? -1 : left > right ? 1 : b.state - a.state
  }

  private sort(): void {
    const { waiting, waitingCount } = this
    if (waitingCount > 64) {
      const sorted = waiting.slice(0, waitingCount).sort((a, b) => this.compare(a, b))
      for (let index = 0; index < waitingCount; index++) waiting[index] = sorted[index]!
      return
    }
    for (let index = 1; index < waitingCount; index++) {
      const moving = waiting[index]!
      let at = index
      for (; at > 0 && this.compare(waiting[at - 1]!, moving) > 0; at--) waiting[at] = waiting[at - 1]!
      waiting[at] = moving
    }
  }

  private endPerson(): void {
    const { waiting, waitingCount } = this
    if (this.person === undefined || waitingCount === 0) return
    if (this.events + waitingCount > this.size) this.grow(this.events + waitingCount)
    this.sort()
    let last: Waiting | undefined
    for (let index = 0; index < waitingCount; index++) {
      const event = waiting[index]!
      if (last?.type !== event.type) {
        if (last !== undefined) this.endPair()
        this.pairTypes[this.pairs] = event.type
      } else if (this.compare(last, event) === 0) continue
      last = event
      if (event.dateCreated > this.knownAt) continue
      const at = this.events++
      this.states[at] = event.state
      this.versions[at] = event.version
      this.consentDates[at] = event.consentDate
      this.datesCreated[at] = event.dateCreated
      this.expirationDates[at] = event.expirationDate
      if (this.keepsIds) this.ids.push(event.ids.at(event.row))
    }
    this.endPair()
    this.personEnds[this.people++] = this.pairs
    this.concordIds.push(this.person)
    this.waitingCount = 0
    for (let index = 0; index < waitingCount; index++) waiting[index]!.ids = noId
    if (waiting.length > maxKept) waiting.length = maxKept
  }

  private endPair(): void {
    this.pairEnds[this.pairs++] = this.events
  }

  private grow(events: number): void {
    const old = { ...this }
    this.size = 2 * events
    this.clear()
    this.personEnds.set(old.personEnds)
    this.pairTypes.set(old.pairTypes)
    this.pairEnds.set(old.pairEnds)
    this.states.set(old.states)
    this.versions.set(old.versions)
    this.consentDates.set(old.consentDates)
    this.datesCreated.set(old.datesCreated)
    this.expirationDates.set(old.expirationDates)
  }
}

/** Makes a builder. Events that are not known at `knownAt` are left out, their people and types are not. */
export const make = (knownAt: Instant, keepsIds: boolean): EventColumnBuilder => new Batch(knownAt, keepsIds)
