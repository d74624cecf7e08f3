/**
 * Records the items of a request body, or refuses them with every violation of every item.
 */
import { Effect, Result, Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ItemDecoder from "../../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Batch, ItemViolation } from "../../../core/ledger/Batch.ts"
import type { LeftOut } from "../../../core/ledger/BatchPlan.ts"
import type { AlsoRecordedFor } from "../../../core/ledger/Recording.ts"
import type { Item } from "../../../core/model/Admission.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Wire from "../api/Wire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** The item of a browser, which is about its own visitor at the current time. */
export const fromVisitor =
  (concordId: string) =>
  (item: typeof Wire.VisitorItem.Type): Item => ({
    ...ItemLine.typeOf(item),
    person: { concordId },
    consentState: item.consentState,
    consentAction: item.consentAction,
  })

const ruleViolation = ({ item, code, field, detail }: ItemViolation) => ({
  pointer: `/items/${item}/${field}`,
  code,
  detail,
})

/** A violation in the body. */
type BodyViolation = Extract<Answer.Violation, { readonly pointer: string }>

const sendAlone =
  "this refusal was not recorded, because other items of the request were refused: send it again by itself, or with the others corrected"

/** The refusals of a batch that are not recorded because of other items: those with no error of their own. */
const notRecorded = (
  items: ReadonlyArray<unknown>,
  errors: ReadonlyArray<BodyViolation>,
): ReadonlyArray<BodyViolation> => {
  const faulty = new Set(errors.map(({ pointer }) => pointer.split("/", 3)[2]))
  return items.flatMap((item, index) =>
    ItemDecoder.isRefusal(item) && !faulty.has(String(index))
      ? [{ pointer: `/items/${index}`, code: "not_recorded", detail: sendAlone }]
      : [],
  )
}

/** The refusal of a batch that a quota does not hold: it names the declines, which would pass alone. */
const withoutDeclines = (problem: Answer.HttpProblem, items: ReadonlyArray<unknown>): Answer.HttpProblem => {
  const errors = notRecorded(items, [])
  return errors.length === 0 ? problem : new Answer.HttpProblem({ ...problem, errors })
}

/** The refusal of a batch. The declines come first, because only a number of violations is answered. */
const refused = (errors: ReadonlyArray<BodyViolation>, items: ReadonlyArray<unknown> = []) =>
  new Answer.HttpProblem({
    status: 422,
    detail: `nothing was recorded: ${errors.length === 1 ? "1 rule is broken" : `${errors.length} rules are broken`}`,
    errors: [...notRecorded(items, errors), ...errors],
  })

/** The bodies of events, with what was left out of their items and the events of refusals for further people. */
const bodiesOf = (events: ReadonlyArray<StoredEvent>, leftOut: LeftOut, also: AlsoRecordedFor): ReadonlyArray<string> =>
  events.map(({ body }, item) => {
    const [members, people] = [leftOut.get(item), also.get(item)]
    if (members === undefined && people === undefined) return body
    const added = JSON.stringify({ leftOut: members, alsoRecordedFor: people })
    return `${body.slice(0, -1)},${added.slice(1)}`
  })

/** An item with members of the wrong shape: the violations, the members that have one, and the item without these. */
interface Misshapen {
  readonly violations: ReadonlyArray<Exchange.Violation>
  readonly members: ReadonlySet<string>
  readonly rest: Item | undefined
}

/** A state and an action that break no rule, used in place of those that could not be read. */
const placeholders: Readonly<Record<string, string>> = { consentState: "declined", consentAction: "implied" }

/** An item without the members that could not be read, copied once, because it may have any number of members. */
const withoutMembers = (item: object, members: ReadonlySet<string>): Readonly<Record<string, unknown>> => {
  const rest: Record<string, unknown> = { ...placeholders, ...item }
  for (const member of members) {
    if (Object.hasOwn(placeholders, member)) rest[member] = placeholders[member]
    else delete rest[member]
  }
  return rest
}

/** Members that can replace each other. If one could not be read, none of them is reported as missing. */
const alternatives = {
  identifier_missing: Object.keys(ItemLine.identifierFields),
  consent_type_missing: ["consentType", "category", "subcategory", "label"],
} as const

/** Whether a rule is broken by members that were read, and not only because others could not be read. */
const isCertain = ({ code, field }: ItemViolation, { members }: Misshapen): boolean =>
  !members.has(field) &&
  !(code in alternatives && alternatives[code as keyof typeof alternatives].some((member) => members.has(member)))

/** The answer to a batch of which every item could be read. */
const recordItems = Effect.fnUntraced(function* (batch: Batch, given: ReadonlyArray<unknown>, isOverQuota: boolean) {
  const ledger = yield* Ledger
  const outcome = yield* isOverQuota ? ledger.recordNeeded(batch) : ledger.record(batch)
  if (outcome._tag === "Refused") return yield* refused(outcome.violations.map(ruleViolation), given)
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
  return Answer.json(Answer.list(bodies), 201, {
    ...IdempotencyKey.headers(isRepeated),
    ...seen,
  })
})

/**
 * Records a batch, or refuses it with every violation of every item. Above the quota, the items are declines, of which
 * only those that change an answer are recorded.
 */
const recordAll = Effect.fnUntraced(function* (
  items: ReadonlyArray<Item | Misshapen>,
  given: ReadonlyArray<unknown>,
  request: Omit<Batch, "items">,
  isOverQuota: boolean,
) {
  if (items.every((item): item is Item => "person" in item)) {
    return yield* recordItems({ ...request, items }, given, isOverQuota)
  }
  const ledger = yield* Ledger
  const readable = [...items.entries()].flatMap(([index, item]) => {
    const rest = "person" in item ? item : item.rest
    return rest === undefined ? [] : [{ index, rest }]
  })
  const reviewed = yield* ledger.review({ ...request, items: readable.map(({ rest }) => rest) })
  const broken = Map.groupBy(reviewed, ({ item }) => readable[item]!.index)
  const errors = items.flatMap((item, index) => {
    const ofItem = (broken.get(index) ?? []).map((violation) => ({ ...violation, item: index }))
    if ("person" in item) return ofItem.map(ruleViolation)
    const shape = item.violations.map((violation) => ({
      ...violation,
      pointer: `/items/${index}${violation.pointer}`,
    }))
    return [...shape, ...ofItem.filter((violation) => isCertain(violation, item)).map(ruleViolation)]
  })
  return yield* refused(errors, given)
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
  refused(errors, itemsWithoutOption(body, errors))

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
 * Makes a function that records batches of items of one schema, and answers their events in the same order. Every item
 * is checked against its schema and against the rules of the ledger before any item is recorded.
 */
export const recorder = <Decoded>(
  itemSchema: Schema.Codec<Decoded, unknown>,
  bodySchema: Schema.Codec<BodyMembers, unknown>,
) => {
  const decodeBody = bodyDecoder(bodySchema)
  const decodeItem = ItemDecoder.make(itemSchema, itemSchema, "implied")

  const read = (value: unknown, toItem: (decoded: Decoded) => Item): Item | Misshapen => {
    const itemOf = ({ leftOut, value }: ItemDecoder.Decoded<Decoded>): Item =>
      leftOut === undefined ? toItem(value) : { ...toItem(value), leftOut }
    const decoded = decodeItem(value)
    if (Result.isSuccess(decoded)) return itemOf(decoded.success)
    const violations = decoded.failure
    const members = new Set(violations.map(ItemDecoder.memberOf))
    const rest = members.has("") ? undefined : decodeItem(withoutMembers(Object(value), members))
    return { violations, members, rest: rest && Result.isSuccess(rest) ? itemOf(rest.success) : undefined }
  }

  return Effect.fnUntraced(function* (
    body: unknown,
    request: Omit<Batch, "items">,
    toItem: (decoded: Decoded) => Item,
  ) {
    const account = yield* Account.CurrentAccount
    const batch = decodeBody(body)
    if (Result.isFailure(batch)) return yield* Effect.andThen(account.take({}), refusedBody(body, batch.failure))
    const { items: given, sharedContacts } = batch.success
    const scope = sharedContacts == null ? request : { ...request, sharedContacts }
    const { length } = given
    const idempotencyRecords = request.idempotency === undefined ? 0 : 1
    const taken = yield* Effect.result(account.take({ items: length, writes: length + idempotencyRecords }))
    const items = given.map((item) => read(item, toItem))
    if (Result.isSuccess(taken)) return yield* recordAll(items, given, scope, false)
    if (!given.every(ItemDecoder.isRefusal)) return yield* withoutDeclines(taken.failure, given)
    return yield* account.inTurn(recordAll(items, given, scope, true))
  })
}
