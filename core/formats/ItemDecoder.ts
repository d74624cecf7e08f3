/**
 * Decodes items to record. A refusal is not refused for a member that it can be recorded without: such a member is left
 * out if it cannot be read (semantics, section 1).
 */
import { Predicate, Result, type Schema } from "effect"
import * as Exchange from "./Exchange.ts"
import * as ItemLine from "./ItemLine.ts"

/** A decoded item, and the members that it was decoded without. */
export interface Decoded<A> {
  readonly value: A
  /** Only of a refusal, and only if there are any. */
  readonly leftOut?: ReadonlyArray<string>
}

/** The members that a refusal can be recorded without. */
export const optionalInRefusal: ReadonlySet<string> = new Set([
  ...Object.keys(ItemLine.identifierFields),
  "consentAction",
  "consentDate",
  "allowEarly",
  "expirationDate",
  "version",
  "language",
  "evidence",
  "externalId",
])

/** The members that name the consent type together, in place of its id. */
const triple = ["category", "subcategory", "label"]

/** The members that name the consent type another time, where its id, or else the triple, can be read. */
const spareNames = (value: object, unreadable: ReadonlySet<string>): ReadonlyArray<string> => {
  const isReadable = (member: string) => member in value && !unreadable.has(member)
  if (isReadable("consentType")) return triple
  return triple.every(isReadable) ? ["consentType"] : []
}

/** Whether a value is an item with the state `declined`. */
export const isRefusal = (value: unknown): value is object =>
  Predicate.isObject(value) && value["consentState"] === "declined"

/** The member of an item that a violation is in; empty for the item as a whole. */
export const memberOf = ({ pointer }: Exchange.Violation): string => pointer.split("/", 2)[1] ?? ""

/**
 * Makes a decoder of items. A refusal with an unreadable member is decoded by `ofRefusal`, which requires no member
 * that a refusal can be recorded without, except `consentAction`: if that cannot be read, it is `action`.
 */
export const make = <Refusal, Value extends Refusal>(
  schema: Schema.Codec<Value, unknown>,
  ofRefusal: Schema.Codec<Refusal, unknown>,
  action: typeof Exchange.Action.Type,
): ((value: unknown) => Result.Result<Decoded<Refusal>, ReadonlyArray<Exchange.Violation>>) => {
  // The only list in an item is the subcategory, which has one member.
  const decode = Exchange.decoder(schema, 1)
  const decodeRefusal = Exchange.decoder(ofRefusal, 1)

  const decodeWithout = (value: object, violations: ReadonlyArray<Exchange.Violation>) => {
    const unreadable = new Set(violations.map(memberOf))
    const optional = new Set([...optionalInRefusal, ...spareNames(value, unreadable)])
    const others = violations.filter((violation) => !optional.has(memberOf(violation)))
    if (others.length > 0) return Result.fail(others)
    const readable = Object.entries(value).filter(([member]) => !unreadable.has(member))
    const replaced = unreadable.has("consentAction") ? { consentAction: action } : {}
    const decoded = decodeRefusal({ ...Object.fromEntries(readable), ...replaced })
    return Result.map(decoded, (refusal): Decoded<Refusal> => ({ value: refusal, leftOut: [...unreadable] }))
  }

  return (value) => {
    const decoded = decode(value)
    if (Result.isSuccess(decoded)) return Result.succeed({ value: decoded.success })
    return isRefusal(value) ? decodeWithout(value, decoded.failure) : Result.fail(decoded.failure)
  }
}
