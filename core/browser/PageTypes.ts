/**
 * The consent types of a visit as the engine reads them, with the rules of the visitor's region.
 */
import type { ConsentType } from "../engine/ConsentType.ts"
import * as Period from "../engine/Period.ts"
import type { MaxAge, Rules, RuleSet } from "../engine/Rules.ts"
import { instantOf } from "./LocalEvents.ts"
import * as Names from "./Names.ts"
import * as Snapshot from "./Snapshot.ts"
import type { Visit, VisitType } from "./VisitAnswer.ts"

/** A consent type of a visit. */
export interface PageType {
  readonly id: string
  readonly triple: string
  /** Its name in snapshots. */
  readonly name: string
  readonly required: boolean
  readonly visit: VisitType
  readonly type: ConsentType
}

const periodOf = (text: string): Period.Period => {
  const period = Period.parse(text)
  if (period === undefined) throw new TypeError("expected a duration")
  return period
}

/** Rules as rules.json has them. */
type WrittenRules = Omit<Rules, "maxAge"> & { readonly maxAge?: Readonly<Record<string, string | null>> }

const rulesOf = ({ maxAge, ...rules }: WrittenRules): Rules => ({
  ...rules,
  ...(maxAge !== undefined && {
    maxAge: Object.fromEntries(
      Object.entries(maxAge).map(([state, age]) => [state, age === null ? null : periodOf(age)]),
    ) as MaxAge,
  }),
})

const of = (visit: VisitType): PageType => {
  const { category, consentDuration, id, label, required, rules = {}, subcategory, versions } = visit
  const triple = Names.triple(visit)
  return {
    id,
    triple,
    name: Snapshot.nameOf({ id, triple }),
    required,
    visit,
    type: {
      id,
      category,
      subcategory: subcategory[0],
      label,
      ...(consentDuration != null && { consentDuration: periodOf(consentDuration) }),
      rules: rulesOf(rules as WrittenRules),
      versions: versions.map(({ dateCreated, grace, publishedAt, requireReaccept, version }) => ({
        version,
        requireReaccept,
        publishedAt: instantOf(publishedAt),
        dateCreated: instantOf(dateCreated),
        ...(grace != null && { grace: periodOf(grace) }),
      })),
    },
  }
}

/** The types of a visit. Throws a `TypeError` if one cannot be read: its answers would count for too long. */
export const ofVisit = ({ types }: Pick<Visit, "types">): ReadonlyArray<PageType> => types.map(of)

/** The rules of the region of a visit. Throws a `TypeError` if they cannot be read. */
export const ruleSetOf = ({ ruleSet }: Pick<Visit, "ruleSet">): RuleSet =>
  ruleSet.map((entry) => {
    const { match, rules } = entry as { readonly match: RuleSet[number]["match"]; readonly rules: WrittenRules }
    return { match, rules: rulesOf(rules) }
  })

/**
 * Whether a page asks for a type: a privacy setting that can be accepted and declined. Newsletters and terms are asked
 * for where they are about, never by a banner.
 */
export const isAsked = ({ required, visit: { category, validStates } }: PageType): boolean =>
  !required &&
  category === "privacy_setting" &&
  (["accepted", "declined"] as const).every((state) => validStates.includes(state))
