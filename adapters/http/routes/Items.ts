/**
 * Records the items of a request body, or refuses them with every violation of every item.
 */
import { Effect, Result, Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ItemDecoder from "../../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as GivenItems from "../../../core/ledger/GivenItems.ts"
import type { Batch } from "../../../core/ledger/Batch.ts"
import type { LeftOut } from "../../../core/ledger/BatchPlan.ts"
import type { AlsoRecordedFor } from "../../../core/ledger/Recording.ts"
import type { Item } from "../../../core/model/Admission.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Wire from "../api/Wire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** The item of a browser, which is about its own visitor. */
export const fromVisitor =
  (concordId: string) =>
  (item: typeof Wire.VisitorItem.Type): Item => ({
    ...ItemLine.toItem(item),
    person: { concordId },
    isVisitors: true,
  })

/** A violation in the body. */
type BodyViolation = Extract<Answer.Violation, { readonly pointer: string }>

/** Violations of items, as they are in the body. */
const inBody = (violations: ReadonlyArray<GivenItems.ListViolation>): ReadonlyArray<BodyViolation> =>
  violations.map((violation) => ({ ...violation, pointer: `/items${violation.pointer}` }))

/** The refusal of a batch that a quota does not hold: it names the declines, which would pass alone. */
const withoutDeclines = (problem: Answer.HttpProblem, items: ReadonlyArray<unknown>): Answer.HttpProblem => {
  const errors = inBody(GivenItems.notRecorded(items, []))
  return errors.length === 0 ? problem : new Answer.HttpProblem({ ...problem, errors })
}

const withErrors = (errors: ReadonlyArray<BodyViolation>, declines: ReadonlyArray<BodyViolation>) =>
  new Answer.HttpProblem({
    status: 422,
    detail: `nothing was recorded: ${errors.length === 1 ? "1 rule is broken" : `${errors.length} rules are broken`}`,
    errors: [...declines, ...errors],
  })

/** The refusal of a batch. The declines come first, because only a number of violations is answered. */
const refused = (errors: ReadonlyArray<GivenItems.ListViolation>, items: ReadonlyArray<unknown>) =>
  withErrors(inBody(errors), inBody(GivenItems.notRecorded(items, errors)))

/** The bodies of events, with what was left out of their items and the events of refusals for further people. */
const bodiesOf = (events: ReadonlyArray<StoredEvent>, leftOut: LeftOut, also: AlsoRecordedFor): ReadonlyArray<string> =>
  events.map(({ body }, item) => {
    const [members, people] = [leftOut.get(item), also.get(item)]
    if (members === undefined && people === undefined) return body
    const added = JSON.stringify({ leftOut: members, alsoRecordedFor: people })
    return `${body.slice(0, -1)},${added.slice(1)}`
  })

/** A batch but for its items, and what its answer shows of an event. */
interface Recorded extends Omit<Batch, "items"> {
  readonly shown: (body: string) => string
}

/** What is answered of recorded items. */
interface RecordedItems {
  /** The events as JSON, in the order of the items. */
  readonly bodies: ReadonlyArray<string>
  readonly headers: Readonly<Record<string, string>>
}

/** The answer to a batch of which every item could be read. */
const recordItems = Effect.fnUntraced(function* (
  { shown, ...batch }: Recorded & Batch,
  given: ReadonlyArray<unknown>,
  isOverQuota: boolean,
) {
  const ledger = yield* Ledger
  const outcome = yield* isOverQuota ? ledger.recordNeeded(batch) : ledger.record(batch)
  if (outcome._tag === "Refused") return yield* refused(outcome.violations.map(GivenItems.ofRule), given)
  const {
    alsoRecordedFor,
    events,
    isRepeated,
    leftOut,
    positions,
    recordedCount = 0,
  } = yield* IdempotencyKey.orRefuse(outcome)
  if (isOverQuota) {
    const account = yield* Account.CurrentAccount
    yield* account.chargeRefused({ items: batch.items.length, writes: recordedCount })
  }
  const isVisitor = batch.session !== undefined
  // Positions would show a visitor how much the project records.
  const seen = isVisitor ? {} : Positions.headers(positions)
  const bodies = isVisitor ? events.map(({ body }) => body) : bodiesOf(events, leftOut, alsoRecordedFor)
  return {
    bodies: bodies.map(shown),
    headers: { ...IdempotencyKey.headers(isRepeated), ...seen },
  } satisfies RecordedItems
})

/**
 * Records a batch, or refuses it with every violation of every item. Above the quota, the items are declines, of which
 * only those that change an answer are recorded.
 */
const recordAll = Effect.fnUntraced(function* (
  items: ReadonlyArray<GivenItems.GivenItem>,
  given: ReadonlyArray<unknown>,
  request: Recorded,
  isOverQuota: boolean,
) {
  if (GivenItems.areRead(items)) return yield* recordItems({ ...request, items }, given, isOverQuota)
  const ledger = yield* Ledger
  const readable = GivenItems.readable(items).map(({ rest }) => rest)
  const reviewed = yield* ledger.review({ ...request, items: readable })
  return yield* refused(GivenItems.violationsOf(items, reviewed), given)
})

/** The members of a request body, with items that are not read yet. */
interface BodyMembers {
  readonly items: ReadonlyArray<unknown>
  readonly sharedContacts?: "leave-out" | null
}

/** The items of a body that is refused for its `sharedContacts` alone. */
const itemsWithoutOption = (body: unknown, errors: ReadonlyArray<BodyViolation>): ReadonlyArray<unknown> | undefined =>
  errors.every(({ pointer }) => pointer === "/sharedContacts") ? (body as BodyMembers).items : undefined

/** Refuses a body. Its declines are named, unless something is wrong with the list of items. */
const refusedBody = (body: unknown, errors: ReadonlyArray<BodyViolation>) =>
  withErrors(errors, inBody(GivenItems.notRecorded(itemsWithoutOption(body, errors) ?? [], [])))

/** A decoder of bodies. An unreadable `sharedContacts` is passed over if every item is a refusal: it changes none. */
const bodyDecoder = (schema: Schema.Codec<BodyMembers, unknown>) => {
  const decode = Exchange.decoder(schema)
  return (body: unknown) =>
    Result.orElse(decode(body), (errors) => {
      const items = itemsWithoutOption(body, errors)
      return items?.every(ItemDecoder.isRefusal) ? Result.succeed<BodyMembers>({ items }) : Result.fail(errors)
    })
}

/**
 * Makes a function that records batches of items of one schema, and returns their events in the same order. Every item
 * is checked against its schema and against the rules of the ledger before any item is recorded.
 */
export const recording = <Decoded>(
  itemSchema: Schema.Codec<Decoded, unknown>,
  bodySchema: Schema.Codec<BodyMembers, unknown>,
) => {
  const decodeBody = bodyDecoder(bodySchema)
  const read = GivenItems.reader(itemSchema)

  return Effect.fnUntraced(function* (
    body: unknown,
    request: Omit<Batch, "items">,
    toItem: (decoded: Decoded) => Item,
    shown: (body: string) => string = (body) => body,
  ) {
    const account = yield* Account.CurrentAccount
    const batch = decodeBody(body)
    if (Result.isFailure(batch)) return yield* Effect.andThen(account.take({}), refusedBody(body, batch.failure))
    const { items: given, sharedContacts } = batch.success
    const scope = { ...request, shown, ...(sharedContacts != null && { sharedContacts }) }
    const { length } = given
    const idempotencyRecords = request.idempotency === undefined ? 0 : 1
    const taken = yield* Effect.result(account.take({ items: length, writes: length + idempotencyRecords }))
    const items = given.map((item) => read(item, toItem))
    if (Result.isSuccess(taken)) return yield* recordAll(items, given, scope, false)
    if (!given.every(ItemDecoder.isRefusal)) return yield* withoutDeclines(taken.failure, given)
    return yield* account.inTurn(recordAll(items, given, scope, true))
  })
}

/** Makes a function that records as {@link recording} does, and answers the events. */
export const recorder = <Decoded>(
  itemSchema: Schema.Codec<Decoded, unknown>,
  bodySchema: Schema.Codec<BodyMembers, unknown>,
) => {
  const record = recording(itemSchema, bodySchema)
  return (...all: Parameters<typeof record>) =>
    Effect.map(record(...all), ({ bodies, headers }) => Answer.json(Answer.list(bodies), 201, headers))
}
