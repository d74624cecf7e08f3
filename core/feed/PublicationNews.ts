/**
 * What published regions change: where a publication has other rules than the one before it, the answers of everyone
 * that was in a region are decided again.
 */
import * as Instant from "../engine/Instant.ts"
import * as Rules from "../engine/Rules.ts"
import type { ListedType } from "../model/Catalog.ts"
import type { Publication } from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import * as FeedPeriods from "./FeedPeriods.ts"
import type { FeedScope } from "./FeedScope.ts"
import type { TermsReason } from "./TypeNews.ts"

/** The name of the place: in the lane of everything that is about no person. */
export const placeName = "regions"

/** What is to be announced of the publications of a project. */
export interface PublicationNews {
  /** Why a type has to be decided again: once for each publication with other rules for it. */
  readonly reasonsOf: (type: ListedType) => ReadonlyArray<TermsReason>
  /** Since when a due scan of a name is needed because of a publication that is new; `Infinity`: it is not. */
  readonly since: (name: string) => Instant.Instant
  /** The move of the place; left out: nothing is new. */
  readonly move: { readonly before: string | undefined; readonly after: string } | undefined
}

const stateOf = (revision: number): string => JSON.stringify({ revision })

const revisionOf = (state: string | undefined): number =>
  state === undefined ? 0 : (JSON.parse(state) as { readonly revision: number }).revision

/** The rules of a type by region; the default one also stands for regions that are not there. */
const rulesOf = (publication: Publication | undefined, type: ListedType): string => {
  if (publication === undefined) return ""
  const ofRegion = publication.regions.map(({ id, regions }, index) => {
    const ruleSet = RegionFacts.ruleSetsOf(publication)[index]!
    return [id, regions === "default", Rules.inForce({}, type, ruleSet)] as const
  })
  return JSON.stringify(ofRegion.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const hasRules = (publication: Publication, type: ListedType): boolean =>
  RegionFacts.ruleSetsOf(publication).some((ruleSet) => ruleSet.some(({ match }) => Rules.matches(match, type)))

/** What is new since a place. */
export const of = ({ publications }: FeedScope, before: string | undefined): PublicationNews => {
  const told = revisionOf(before)
  const last = publications.at(-1)?.revision ?? 0
  const news = publications.flatMap((each, index) =>
    each.revision > told ? [{ each, previous: publications[index - 1] }] : [],
  )
  return {
    reasonsOf: (type) =>
      news.flatMap(({ each, previous }) => {
        const isRuled = hasRules(each, type) || (previous !== undefined && hasRules(previous, type))
        if (!isRuled || rulesOf(each, type) === rulesOf(previous, type)) return []
        return [{ cause: "rules", at: each.publishedAt }]
      }),
    since: (name) => {
      const first = news.find(({ each }) =>
        FeedPeriods.of([], RegionFacts.ruleSetsOf(each)).some((period) => period.name === name),
      )
      return first?.each.publishedAt ?? Infinity
    },
    move: last > told ? { before, after: stateOf(last) } : undefined,
  }
}
