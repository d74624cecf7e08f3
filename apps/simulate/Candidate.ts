/**
 * The types of the candidate: publishing them for a simulation, and the problems and warnings about them.
 */
import type { InputProblem } from "../../adapters/files/BadInput.ts"
import type { ConsentType, Version } from "../../core/engine/ConsentType.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Rules from "../../core/engine/Rules.ts"
import type { UsedPack } from "../../core/simulation/Summary.ts"
import type { Given, Plan } from "./Plan.ts"

type Types = ReadonlyArray<ConsentType>

const isSameVersion = (a: Version, b: Version): boolean =>
  a.version === b.version &&
  a.publishedAt === b.publishedAt &&
  a.dateCreated === b.dateCreated &&
  a.requireReaccept === b.requireReaccept &&
  JSON.stringify(a.grace) === JSON.stringify(b.grace)

/** Whether a type has this version, unchanged. A type without versions has version 1, which always exists. */
const isInForce = (version: Version, type: ConsentType | undefined): boolean =>
  type === undefined || type.versions.length === 0
    ? version.version === 1
    : type.versions.some((other) => isSameVersion(version, other))

/** Whether a candidate changes nothing of a type in force. */
const isUnchanged = (candidate: ConsentType, type: ConsentType): boolean => {
  const conditions = ({ consentDuration, rules, versions }: ConsentType) => [consentDuration, rules, versions.length]
  return (
    JSON.stringify(conditions(candidate)) === JSON.stringify(conditions(type)) &&
    candidate.versions.every((version) => isInForce(version, type))
  )
}

/**
 * The types after the candidate is published: its own, and the types in force that it does not replace. The simulation
 * treats a new or changed version as known at `knownAt`, whenever it takes effect. A changed type has no history,
 * because the candidate replaces the state that was known at `knownAt`.
 */
export const publish = (types: Types, candidate: Types, knownAt: Instant.Instant): Types => {
  const inForce = new Map(types.map((type) => [type.id, type]))
  const published = candidate.map((given): ConsentType => {
    const { history: _, ...type } = given
    const before = inForce.get(type.id)
    if (before !== undefined && isUnchanged(type, before)) return before
    const versions = type.versions.map((version) =>
      isInForce(version, before) ? version : { ...version, dateCreated: Math.min(version.dateCreated, knownAt) },
    )
    return { ...type, versions }
  })
  const replaced = new Set(candidate.map(({ id }) => id))
  return [...types.filter(({ id }) => !replaced.has(id)), ...published]
}

/** Why the candidate cannot be published: its new or changed versions that take effect before `knownAt`. */
export const backDated = (types: Types, candidate: Types, knownAt: Instant.Instant): ReadonlyArray<InputProblem> => {
  const inForce = new Map(types.map((type) => [type.id, type]))
  return candidate.flatMap(({ id, versions }, item) =>
    versions.flatMap((version, index) => {
      if (isInForce(version, inForce.get(id)) || version.publishedAt >= knownAt) return []
      const at = Instant.format(version.publishedAt)
      const reason = `a new version cannot be back-dated: ${at} is before ${Instant.format(knownAt)}`
      return [{ where: `/items/${item}/versions/${index}/publishedAt`, reason }]
    }),
  )
}

/** The most types that a warning lists. */
const maxShown = 5

/** A warning for each rule that matches no type, neither one of `types` nor one that only events name. */
export function* unmatched(
  { name, value }: Given<Rules.RuleSet>,
  types: Types,
  named: Iterable<string>,
): Generator<string> {
  const shown = types.slice(0, maxShown).map(nameOf)
  const there =
    shown.length === 0 ? "" : `; the ledger has ${shown.join(", ")}${types.length > maxShown ? " and more" : ""}`
  const listed = new Set(types.map(({ id }) => id))
  const others = [...named].filter((id) => !listed.has(id)).map((id) => ({ id }))
  for (const [index, { match }] of value.entries()) {
    if (![...types, ...others].some((type) => Rules.matches(match, type))) {
      yield `${name}: /${index}/match: matches no consent type${there}`
    }
  }
}

/** For the file of a rule pack that has no warning of its own. */
const notLegalAdvice = "This is not legal advice."

/** What a rule pack says about the rules of a side; nothing for rules without a title. */
export const packs = (side: UsedPack["side"], given: Plan["candidate"]): ReadonlyArray<UsedPack> => {
  if (given?.about?.title === undefined) return []
  const { title, summary, appliesFrom, source, notes = [], warning = notLegalAdvice } = given.about
  const said = {
    ...(summary !== undefined && { summary }),
    ...(appliesFrom !== undefined && { appliesFrom }),
    ...(source !== undefined && { source }),
  }
  return [{ side, reference: given.name, title, ...said, notes, warning }]
}

/** The name to show for a type: category, subcategory and label, if any is known; otherwise the id. */
export const nameOf = ({ id, category, subcategory, label }: Rules.Matchable): string =>
  [category, subcategory, label].filter((part) => part !== undefined && part !== "").join(" / ") || id

/** The rules and types as they were written, for the report; `undefined` if neither was given. */
export const written = (rules: Plan["candidate"], types: Plan["candidateTypes"]): unknown =>
  rules === undefined && types === undefined
    ? undefined
    : {
        ...(rules !== undefined && { rules: rules.written }),
        ...(types !== undefined && { types: types.written }),
      }
