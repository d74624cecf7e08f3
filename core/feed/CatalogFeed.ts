/**
 * Tells of the consent types of a project what has changed, begins the re-evaluations that follow from that and from
 * published regions, and keeps the places
 * of the due scans: one for each lane and each period that answers lapse after.
 *
 * All of it moves in one step, so that a new period is scanned from the change on, and what lies before it is left to
 * the re-evaluation of that change.
 *
 * A project that the scheduler sees for the first time is one for which it is late since the first event: everything
 * that happened before is announced then. Only of lead times, what is nearer than the lead already is not.
 */
import { Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ListedType } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { FeedStep, LaneEnd } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as DueState from "./DueState.ts"
import * as FeedPeriods from "./FeedPeriods.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import * as FeedProgress from "./FeedProgress.ts"
import * as FeedScopes from "./FeedScope.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as IdentityFeed from "./IdentityFeed.ts"
import * as PublicationNews from "./PublicationNews.ts"
import * as Reevaluation from "./Reevaluation.ts"
import * as TypeNews from "./TypeNews.ts"

/** The lane of everything that is about no person. */
const lane = 0

/** The place that is there from the first step of a project on. */
const begun = "begun"

const typeName = (id: string): string => `type ${id}`

/** What a step did, and when there is something to do again, if nothing is changed. */
export interface CatalogProgress extends FeedProgress.FeedProgress {
  readonly nextAt: Instant.Instant
}

type Places = FeedStep["places"]

const periodsOf = (scope: FeedScope) =>
  FeedPeriods.of(typesOf(scope), FeedScopes.ruleSetsOf(scope), scope.project.leads)

const typesOf = ({ types }: FeedScope): ReadonlyArray<ListedType> => [...types.byId.values()]

/**
 * Where the due scan of a lane begins that nothing was scanned for before `from`. What is nearer than the lead then is
 * not told.
 */
const scanFrom = ({ lead }: FeedPeriods.FeedPeriod, from: Instant.Instant, { position }: LaneEnd): string =>
  DueState.write({ from: lead === undefined ? from : Period.add(from, lead), now: from, position })

/** When the first event of a lane was recorded; `now` where it has none. What lapsed before was recorded as lapsed. */
const firstRecorded = Effect.fnUntraced(function* (
  { project }: FeedScope,
  { lane }: LaneEnd,
  now: Instant.Instant,
  { store }: LedgerContext,
) {
  const [first] = yield* store.events.lane(project, lane, 0, 1)
  return Math.min(now, first?.dateCreated ?? now)
})

/** The places of a project in which nothing was announced yet. */
const firstPlaces = Effect.fnUntraced(function* (
  scope: FeedScope,
  ends: ReadonlyArray<LaneEnd>,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { organization } = scope
  const place = (at: number, name: string, after: string) => ({ lane: at, name, before: undefined, after })
  const periods = periodsOf(scope)
  const scans = yield* Effect.forEach(ends, (end) =>
    Effect.map(firstRecorded(scope, end, now, context), (first) =>
      periods.map((period) =>
        place(end.lane, period.name, scanFrom(period, period.lead === undefined ? first : now, end)),
      ),
    ),
  )
  return [
    place(lane, begun, JSON.stringify({ at: now })),
    ...Lane.all(organization).map((_, index) =>
      place(IdentityFeed.placeLane(scope, index), IdentityFeed.placeName(scope, index), IdentityFeed.stateOf(0)),
    ),
    ...scans.flat(),
  ] satisfies Places
})

/** The news of each type that has some, with what was announced of it before. */
const newsOf = (scope: FeedScope, places: FeedPlaces.FeedPlaces, now: Instant.Instant) =>
  typesOf(scope).map((type) => {
    const before = places.get(FeedPlaces.keyOf(lane, typeName(type.id)))
    const told = before === undefined ? undefined : (JSON.parse(before) as TypeNews.Told)
    const news = TypeNews.of(told, type, now, scope.revision)
    return { type, before, after: JSON.stringify(news.told), news }
  })

type News = ReturnType<typeof newsOf>

/** Whether the due scans of a project have a place each, and no others have one. */
const areScansThere = (scope: FeedScope, places: FeedPlaces.FeedPlaces): boolean => {
  const names = new Set(periodsOf(scope).map(({ name }) => name))
  const ofFirstLane = [...places.keys()].flatMap((key) => {
    const name = key.startsWith(`${lane} `) ? key.slice(String(lane).length + 1) : ""
    return FeedPeriods.isNameOf(name) ? [name] : []
  })
  return ofFirstLane.length === names.size && ofFirstLane.every((name) => names.has(name))
}

/** Since when the due scans of a period are needed that are not there yet. */
const neededSince = (
  { name, lead, period }: FeedPeriods.FeedPeriod,
  { project }: FeedScope,
  places: FeedPlaces.FeedPlaces,
  news: News,
  published: PublicationNews.PublicationNews,
): Instant.Instant => {
  const isThere = (each: string) => places.has(FeedPlaces.keyOf(lane, each))
  const own = FeedPeriods.nameOf(period, undefined)
  const changed = news.flatMap(({ news: { termsSince }, type }) =>
    termsSince !== undefined && FeedPeriods.of([type], []).some((each) => each.name === own) ? [termsSince] : [],
  )
  const ofRegions = published.since(own)
  const since = isThere(own) ? Instant.min : Math.min(...changed, ofRegions)
  const isNewLead = lead !== undefined && name !== own && !isThere(FeedPeriods.nameOf(undefined, lead))
  return Math.max(since === Infinity ? Instant.min : since, isNewLead ? project.dateUpdated : Instant.min)
}

/** The places of due scans that are needed from now on, and of those that are not needed any more. */
const scanPlaces = (
  scope: FeedScope,
  places: FeedPlaces.FeedPlaces,
  news: News,
  published: PublicationNews.PublicationNews,
  ends: ReadonlyArray<LaneEnd>,
  now: Instant.Instant,
): Places => {
  const periods = periodsOf(scope)
  const names = new Set(periods.map(({ name }) => name))
  const moved: Array<Places[number]> = []
  for (const period of periods) {
    const lacking = ends.filter((end) => !places.has(FeedPlaces.keyOf(end.lane, period.name)))
    if (lacking.length === 0) continue
    const since = neededSince(period, scope, places, news, published)
    const from = since === Instant.min ? now : since
    for (const end of lacking) {
      moved.push({ lane: end.lane, name: period.name, before: undefined, after: scanFrom(period, from, end) })
    }
  }
  for (const [key, before] of places) {
    const [at, ...words] = key.split(" ")
    const name = words.join(" ")
    if (FeedPeriods.isNameOf(name) && !names.has(name)) moved.push({ lane: Number(at), name, before, after: undefined })
  }
  return moved
}

/** Whether answers of a type can change: it has events. */
const isAnswered = ({ project }: FeedScope, type: ListedType, { store }: LedgerContext) =>
  Effect.map(store.events.usedVersions(project, type.id), ({ size }) => size > 0)

/** What has to be decided again because of the news: types with events, by cause and instant. */
const changedTerms = Effect.fnUntraced(function* (
  scope: FeedScope,
  news: News,
  published: PublicationNews.PublicationNews,
  context: LedgerContext,
) {
  const changed = new Map<string, TypeNews.TermsReason & { readonly consentTypes: Array<string> }>()
  for (const { news: each, type } of news) {
    const reasons = [...each.reasons, ...published.reasonsOf(type)]
    if (reasons.length === 0 || !(yield* isAnswered(scope, type, context))) continue
    for (const reason of reasons) {
      const key = `${reason.cause} ${reason.at}`
      const known = changed.get(key)
      if (known === undefined) changed.set(key, { ...reason, consentTypes: [type.id] })
      else if (!known.consentTypes.includes(type.id)) known.consentTypes.push(type.id)
    }
  }
  return [...changed.values()].toSorted((a, b) => a.at - b.at)
})

/** A step that tells of news, and moves places, in the lanes that it concerns. */
const stepOf = (
  { organization, project, revision }: FeedScope,
  ends: ReadonlyArray<LaneEnd>,
  now: Instant.Instant,
  changes: FeedStep["changes"],
  places: Places,
): FeedStep => {
  const lanes = new Set([lane, ...places.map((place) => place.lane)])
  return {
    organization,
    project,
    catalog: revision,
    seen: [],
    lanes: ends.filter((end) => lanes.has(end.lane)),
    // The catalog may have been changed by a clock that is ahead.
    recordedAt: changes.reduce((latest, { at }) => Math.max(latest, at), now),
    changes,
    places,
  }
}

/** Tells of everything that has changed in the catalog of a project, or begins with it. */
export const step = Effect.fnUntraced(function* (
  scope: FeedScope,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<CatalogProgress, StoreUnavailable> {
  const { project } = scope
  let places = yield* FeedPlaces.of(project, context)
  if (!places.has(FeedPlaces.keyOf(lane, begun))) {
    // Another server may have begun since they were read.
    FeedPlaces.forget(project, context)
    places = yield* FeedPlaces.of(project, context)
  }
  // What is changed from here on is changed later than what is announced now.
  const raised = context.answerHorizon.raise(project.id, Math.max(now, FeedScopes.learntOf(scope)))
  if (!places.has(FeedPlaces.keyOf(lane, begun))) {
    yield* raised
    const ends = yield* context.store.feed.ends(project)
    const first = stepOf(scope, ends, now, [], yield* firstPlaces(scope, ends, now, context))
    return { ...FeedProgress.of(first, yield* FeedPlaces.write(first, context)), nextAt: now }
  }
  const news = newsOf(scope, places, now)
  const published = PublicationNews.of(scope, places.get(FeedPlaces.keyOf(lane, PublicationNews.placeName)))
  const nextAt = news.reduce((next, { news: each }) => Math.min(next, each.nextAt), Instant.max)
  const moved = news
    .filter(({ after, before }) => after !== before)
    .map(({ after, before, type }) => ({ lane, name: typeName(type.id), before, after }))
  const regions = published.move === undefined ? [] : [{ lane, name: PublicationNews.placeName, ...published.move }]
  if (moved.length + regions.length === 0 && areScansThere(scope, places)) return { ...FeedProgress.idle, nextAt }
  yield* raised
  const changed = yield* changedTerms(scope, news, published, context)
  const told = news.flatMap((each) => each.news.changes).map((change) => ({ ...change, lane }))
  const ends = yield* context.store.feed.ends(project)
  const begins = changed.length === 0 ? undefined : yield* Reevaluation.begin(scope, changed, ends, now, context)
  const scans = scanPlaces(scope, places, news, published, ends, now)
  const written = stepOf(
    scope,
    ends,
    now,
    [...told, ...(begins?.changes ?? [])],
    [...moved, ...regions, ...scans, ...(begins?.places ?? [])],
  )
  return { ...FeedProgress.of(written, yield* FeedPlaces.write(written, context)), nextAt }
})
