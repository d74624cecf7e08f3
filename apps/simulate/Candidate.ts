/**
 * The types that a simulation reads under, on either side, and what is noteworthy about them.
 */
import type { InputProblem } from "../../adapters/files/BadInput.ts"
import type { ConsentType, Version } from "../../core/engine/ConsentType.ts"
import * as InstantOf from "../../core/engine/Instant.ts"
import * as Rules from "../../core/engine/Rules.ts"
import type { Given, Plan } from "./Plan.ts"

type Types = ReadonlyArray<ConsentType>

const isSameVersion = (a: Version, b: Version): boolean =>
  a.version === b.version &&
  a.publishedAt === b.publishedAt &&
  a.dateCreated === b.dateCreated &&
  a.requireReaccept === b.requireReaccept &&
  JSON.stringify(a.grace) === JSON.stringify(b.grace)

/** A type without versions has version 1, always there. */
const isInForce = (version: Version, type: ConsentType | undefined): boolean =>
  type === undefined || type.versions.length === 0
    ? version.version === 1
    : type.versions.some((other) => isSameVersion(version, other))

/**
 * The types once the candidate is published: its own, and of the others those in force. A version that is new (or
 * changed) is published now, as far as the simulation goes: it is known at `knownAt`, whenever it takes effect.
 */
export const publish = (types: Types, candidate: Types, knownAt: InstantOf.Instant): Types => {
  const inForce = new Map(types.map((type) => [type.id, type]))
  const published = candidate.map((type) => ({
    ...type,
    versions: type.versions.map((version) =>
      isInForce(version, inForce.get(type.id))
        ? version
        : { ...version, dateCreated: Math.min(version.dateCreated, knownAt) },
    ),
  }))
  const replaced = new Set(candidate.map(({ id }) => id))
  return [...types.filter(({ id }) => !replaced.has(id)), ...published]
}

/** What keeps the candidate from being published: versions that are new, or changed, and in the past. */
export const backDated = (types: Types, candidate: Types, knownAt: InstantOf.Instant): ReadonlyArray<InputProblem> => {
  const inForce = new Map(types.map((type) => [type.id, type]))
  return candidate.flatMap(({ id, versions }, item) =>
    versions.flatMap((version, index) => {
      if (isInForce(version, inForce.get(id)) || version.publishedAt >= knownAt) return []
      const at = InstantOf.format(version.publishedAt)
      const reason = `a new version cannot be back-dated: ${at} is before ${InstantOf.format(knownAt)}`
      return [{ where: `/items/${item}/versions/${index}/publishedAt`, reason }]
    }),
  )
}

/** Warns of rules that match no type: none of the types listed, none that the events name. */
export function* unmatched(
  { name, value }: Given<Rules.RuleSet>,
  types: Types,
  named: Iterable<string>,
): Generator<string> {
  const listed = new Set(types.map(({ id }) => id))
  const others = [...named].filter((id) => !listed.has(id)).map((id) => ({ id }))
  for (const [index, { match }] of value.entries()) {
    if (![...types, ...others].some((type) => Rules.matches(match, type))) {
      yield `${name}: /${index}/match: matches no consent type`
    }
  }
}

/** A name to show: category, subcategory and label, as far as they are known; else the id. */
export const nameOf = ({ id, category, subcategory, label }: Rules.Matchable): string =>
  [category, subcategory, label].filter((part) => part !== undefined && part !== "").join(" / ") || id

/** The rules and types as they were written, for the report; `undefined` where none were given. */
export const written = (rules: Plan["candidate"], types: Plan["candidateTypes"]): unknown =>
  rules === undefined && types === undefined
    ? undefined
    : {
        ...(rules !== undefined && { rules: rules.written }),
        ...(types !== undefined && { types: types.written }),
      }
