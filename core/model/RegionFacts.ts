/**
 * The regions that people were in, as facts about them say, and the rules that a region lays over those of the consent
 * types (semantics, section 4).
 *
 * A fact names the region of the person's latest session in a project. It counts from its instant on, and the rules of
 * the region are those that were published last. So an answer follows from what was known, like from every other fact.
 */
import type { Region } from "../browser/Region.ts"
import * as RegionRules from "../browser/RegionRules.ts"
import type { Instant } from "../engine/Instant.ts"
import type { RuleSet } from "../engine/Rules.ts"
import * as People from "./People.ts"
import * as PublishedRegions from "./PublishedRegions.ts"

/** The region that a person is in from an instant on. */
export interface RegionStay {
  /** When the ledger recorded it. */
  readonly at: Instant
  /** The id of the region. */
  readonly region: string
  /** The id of the session, a UUIDv7: a later session has a greater one. */
  readonly session: string
}

/** The regions of a person, or of people joined as one, in a project: the earliest first. */
export type RegionHistory = ReadonlyArray<RegionStay>

/** Without a region. */
export const nowhere: RegionHistory = []

/** The regions of people in a project, out of any facts. */
export const historyOf = (
  facts: ReadonlyArray<People.Fact>,
  project: string,
  members: ReadonlyArray<string>,
): RegionHistory => {
  const own = facts.filter(({ member, region }) => region?.project === project && members.includes(member))
  if (own.length === 0) return nowhere
  return People.inOrder(own).map(({ dateCreated, region, submitter }) => ({
    at: dateCreated,
    region: region!.id,
    session: submitter,
  }))
}

/** The last stay that is known at an instant. */
export const stayAt = (history: RegionHistory, knownAt: Instant): RegionStay | undefined =>
  history.findLast(({ at }) => at <= knownAt)

/** A region that answers are made under. */
export interface CountedRegion {
  /** Its id. */
  readonly id: string
  readonly ruleSet: RuleSet
}

const made = new WeakMap<Region, CountedRegion>()

/** A region with its rule set, made once. */
const counted = (region: Region): CountedRegion => {
  const known = made.get(region)
  if (known !== undefined) return known
  const all = { id: region.id, ruleSet: RegionRules.of(region.settings) }
  made.set(region, all)
  return all
}

const isDefault = ({ regions }: Region): boolean => regions === "default"

/**
 * The region of an id under a publication: the default one if it has none of this id any more. `undefined` while
 * nothing was published, because the types' own rules count then, for pages and for the company.
 */
export const under = (publication: PublishedRegions.Publication, id: string | undefined): CountedRegion | undefined => {
  if (publication.revision === 0) return undefined
  const named = id === undefined ? undefined : PublishedRegions.byId(publication, id)
  return counted(named ?? publication.regions.find(isDefault)!)
}

/** Without the rules of a region. */
const none: RuleSet = []

/** The rule set of people with a history, as known at an instant. */
export const ruleSetAt = (
  history: RegionHistory,
  publications: ReadonlyArray<PublishedRegions.Publication>,
  knownAt: Instant,
): RuleSet => {
  const stay = stayAt(history, knownAt)
  const publication = publications.findLast(({ publishedAt }) => publishedAt <= knownAt)
  return stay === undefined || publication === undefined ? none : (under(publication, stay.region)?.ruleSet ?? none)
}

/** The rule sets of all regions of a publication. */
export const ruleSetsOf = ({ regions }: PublishedRegions.Publication): ReadonlyArray<RuleSet> =>
  regions.map((region) => counted(region).ruleSet)
