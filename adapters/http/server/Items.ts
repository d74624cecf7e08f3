/**
 * From the items of a request body to what the ledger records, with every violation of every item named.
 */
import { Effect, Result, Schema } from "effect"
import * as Exchange from "../../../core/Exchange.ts"
import { Ledger } from "../../../core/ledger/Ledger.ts"
import type { Item, RecordRequest, Violation } from "../../../core/ledger/Recording.ts"
import * as Wire from "../api/Wire.ts"
import * as Answer from "./Answer.ts"

type TypeFields = Pick<typeof Wire.VisitorItem.Type, "consentType" | "category" | "subcategory" | "label">

const draftOf = ({ consentType, category, subcategory, label }: TypeFields) => ({
  ...(consentType != null && { consentType: consentType.toLowerCase() }),
  ...(category != null && { category }),
  ...(subcategory != null && { subcategory: typeof subcategory === "string" ? subcategory : subcategory[0] }),
  ...(label != null && { label }),
})

/** An item of a server: about anybody, at any time. */
export const fromServer = (item: typeof Wire.ServerItem.Type): Item => {
  const { consentDate, expirationDate, version } = item
  const identifiers = (["concordId", "userId", "projectUserId", "email", "phoneNumber"] as const).filter(
    (kind) => item[kind] != null,
  )
  return {
    ...draftOf(item),
    person: Object.fromEntries(identifiers.map((kind) => [kind, item[kind]])),
    consentState: item.consentState,
    consentAction: item.consentAction,
    ...(version != null && { version }),
    ...(consentDate != null && { consentDate }),
    ...(expirationDate != null && { expirationDate }),
  }
}

/** An item of a browser: about its own visitor, now. */
export const fromVisitor =
  (concordId: string) =>
  (item: typeof Wire.VisitorItem.Type): Item => ({
    ...draftOf(item),
    person: { concordId },
    consentState: item.consentState,
    consentAction: item.consentAction,
  })

const decodeBatch = Exchange.decoder(Wire.batch(Schema.Unknown))

const ruleViolation = ({ item, code, field, detail }: Violation) => ({
  pointer: `/items/${item}/${field}`,
  code,
  detail,
})

const refused = (errors: ReadonlyArray<Answer.Violation>) =>
  new Answer.Problem({
    status: 422,
    detail: `nothing was recorded: ${errors.length === 1 ? "1 rule is broken" : `${errors.length} rules are broken`}`,
    errors,
  })

/**
 * Records a batch and answers the events' bodies, in the order given. Every item is checked, against its shape and
 * against the ledger's rules, before any is recorded.
 */
export const record = <Decoded>(itemSchema: Schema.Codec<Decoded, unknown>, toItem: (decoded: Decoded) => Item) => {
  const decodeItem = Exchange.decoder(itemSchema)
  return Effect.fnUntraced(function* (body: unknown, request: Omit<RecordRequest, "items">) {
    const ledger = yield* Ledger
    const batch = decodeBatch(body)
    if (Result.isFailure(batch)) return yield* refused(batch.failure)
    const decoded = batch.success.items.map(decodeItem)
    const violations = decoded.flatMap((item, index) =>
      Result.isSuccess(item)
        ? []
        : item.failure.map((violation) => ({ ...violation, pointer: `/items/${index}${violation.pointer}` })),
    )
    const wellFormed = [...decoded.entries()].flatMap(([index, item]) =>
      Result.isSuccess(item) ? [{ index, item: toItem(item.success) }] : [],
    )
    const items = wellFormed.map(({ item }) => item)
    if (violations.length > 0) {
      const broken = yield* ledger.review({ ...request, items })
      const inBody = broken.map((violation) => ({ ...violation, item: wellFormed[violation.item]!.index }))
      return yield* refused([...violations, ...inBody.map(ruleViolation)])
    }
    const outcome = yield* ledger.record({ ...request, items })
    if (outcome._tag === "Refused") return yield* refused(outcome.violations.map(ruleViolation))
    return outcome.events.map((event) => event.body)
  })
}
