/**
 * Reads what a program gives to an open ledger: people, instants and consent types.
 */
import { Effect } from "effect"
import * as InstantOf from "../../core/engine/Instant.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { ListedType, ProjectScope } from "../../core/model/Catalog.ts"
import * as People from "../../core/model/People.ts"
import { Refusal, type Violation } from "./Errors.ts"
import type { Person, Question, TypeMatch } from "./OpenLedger.ts"

/** The question is not valid, and was not asked. */
const refuse = (violations: ReadonlyArray<Violation>) =>
  Effect.fail(new Refusal("the question is not valid", violations))

/** The members of a value that do not exist: they would have no effect. */
export const unknownMembers = (given: object, known: ReadonlyArray<string>, at: string): ReadonlyArray<Violation> =>
  Object.keys(given)
    .filter((member) => !known.includes(member))
    .map((member) => ({
      pointer: `${at}/${member}`,
      code: "unknown",
      detail: `no such member; there are ${known.join(", ")}`,
    }))

const missing = (detail: string): ReadonlyArray<Violation> => [{ pointer: "", code: "identifier_missing", detail }]

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** The people that the identifiers name. */
export const people = Effect.fnUntraced(function* (scope: ProjectScope, person: Person) {
  const named = `name the person by at least one of ${People.identifierKinds.join(", ")}`
  if (!isObject(person)) return yield* refuse(missing(named))
  const unknown = unknownMembers(person, People.identifierKinds, "")
  if (unknown.length > 0) return yield* refuse(unknown)
  const identifiers = ItemLine.identifiersOf(person)
  if (Object.keys(identifiers).length === 0) return yield* refuse(missing(named))
  const texts = Object.entries(identifiers).filter(([, value]) => typeof value !== "string")
  if (texts.length > 0) {
    return yield* refuse(texts.map(([kind]) => ({ pointer: `/${kind}`, code: "invalid", detail: "expected a string" })))
  }
  const ledger = yield* Ledger
  const found = yield* ledger.find(scope, identifiers)
  if (found._tag === "Found") return found
  return yield* refuse(found.faults.map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail })))
})

const expectedInstant = "expected an ISO 8601 date-time with an offset, such as 2024-02-29T12:00:00.000Z, or a Date"

const instantOf = (given: unknown): number | undefined => {
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? undefined : given.getTime()
  return typeof given === "string" ? InstantOf.parse(given) : undefined
}

/** A date as files hold it; any other value as it is. */
export const withoutDate = (value: unknown): unknown =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value

const matches = (type: ListedType, { category, consentType, label, subcategory }: TypeMatch): boolean =>
  (consentType === undefined || consentType.toLowerCase() === type.id) &&
  (category === undefined || category === type.category) &&
  (subcategory === undefined || subcategory === type.subcategory) &&
  (label === undefined || label === type.label)

const typeMembers = ["consentType", "category", "subcategory", "label"]

/**
 * What is wrong with a match. One that finds no type is refused, because an empty list of answers reads like a no, or
 * like a yes to what is not forbidden.
 */
const faultsOfMatch = (match: unknown, index: number, { types }: ProjectScope): ReadonlyArray<Violation> => {
  const pointer = `/types/${index}`
  const values = isObject(match) ? Object.values(match).filter((value) => value !== undefined) : []
  if (!isObject(match) || values.length === 0 || values.some((value) => typeof value !== "string")) {
    return [{ pointer, code: "invalid", detail: `expected one of ${typeMembers.join(", ")} at least, each a string` }]
  }
  const unknown = unknownMembers(match, typeMembers, pointer)
  if (unknown.length > 0) return unknown
  if (types.all.some((type) => matches(type, match))) return []
  const detail = `the project has no such consent type; it has ${types.all.length}, which types() lists`
  return [{ pointer, code: "unknown_consent_type", detail }]
}

const instants = ["at", "knownAt"] as const

const expectedRegion: Violation = {
  pointer: "/region",
  code: "unknown_region",
  detail: "expected the id of a region that is published, or none",
}

/** The region of a question; `undefined` if there is no such region. */
const regionOf = Effect.fnUntraced(function* ({ project }: ProjectScope, given: unknown, knownAt: number | undefined) {
  const ledger = yield* Ledger
  const region = typeof given === "string" ? given.toLowerCase() : ""
  return (yield* ledger.isRegion(project, region, knownAt)) ? region : undefined
})

/** The instants, the ids of the types and the region that a question is about. */
export const question = Effect.fnUntraced(function* (
  scope: ProjectScope,
  given: Question,
  members: ReadonlyArray<keyof Question>,
) {
  const violations = [...unknownMembers(given, members, "")]
  const read: { at?: number; knownAt?: number; region?: string } = {}
  for (const name of instants) {
    if (given[name] === undefined || !members.includes(name)) continue
    const instant = instantOf(given[name])
    if (instant === undefined) violations.push({ pointer: `/${name}`, code: "invalid", detail: expectedInstant })
    else read[name] = instant
  }
  if (given.region !== undefined && members.includes("region")) {
    const region = yield* regionOf(scope, given.region, read.knownAt)
    if (region === undefined) violations.push(expectedRegion)
    else read.region = region
  }
  const { types } = given
  if (types !== undefined && !Array.isArray(types)) {
    violations.push({ pointer: "/types", code: "invalid", detail: "expected a list, such as [{ label: … }]" })
  } else if (types !== undefined) {
    violations.push(...types.flatMap((match, index) => faultsOfMatch(match, index, scope)))
  }
  if (violations.length > 0) return yield* refuse(violations)
  if (types === undefined) return read
  const asked = scope.types.all.filter((type) => types.some((match) => matches(type, match)))
  return { ...read, consentTypes: asked.map(({ id }) => id) }
})
