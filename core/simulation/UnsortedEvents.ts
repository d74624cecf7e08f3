/**
 * The events of whole people as rows of numbers, in the order in which a table has them, and the step that sorts them
 * into {@link EventColumns.EventColumns}.
 *
 * The reader of the table only copies the rows. They are sorted where they are folded, so that all CPU cores share the
 * work. The ids of people and events are UUIDs, which stay numbers until a string is needed.
 */
import type * as EventColumns from "./EventColumns.ts"
import type { Instant } from "../engine/Instant.ts"
import * as ColumnBuffers from "./ColumnBuffers.ts"
import * as UuidColumn from "./UuidColumn.ts"

/** Rows, person by person in the order of `concordId`. The rows of one person are in any order. */
export interface UnsortedEvents {
  readonly events: number
  /** The ids of the consent types, sorted. */
  readonly typeIds: ReadonlyArray<string>
  readonly concordIds: UuidColumn.UuidColumn
  readonly ids: UuidColumn.UuidColumn
  /** The index of each event's type in {@link typeIds}. */
  readonly types: Uint32Array
  /** This and the columns below are as in {@link EventColumns.EventColumns}. */
  readonly states: Uint8Array
  readonly versions: Float64Array
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  readonly expirationDates: Float64Array
}

/** Whether a batch has rows that must still be sorted. */
export const isUnsorted = (batch: EventColumns.EventColumns | UnsortedEvents): batch is UnsortedEvents =>
  "types" in batch

/** Compares two rows of one person: less than 0 if row `a` comes before row `b`, 0 if they are the same event. */
const compare = (rows: UnsortedEvents, a: number, b: number): number =>
  rows.types[a]! - rows.types[b]! ||
  rows.consentDates[a]! - rows.consentDates[b]! ||
  rows.datesCreated[a]! - rows.datesCreated[b]! ||
  UuidColumn.compare(rows.ids, a, b) ||
  rows.states[b]! - rows.states[a]!

/** Up to this number of events of one person, insertion sort is used. */
const maxInserted = 64

/** Sorts the rows of one person, from `low` to before `high`. `order` gets the row of each place from `low` on. */
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

/** The memory of one sorter, which is filled again for every batch. */
interface SortBuffers {
  readonly columns: ColumnBuffers.ColumnBuffers
  /** The first row of each person. */
  readonly personRows: Uint32Array
  /** The row of each place in the sorted order. */
  readonly order: Uint32Array
  /** The row of each event of the columns. */
  readonly eventRows: Uint32Array
}

const makeBuffers = (size: number): SortBuffers => ({
  columns: ColumnBuffers.make(size),
  personRows: new Uint32Array(size),
  order: new Uint32Array(size),
  eventRows: new Uint32Array(size),
})

/**
 * Makes a function that sorts one batch after the other. Events not known at `knownAt` are left out, but their people
 * and pairs are not. Its result is valid until its next call, because the memory is used again.
 */
export const sorter = (knownAt: Instant): ((rows: UnsortedEvents) => EventColumns.EventColumns) => {
  let buffers = makeBuffers(0)
  return (rows) => {
    if (buffers.columns.size < rows.events) buffers = makeBuffers(rows.events)
    return fill(buffers, rows, knownAt)
  }
}

const fill = (buffers: SortBuffers, rows: UnsortedEvents, knownAt: Instant): EventColumns.EventColumns => {
  const { columns, order, eventRows, personRows } = buffers
  let [people, pairs, events] = [0, 0, 0]
  for (let low = 0, high = 0; low < rows.events; low = high) {
    while (high < rows.events && UuidColumn.isSame(rows.concordIds, low, high)) high++
    sort(rows, order, low, high)
    let last = -1
    for (let place = low; place < high; place++) {
      const row = order[place]!
      if (last >= 0 && rows.types[row] !== rows.types[last]) columns.pairEnds[pairs++] = events
      else if (last >= 0 && compare(rows, last, row) === 0) continue
      columns.pairTypes[pairs] = rows.types[row]!
      last = row
      if (rows.datesCreated[row]! > knownAt) continue
      columns.states[events] = rows.states[row]!
      columns.versions[events] = rows.versions[row]!
      columns.consentDates[events] = rows.consentDates[row]!
      columns.datesCreated[events] = rows.datesCreated[row]!
      columns.expirationDates[events] = rows.expirationDates[row]!
      eventRows[events++] = row
    }
    columns.pairEnds[pairs++] = events
    personRows[people] = low
    columns.personEnds[people++] = pairs
  }
  return {
    people,
    pairs,
    events,
    concordIds: { at: (person) => UuidColumn.at(rows.concordIds, personRows[person]!) },
    typeIds: rows.typeIds,
    ids: { at: (event) => UuidColumn.at(rows.ids, eventRows[event]!) },
    personEnds: columns.personEnds,
    pairTypes: columns.pairTypes,
    pairEnds: columns.pairEnds,
    states: columns.states,
    versions: columns.versions,
    consentDates: columns.consentDates,
    datesCreated: columns.datesCreated,
    expirationDates: columns.expirationDates,
  }
}
