/**
 * Items to record as a request or a program gives them: each is read by its schema, and everything that is wrong with
 * all of them is found, by the schema and by the rules of the ledger, before any is recorded.
 */
import { Result, type Schema } from "effect"
import type * as Exchange from "../formats/Exchange.ts"
import * as ItemDecoder from "../formats/ItemDecoder.ts"
import * as ItemLine from "../formats/ItemLine.ts"
import type { Item } from "../model/Admission.ts"
import type { ItemViolation } from "./Batch.ts"

/** An item with members of the wrong shape: the violations, the members that have one, and the item without these. */
interface Misshapen {
  readonly violations: ReadonlyArray<Exchange.Violation>
  readonly members: ReadonlySet<string>
  readonly rest: Item | undefined
}

/** An item that was read, or what is wrong with it. */
export type GivenItem = Item | Misshapen

/** One thing wrong with a list of items. The JSON Pointer (RFC 6901) begins with the index of the item. */
export interface ListViolation {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

const isRead = (item: GivenItem): item is Item => "person" in item

/** Whether every item was read. */
export const areRead = (items: ReadonlyArray<GivenItem>): items is ReadonlyArray<Item> => items.every(isRead)

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

/** Makes a reader of items of one schema. */
export const reader = <Decoded>(schema: Schema.Codec<Decoded, unknown>) => {
  const decode = ItemDecoder.make(schema, schema, "implied")
  return (value: unknown, toItem: (decoded: Decoded) => Item): GivenItem => {
    const itemOf = ({ leftOut, value }: ItemDecoder.Decoded<Decoded>): Item =>
      leftOut === undefined ? toItem(value) : { ...toItem(value), leftOut }
    const decoded = decode(value)
    if (Result.isSuccess(decoded)) return itemOf(decoded.success)
    const violations = decoded.failure
    const members = new Set(violations.map(ItemDecoder.memberOf))
    const rest = members.has("") ? undefined : decode(withoutMembers(Object(value), members))
    return { violations, members, rest: rest && Result.isSuccess(rest) ? itemOf(rest.success) : undefined }
  }
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

/** The items whose rules can be reviewed, with their indexes. */
export const readable = (items: ReadonlyArray<GivenItem>) =>
  [...items.entries()].flatMap(([index, item]) => {
    const rest = isRead(item) ? item : item.rest
    return rest === undefined ? [] : [{ index, rest }]
  })

/** A violation of a rule of the ledger. */
export const ofRule = ({ code, detail, field, item }: ItemViolation): ListViolation => ({
  pointer: `/${item}/${field}`,
  code,
  detail,
})

/** Everything that is wrong with items, given the review of those that are {@link readable}. */
export const violationsOf = (
  items: ReadonlyArray<GivenItem>,
  reviewed: ReadonlyArray<ItemViolation>,
): ReadonlyArray<ListViolation> => {
  const indexes = readable(items).map(({ index }) => index)
  const broken = Map.groupBy(reviewed, ({ item }) => indexes[item]!)
  return items.flatMap((item, index) => {
    const ofItem = (broken.get(index) ?? []).map((violation) => ({ ...violation, item: index }))
    if (isRead(item)) return ofItem.map(ofRule)
    const shape = item.violations.map((violation) => ({ ...violation, pointer: `/${index}${violation.pointer}` }))
    return [...shape, ...ofItem.filter((violation) => isCertain(violation, item)).map(ofRule)]
  })
}

const sendAlone =
  "this refusal was not recorded, because other items of the request were refused: send it again by itself, or with the others corrected"

/** The refusals that are not recorded because of other items: those with no error of their own. */
export const notRecorded = (
  items: ReadonlyArray<unknown>,
  errors: ReadonlyArray<ListViolation>,
): ReadonlyArray<ListViolation> => {
  const faulty = new Set(errors.map(({ pointer }) => pointer.split("/", 2)[1]))
  return items.flatMap((item, index) =>
    ItemDecoder.isRefusal(item) && !faulty.has(String(index))
      ? [{ pointer: `/${index}`, code: "not_recorded", detail: sendAlone }]
      : [],
  )
}
