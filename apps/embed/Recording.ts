/**
 * Records the items that a program gives, or refuses them with everything that is wrong.
 */
import { Effect } from "effect"
import * as ItemDecoder from "../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import { Ledger } from "../../core/Ledger.ts"
import { maxItems, type Batch } from "../../core/ledger/Batch.ts"
import * as GivenItems from "../../core/ledger/GivenItems.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { Refusal, Unavailable, type Violation } from "./Errors.ts"
import * as EventJson from "./EventJson.ts"
import * as Given from "./Given.ts"
import type { Item, RecordedEvent, RecordOptions } from "./OpenLedger.ts"

const refused = (violations: ReadonlyArray<Violation>) => Effect.fail(new Refusal("nothing was recorded", violations))

const read = GivenItems.reader(ItemLine.ItemLine)

/** An item without members that are `undefined`, and with its dates as text. */
const asJson = (item: unknown): unknown =>
  typeof item === "object" && item !== null
    ? Object.fromEntries(
        Object.entries(item).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, Given.withoutDate(value)] as const],
        ),
      )
    : item

const faultsOf = (options: RecordOptions): ReadonlyArray<Violation> => {
  const { idempotencyKey, sharedContacts } = options
  const isKey = typeof idempotencyKey === "string" && idempotencyKey.length >= 1 && idempotencyKey.length <= 255
  return [
    ...Given.unknownMembers(options, ["idempotencyKey", "sharedContacts"], ""),
    ...(idempotencyKey === undefined || isKey
      ? []
      : [{ pointer: "/idempotencyKey", code: "invalid", detail: "expected 1 to 255 characters" }]),
    ...(sharedContacts === undefined || sharedContacts === "leave-out"
      ? []
      : [{ pointer: "/sharedContacts", code: "invalid", detail: 'expected "leave-out", or nothing' }]),
  ]
}

const batchOf = (scope: ProjectScope, given: ReadonlyArray<unknown>, options: RecordOptions): Omit<Batch, "items"> => {
  const caller = scope.organization.id
  const { idempotencyKey: key, sharedContacts } = options
  return {
    ...scope,
    submitter: caller,
    ...(sharedContacts !== undefined && { sharedContacts }),
    ...(key !== undefined && {
      idempotency: { caller, key, credential: "", content: JSON.stringify({ items: given, sharedContacts }) },
    }),
  }
}

const keyReused: Violation = {
  pointer: "/idempotencyKey",
  code: "key_reused",
  detail: "was used for other items: use a new key for each call, and the same only to repeat one",
}

/** The violations of one item that was not given in a list. */
const ofOne = (violations: ReadonlyArray<Violation>): ReadonlyArray<Violation> =>
  violations.map((each) => ({ ...each, pointer: each.pointer.replace(/^\/0(?=\/|$)/, "") }))

/** Records items, all of them or none. */
export const record = Effect.fnUntraced(function* (
  scope: ProjectScope,
  items: Item | ReadonlyArray<Item>,
  options: RecordOptions,
) {
  const given = (Array.isArray(items) ? items : [items]).map(asJson)
  const refuse = (violations: ReadonlyArray<Violation>) =>
    refused(Array.isArray(items) ? violations : ofOne(violations))
  // Refusals alone are recorded without options that cannot be read, because none of these may keep one from counting.
  const faults = faultsOf(options)
  const isRecorded = faults.length === 0 || (given.length > 0 && given.every(ItemDecoder.isRefusal))
  if (!isRecorded) return yield* refuse([...GivenItems.notRecorded(given, []), ...faults])
  if (given.length === 0 || given.length > maxItems) {
    return yield* refuse([{ pointer: "", code: "invalid", detail: `expected 1 to ${maxItems} items in one call` }])
  }
  const ledger = yield* Ledger
  const batch = batchOf(scope, given, faults.length === 0 ? options : {})
  const all = given.map((item) => read(item, ItemLine.toItem))
  if (!GivenItems.areRead(all)) {
    const reviewed = yield* ledger.review({ ...batch, items: GivenItems.readable(all).map(({ rest }) => rest) })
    const violations = GivenItems.violationsOf(all, reviewed)
    return yield* refuse([...GivenItems.notRecorded(given, violations), ...violations])
  }
  const outcome = yield* ledger.record({ ...batch, items: all })
  if (outcome._tag === "Refused") {
    const violations = outcome.violations.map(GivenItems.ofRule)
    return yield* refuse([...GivenItems.notRecorded(given, violations), ...violations])
  }
  if (outcome._tag === "Reused") return yield* refuse([keyReused])
  if (outcome._tag === "UnderWay") {
    return yield* Effect.fail(new Unavailable("the same call is under way: repeat it for its answer"))
  }
  return outcome.events.map((event, index): RecordedEvent => {
    const [leftOut, alsoRecordedFor] = [outcome.leftOut.get(index), outcome.alsoRecordedFor.get(index)]
    return {
      ...EventJson.of(event),
      ...(leftOut !== undefined && { leftOut }),
      ...(alsoRecordedFor !== undefined && { alsoRecordedFor }),
    }
  })
})
