/**
 * From the items of a request body to what the ledger records, with every violation of every item named.
 */
import { Effect, Result, Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Batch, ItemViolation } from "../../../core/ledger/Recording.ts"
import type { Item } from "../../../core/model/Admission.ts"
import * as Wire from "../api/Wire.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** An item of a browser: about its own visitor, now. */
export const fromVisitor =
  (concordId: string) =>
  (item: typeof Wire.VisitorItem.Type): Item => ({
    ...ItemLine.typeOf(item),
    person: { concordId },
    consentState: item.consentState,
    consentAction: item.consentAction,
  })

const decodeBatch = Exchange.decoder(Wire.batch(Schema.Unknown))

const ruleViolation = ({ item, code, field, detail }: ItemViolation) => ({
  pointer: `/items/${item}/${field}`,
  code,
  detail,
})

const refused = (errors: ReadonlyArray<Answer.Violation>) =>
  new Answer.HttpProblem({
    status: 422,
    detail: `nothing was recorded: ${errors.length === 1 ? "1 rule is broken" : `${errors.length} rules are broken`}`,
    errors,
  })

/** An item in which members have the wrong shape: what is wrong with them, and the item as far as it can be read. */
interface Misshapen {
  readonly violations: ReadonlyArray<Exchange.Violation>
  readonly members: ReadonlySet<string>
  readonly rest: Item | undefined
}

/** States and actions that break no rule, in place of those that cannot be read. */
const harmless = { consentState: "declined", consentAction: "implied" }

/** Which members tell of the same thing: where one cannot be read, nothing is said about another that is missing. */
const together = {
  identifier_missing: Object.keys(ItemLine.identifierFields),
  consent_type_missing: ["consentType", "category", "subcategory", "label"],
} as const

/** Whether a rule is broken by what was read, and not by what could not be read. */
const isMeant = ({ code, field }: ItemViolation, { members }: Misshapen): boolean =>
  !members.has(field) &&
  !(code in together && together[code as keyof typeof together].some((member) => members.has(member)))

/**
 * Records batches of items of one shape, and answers their events, in the order given. Every item is checked, against
 * its shape and against the ledger's rules, before any is recorded.
 */
export const recorder = <Decoded>(itemSchema: Schema.Codec<Decoded, unknown>) => {
  const decodeItem = Exchange.decoder(itemSchema)

  const read = (value: unknown, toItem: (decoded: Decoded) => Item): Item | Misshapen => {
    const decoded = decodeItem(value)
    if (Result.isSuccess(decoded)) return toItem(decoded.success)
    const violations = decoded.failure
    const members = new Set(violations.map(({ pointer }) => pointer.split("/", 2)[1] ?? ""))
    const readable = Object.entries(Object(value)).filter(([member]) => !members.has(member))
    const rest = members.has("") ? undefined : decodeItem({ ...harmless, ...Object.fromEntries(readable) })
    return { violations, members, rest: rest && Result.isSuccess(rest) ? toItem(rest.success) : undefined }
  }

  return Effect.fnUntraced(function* (
    body: unknown,
    request: Omit<Batch, "items">,
    toItem: (decoded: Decoded) => Item,
  ) {
    const ledger = yield* Ledger
    const batch = decodeBatch(body)
    if (Result.isFailure(batch)) return yield* refused(batch.failure)
    const items = batch.success.items.map((item) => read(item, toItem))
    if (items.every((item): item is Item => "person" in item)) {
      const outcome = yield* ledger.record({ ...request, items })
      if (outcome._tag === "Refused") return yield* refused(outcome.violations.map(ruleViolation))
      const { events, isRepeated, positions } = yield* IdempotencyKey.orRefuse(outcome)
      // How much a project records is no visitor's business.
      const seen = request.session === undefined ? Positions.headers(positions) : {}
      return Answer.json(Answer.list(events.map(({ body }) => body)), 201, {
        ...IdempotencyKey.headers(isRepeated),
        ...seen,
      })
    }
    const readable = [...items.entries()].flatMap(([index, item]) => {
      const rest = "person" in item ? item : item.rest
      return rest === undefined ? [] : [{ index, rest }]
    })
    const reviewed = yield* ledger.review({ ...request, items: readable.map(({ rest }) => rest) })
    const broken = reviewed.map((violation) => ({ ...violation, item: readable[violation.item]!.index }))
    const errors = items.flatMap((item, index) => {
      const ofItem = broken.filter((violation) => violation.item === index)
      if ("person" in item) return ofItem.map(ruleViolation)
      const shape = item.violations.map((violation) => ({
        ...violation,
        pointer: `/items/${index}${violation.pointer}`,
      }))
      return [...shape, ...ofItem.filter((violation) => isMeant(violation, item)).map(ruleViolation)]
    })
    return yield* refused(errors)
  })
}
