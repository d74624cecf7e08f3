/**
 * The consent types and API keys of an open ledger, as plain values.
 */
import { Clock, Effect, Result } from "effect"
import * as ConsentTypeVersions from "../../core/catalog/ConsentTypeVersions.ts"
import type { CatalogOutcome } from "../../core/catalog/CatalogChange.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as NewTypes from "../../core/formats/NewTypes.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { ListedType, ProjectScope } from "../../core/model/Catalog.ts"
import * as Role from "../../core/model/Role.ts"
import { Refusal, Unavailable, type Violation } from "./Errors.ts"
import type { Category, ConsentType, NewType, Rules } from "./OpenLedger.ts"

const toType = (type: ListedType, now: number): ConsentType => {
  const { description, name, version } = ConsentTypeVersions.inForce(type, now)
  const [{ consentDuration, rules } = {}] = Exchange.typesToFile([type]).items
  return {
    id: type.id,
    category: type.category as Category,
    subcategory: type.subcategory,
    label: type.label,
    name,
    description,
    status: type.status,
    required: type.required,
    validStates: type.validStates,
    version,
    ...(consentDuration != null && { consentDuration }),
    rules: (rules ?? {}) as Rules,
  }
}

/** The consent types of a project. */
export const list = Effect.fnUntraced(function* ({ types }: ProjectScope) {
  const now = yield* Clock.currentTimeMillis
  return types.all.map((type) => toType(type, now))
})

const refuse = (violations: ReadonlyArray<Violation>) => Effect.fail(new Refusal("nothing was made", violations))

/** The value of a change of the catalog. */
const changed = <Value>(outcome: CatalogOutcome<Value>) => {
  switch (outcome._tag) {
    case "Changed":
      return Effect.succeed(outcome.value)
    case "Refused":
      return refuse(outcome.faults.map(({ field, ...fault }) => ({ pointer: `/${field}`, ...fault })))
    case "Conflict":
      return refuse([{ ...outcome.fault, pointer: `/${outcome.fault.field}` }])
    default:
      return Effect.fail(new Unavailable("the catalog was changed at the same time: try again"))
  }
}

const decode = Exchange.decoder(NewTypes.NewTypes)

/** The violations of the one type in a list. */
const ofOne = (violations: ReadonlyArray<Violation>): ReadonlyArray<Violation> =>
  violations.map((each) => ({ ...each, pointer: each.pointer.replace(/^\/items\/0/, "") }))

/** Makes a consent type. */
export const add = Effect.fnUntraced(function* (scope: ProjectScope, type: Omit<NewType, "id" | "versions">) {
  const decoded = decode({ items: [JSON.parse(JSON.stringify(type ?? null))] })
  if (Result.isFailure(decoded)) return yield* refuse(ofOne(decoded.failure))
  const { id: _, versions: __, ...fields } = NewTypes.toNewTypes(decoded.success)[0]!
  const ledger = yield* Ledger
  const made = yield* changed(yield* ledger.setup.createType(scope, fields, { answer: () => "" }))
  return toType(made, yield* Clock.currentTimeMillis)
})

/** Makes an API key. */
export const createKey = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  key: { readonly name: string; readonly role: Role.Role } | undefined,
) {
  const { name, role } = key ?? ({} as NonNullable<typeof key>)
  const violations: ReadonlyArray<Violation> = [
    ...(typeof name === "string" && name.length >= 1 && name.length <= 1024
      ? []
      : [{ pointer: "/name", code: "invalid", detail: "expected 1 to 1024 characters" }]),
    ...(Role.roles.includes(role)
      ? []
      : [{ pointer: "/role", code: "invalid", detail: `expected one of ${Role.roles.join(", ")}` }]),
  ]
  if (violations.length > 0) return yield* refuse(violations)
  const ledger = yield* Ledger
  const answering = { answer: () => "" }
  const { apiKey, secret } = yield* changed(
    yield* ledger.setup.createKey(organization, { name, role, permissions: [] }, answering),
  )
  return { id: apiKey.id, secret }
})
