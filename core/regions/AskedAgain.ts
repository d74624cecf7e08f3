/**
 * How many people would be asked again if regions were published, before they are.
 *
 * A page asks while the answer to one of the consent types that can be asked says `askAgain`. A person is counted if
 * a page would ask it earlier under the new rules than under those in force. Each is in the region of its latest
 * session; where that is not known, it is in the default one. Nothing is written.
 */
import { Effect } from "effect"
import type { Region } from "../browser/Region.ts"
import * as RegionRules from "../browser/RegionRules.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Decision from "../engine/Decision.ts"
import * as Instant from "../engine/Instant.ts"
import * as Terms from "../engine/Terms.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ListedType, ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import { horizonDays, maxExamined } from "../model/PublishLimits.ts"
import type { PersonHeads } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"

/** The people of one region that would be asked again. */
export interface AskedInRegion {
  /** The id of the region that they would be in. */
  readonly region: string
  readonly people: number
  /** By the day of UTC on which they would be asked, in order. */
  readonly days: ReadonlyArray<{ readonly day: string; readonly people: number }>
}

/** Everyone that would be asked again within {@link horizonDays} days. */
export interface AskedPeopleCount {
  readonly people: number
  readonly regions: ReadonlyArray<AskedInRegion>
  /** How many stored people were looked at: those with an answer to a type that can be asked. */
  readonly examined: number
  /** Whether that was everyone: at most {@link maxExamined} are looked at. */
  readonly isComplete: boolean
}

const day = 24 * 60 * 60 * 1000
const pageSize = 500
/** The most facts of a person that are read with those of others; one that may have more is read by itself. */
const factsAtOnce = 16

/** The types that a page asks about under the rules of a region. */
export const askable = ({ types }: Pick<ProjectScope, "types">): ReadonlyArray<ListedType> =>
  types.all.filter(
    ({ category, required, status }) => category === "privacy_setting" && status === "active" && !required,
  )

/** The terms of the types under the rules of a region. */
type RegionTerms = ReadonlyMap<string, Terms.Terms>

const termsOf = (types: ReadonlyArray<ListedType>, { settings }: Region, knownAt: Instant.Instant): RegionTerms =>
  new Map(types.map((type) => [type.id, Terms.of(type, RegionRules.of(settings), knownAt)]))

/** The first instant from `now` on at which a page asks; `Infinity` if it never does by itself. */
export const firstAsked = (
  events: ReadonlyMap<string, ReadonlyArray<ConsentEvent>>,
  terms: RegionTerms,
  now: Instant.Instant,
): Instant.Instant => {
  let first = Infinity
  for (const [id, own] of terms) {
    for (const { askAgain, at } of Decision.follow(events.get(id) ?? [], own, now)) {
      if (at >= first) break
      if (askAgain) first = at
    }
    if (first === now) break
  }
  return first
}

/** A person with everyone that is joined with it. */
interface Group {
  readonly heads: ReadonlyArray<ConsentEvent>
  readonly region: string | undefined
}

/**
 * The person that stored people make up; `undefined` if another one of them stands for it, so that each is counted
 * once.
 */
const groupOf = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  { concordId, heads }: PersonHeads,
  few: ReadonlyArray<People.Fact>,
  types: ReadonlyArray<string>,
  context: LedgerContext,
): Effect.fn.Return<Group | undefined, StoreUnavailable> {
  const isAlone = few.length < factsAtOnce && few.every(({ kind }) => kind !== "joined")
  const facts = isAlone ? few : yield* Joins.facts(organization, concordId, context)
  const members = isAlone ? [concordId] : People.joinedWith(facts, concordId, Infinity).members
  const region = RegionFacts.stayAt(RegionFacts.historyOf(facts, project.id, members), Infinity)?.region
  if (members.length === 1) return { heads, region }
  const { events } = yield* context.store.events.heads(project, members, types)
  const first = events.reduce((least, event) => (event.concordId < least ? event.concordId : least), concordId)
  return first === concordId ? { heads: events, region } : undefined
})

/** A region before and after, with the terms of both. */
interface Change {
  readonly region: string
  readonly before: RegionTerms
  readonly after: RegionTerms
}

/** Counts the people that would be asked again, were `next` published now in place of `current`. */
export const count = Effect.fnUntraced(function* (
  scope: ProjectScope,
  current: PublishedRegions.Publication,
  next: PublishedRegions.Publication,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<AskedPeopleCount, StoreUnavailable> {
  const { organization, project } = scope
  const types = askable(scope)
  const ids = types.map(({ id }) => id)
  const changes = new Map<string | undefined, Change>()
  const changeOf = (id: string | undefined): Change => {
    const known = changes.get(id)
    if (known !== undefined) return known
    const [before, after] = [current, next].map((publication) => {
      const named = id === undefined ? undefined : PublishedRegions.byId(publication, id)
      return named ?? PublishedRegions.ofGeography(publication, undefined)
    }) as [Region, Region]
    const terms = (region: Region) => termsOf(types, region, Instant.max)
    const change = { region: after.id, before: terms(before), after: terms(after) }
    changes.set(id, change)
    return change
  }
  const counts = new Map<string, Map<number, number>>()
  const add = (region: string, at: Instant.Instant): void => {
    const days = counts.get(region) ?? new Map<number, number>()
    const number = Math.floor(at / day)
    days.set(number, (days.get(number) ?? 0) + 1)
    counts.set(region, days)
  }

  const look = Effect.fnUntraced(function* (person: PersonHeads, facts: ReadonlyArray<People.Fact>) {
    const group = yield* groupOf(scope, person, facts, ids, context)
    if (group === undefined) return
    const { after, before, region } = changeOf(group.region)
    const events = Map.groupBy(group.heads, ({ consentType }) => consentType)
    const asked = firstAsked(events, after, now)
    if (asked > now + horizonDays * day || asked >= firstAsked(events, before, now)) return
    // The events of an erased person stay, and no page is shown to it any more.
    const { erasedAt } = yield* context.store.people.person(organization, person.concordId)
    if (erasedAt === undefined) add(region, asked)
  })

  let examined = 0
  for (let lane = 0; lane < project.lanes && ids.length > 0; lane++) {
    let last: string | undefined
    do {
      const page: ReadonlyArray<PersonHeads> = yield* context.store.feed.people(project, lane, ids, last, pageSize)
      const places = page.map(({ concordId }) => ({ concordId, from: 0 }))
      const facts = page.length === 0 ? [] : yield* context.store.people.facts(organization, places, factsAtOnce)
      yield* Effect.forEach(page, (person, index) => look(person, facts[index]!), { concurrency: 8, discard: true })
      examined += page.length
      last = page.length < pageSize ? undefined : page.at(-1)!.concordId
      yield* Effect.yieldNow
    } while (last !== undefined && examined < maxExamined)
    if (last !== undefined) return { ...summed(counts, next), examined, isComplete: false }
  }
  return { ...summed(counts, next), examined, isComplete: true }
})

/** The counts, by region in the order of the publication, and by day. */
const summed = (
  counts: ReadonlyMap<string, ReadonlyMap<number, number>>,
  { regions }: PublishedRegions.Publication,
): Pick<AskedPeopleCount, "people" | "regions"> => {
  const all = regions.flatMap(({ id }): ReadonlyArray<AskedInRegion> => {
    const own = counts.get(id)
    if (own === undefined) return []
    const days = [...own].toSorted(([a], [b]) => a - b)
    return [
      {
        region: id,
        people: days.reduce((sum, [, people]) => sum + people, 0),
        days: days.map(([number, people]) => ({ day: Instant.format(number * day).slice(0, 10), people })),
      },
    ]
  })
  return { people: all.reduce((sum, { people }) => sum + people, 0), regions: all }
}
