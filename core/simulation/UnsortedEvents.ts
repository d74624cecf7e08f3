/**
 * The events of whole people as rows of numbers, as they come from a table, and how they become
 * {@link EventColumns.EventColumns}.
 *
 * Whoever reads the table only copies them; they are put in order where they are folded, on every core. People and
 * events are named by UUIDs, so that no string is made until somebody asks.
 */
import type * as EventColumns from "./EventColumns.ts"
import type { Instant } from "../engine/Instant.ts"
import * as UuidColumn from "./UuidColumn.ts"

/** Rows, person by person in the order of `concordId`; a person's in any order. */
export interface UnsortedEvents {
  readonly events: number
  /** What {@link types} points at, sorted. */
  readonly typeIds: ReadonlyArray<string>
  readonly concordIds: UuidColumn.UuidColumn
  readonly ids: UuidColumn.UuidColumn
  readonly types: Uint32Array
  /** These as in {@link EventColumns.EventColumns}. */
  readonly states: Uint8Array
  readonly versions: Float64Array
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  readonly expirationDates: Float64Array
}

/** Whether a batch is one of rows, still to be put in order. */
export const isUnsorted = (batch: EventColumns.EventColumns | UnsortedEvents): batch is UnsortedEvents =>
  "types" in batch

/** Less than 0 if row `a` comes before row `b` of the same person; 0 if they are the same event. */
const compare = (rows: UnsortedEvents, a: number, b: number): number =>
  rows.types[a]! - rows.types[b]! ||
  rows.consentDates[a]! - rows.consentDates[b]! ||
  rows.datesCreated[a]! - rows.datesCreated[b]! ||
  UuidColumn.compare(rows.ids, a, b) ||
  rows.states[b]! - rows.states[a]!

/** Beyond so many events of one person, insertion would be slow. */
const maxInserted = 64

/** Puts the rows of one person, from `low` to `high`, in order: `order` says at each place which row it is. */
const sort = (rows: UnsortedEvents, order: Uint32Array, low: number, high: number): void => {
  for (let row = low; row < high; row++) order[row] = row
  if (high - low > maxInserted) {
    order.subarray(low, high).sort((a, b) => compare(rows, a, b))
    return
  }
  for (let index = low + 1; index < high; index++) {
    const moving = order[index]!
    let at = index
    for (; at > low && compare(rows, order[at - 1]!, moving) > 0; at--) order[at] = order[at - 1]!
    order[at] = moving
  }
}

/** Columns that are filled anew for every batch. */
class Filling {
  readonly size: number
  readonly personEnds: Uint32Array
  readonly pairTypes: Uint32Array
  readonly pairEnds: Uint32Array
  readonly states: Uint8Array
  readonly versions: Float64Array
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  readonly expirationDates: Float64Array
  /** The first row of each person, the row of each place in order, and that of each event. */
  readonly personRows: Uint32Array
  readonly order: Uint32Array
  readonly eventRows: Uint32Array

  constructor(size: number) {
    this.size = size
    this.personEnds = new Uint32Array(size)
    this.pairTypes = new Uint32Array(size)
    this.pairEnds = new Uint32Array(size)
    this.states = new Uint8Array(size)
    this.versions = new Float64Array(size)
    this.consentDates = new Float64Array(size)
    this.datesCreated = new Float64Array(size)
    this.expirationDates = new Float64Array(size)
    this.personRows = new Uint32Array(size)
    this.order = new Uint32Array(size)
    this.eventRows = new Uint32Array(size)
  }
}

/**
 * Puts batch after batch in order. Events that are not known at `knownAt` are left out, their people and types are not.
 * What it answers holds until the next batch.
 */
export const sorter = (knownAt: Instant): ((rows: UnsortedEvents) => EventColumns.EventColumns) => {
  let filling = new Filling(0)
  return (rows) => {
    if (filling.size < rows.events) filling = new Filling(rows.events)
    return fill(filling, rows, knownAt)
  }
}

const fill = (into: Filling, rows: UnsortedEvents, knownAt: Instant): EventColumns.EventColumns => {
  const { order, eventRows } = into
  let [people, pairs, events] = [0, 0, 0]
  for (let low = 0, high = 0; low < rows.events; low = high) {
    while (high < rows.events && UuidColumn.isSame(rows.concordIds, low, high)) high++
    sort(rows, order, low, high)
    let last = -1
    for (let place = low; place < high; place++) {
      const row = order[place]!
      if (last >= 0 && rows.types[row] !== rows.types[last]) into.pairEnds[pairs++] = events
      else if (last >= 0 && compare(rows, last, row) === 0) continue
      into.pairTypes[pairs] = rows.types[row]!
      last = row
      if (rows.datesCreated[row]! > knownAt) continue
      into.states[events] = rows.states[row]!
      into.versions[events] = rows.versions[row]!
      into.consentDates[events] = rows.consentDates[row]!
      into.datesCreated[events] = rows.datesCreated[row]!
      into.expirationDates[events] = rows.expirationDates[row]!
      eventRows[events++] = row
    }
    into.pairEnds[pairs++] = events
    into.personRows[people] = low
    into.personEnds[people++] = pairs
  }
  return {
    people,
    pairs,
    events,
    concordIds: { at: (person) => UuidColumn.at(rows.concordIds, into.personRows[person]!) },
    typeIds: rows.typeIds,
    ids: { at: (event) => UuidColumn.at(rows.ids, eventRows[event]!) },
    personEnds: into.personEnds,
    pairTypes: into.pairTypes,
    pairEnds: into.pairEnds,
    states: into.states,
    versions: into.versions,
    consentDates: into.consentDates,
    datesCreated: into.datesCreated,
    expirationDates: into.expirationDates,
  }
}
