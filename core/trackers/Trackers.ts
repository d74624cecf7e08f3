/**
 * Creating, changing and deleting the trackers of a project.
 */
import { Effect } from "effect"
import { isLoaded, type TrackerCategory, type TrackerType } from "../browser/TrackerRules.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"
import { classifiedOf, maxClassified, maxUnclassified, type Tracker, trackersOf } from "../model/Tracker.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** The members that a tracker may lack. */
type OptionalMembers = Pick<
  Tracker,
  | "company"
  | "consentTypes"
  | "description"
  | "detectedName"
  | "domain"
  | "expiration"
  | "matchedTrackerId"
  | "overrideFields"
>

/** The members of a tracker that a request sets. */
export interface TrackerFields extends OptionalMembers {
  readonly name: string
  readonly type: TrackerType
  /** Left out: the name of a cookie or a stored entry, and the domain of a load. */
  readonly pattern?: string
  /** Left out: `unclassified`. */
  readonly category?: TrackerCategory
  /** Left out: `manual`. */
  readonly origin?: Tracker["origin"]
  /** Left out: `project`, or `new` of one that was found by a scan. */
  readonly matchType?: Tracker["matchType"]
}

/** Changed members. `null` removes one that may be missing. */
export type TrackerChange = Partial<Omit<TrackerFields, keyof OptionalMembers>> & {
  readonly [Member in keyof OptionalMembers]?: OptionalMembers[Member] | null
}

type Scope = Pick<ProjectScope, "organization" | "project">
type Fault = CatalogChange.CatalogFault
type Outcome<Value> = Effect.Effect<CatalogChange.CatalogOutcome<Value>, StoreUnavailable>

/** A pattern must state some characters, because one that matches everything holds the whole page. */
const minStated = 2

const patternFaults = ({ pattern, type }: Pick<Tracker, "pattern" | "type">): ReadonlyArray<Fault> => {
  const fault = (code: string, detail: string) => [{ field: "pattern", code, detail }]
  if (pattern.replaceAll(/[*./]/g, "").length < minStated) {
    return fault("pattern_too_wide", `must state ${minStated} characters at least besides *, . and /`)
  }
  if (!isLoaded(type)) return []
  if (pattern.includes("://")) return fault("pattern_has_scheme", "leave the scheme out: begin with the host name")
  return /[\s?#]/.test(pattern) ? fault("pattern_not_valid", "is of host and path: leave out queries and spaces") : []
}

const typeFaults = (tracker: Tracker, catalog: Catalog): ReadonlyArray<Fault> =>
  (tracker.consentTypes ?? []).flatMap((id, index) => {
    const type = catalog.consentTypes.get(tracker.project)?.byId.get(id)
    return type !== undefined && type.isRemoved !== true
      ? []
      : [
          {
            field: `consentTypes/${index}`,
            code: "unknown_consent_type",
            detail: "is no consent type of the project",
          },
        ]
  })

const domainFaults = ({ domain }: Tracker): ReadonlyArray<Fault> =>
  domain === undefined || /^[a-z0-9*_-]+(?:\.[a-z0-9*_-]+)*$/.test(domain)
    ? []
    : [{ field: "domain", code: "domain_not_valid", detail: "expected a host name such as stats.example" }]

const faultsOf = (tracker: Tracker, catalog: Catalog): ReadonlyArray<Fault> => [
  ...patternFaults(tracker),
  ...domainFaults(tracker),
  ...typeFaults(tracker, catalog),
]

/** Refuses what a page could not be given any more. */
const tooMany = (all: ReadonlyArray<Tracker>): CatalogChange.RefusedChange | undefined => {
  const classified = classifiedOf(all).length
  if (classified > maxClassified) {
    const detail = `the project would have more than ${maxClassified} trackers with a category: delete some first`
    return CatalogChange.conflict("category", "too_many", detail)
  }
  return all.length - classified > maxUnclassified
    ? CatalogChange.conflict(
        "category",
        "too_many",
        `the project would have more than ${maxUnclassified} trackers without a category: delete some first`,
      )
    : undefined
}

const inLowerCase = (domain: string): string => domain.toLowerCase().replace(/\.$/, "")

const lowered = (ids: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(ids.map((id) => id.toLowerCase()))]

/** Members as they are kept. */
const keptForm = <Members extends { consentTypes?: unknown; domain?: unknown }>(members: Members): Members => {
  const { consentTypes, domain } = members as { consentTypes?: ReadonlyArray<string> | null; domain?: string | null }
  return {
    ...members,
    ...(domain != null && { domain: inLowerCase(domain) }),
    ...(consentTypes != null && { consentTypes: lowered(consentTypes) }),
  }
}

const newTracker = (
  fields: TrackerFields,
  { organization, project }: Scope,
  { id, now }: { readonly id: string; readonly now: Instant },
): Tracker => {
  const { category = "unclassified", origin = "manual", ...members } = keptForm(fields)
  const { domain, name, type } = members
  const byDefault = isLoaded(type) && domain !== undefined ? domain : name
  const { matchType = origin === "manual" ? "project" : "new", pattern = byDefault } = members
  return {
    ...members,
    category,
    origin,
    matchType,
    pattern,
    id,
    organization: organization.id,
    project: project.id,
    dateCreated: now,
    dateUpdated: now,
  }
}

/** Creates trackers: all of them, or none. The field of a fault begins with the place in the list, if `isList`. */
export const create = (
  scope: Scope,
  { isList, items }: { readonly items: ReadonlyArray<TrackerFields>; readonly isList: boolean },
  answering: CatalogChange.Answering<ReadonlyArray<Tracker>>,
  context: LedgerContext,
): Outcome<ReadonlyArray<Tracker>> => {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const ids = yield* Effect.forEach(items, () => context.random.uuidV7())
    const made = items.map((fields, index) => newTracker(fields, scope, { id: ids[index]!, now }))
    const faults = made.flatMap((tracker, index) =>
      faultsOf(tracker, catalog).map((fault) =>
        isList ? { ...fault, field: `items/${index}/${fault.field}` } : fault,
      ),
    )
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    return tooMany([...trackersOf(catalog, scope.project), ...made]) ?? CatalogChange.prepared({ trackers: made }, made)
  })
  return CatalogChange.change({ owner: scope.organization, ...answering }, prepare, context)
}

/** A tracker with changed members. */
const changed = (before: Tracker, change: TrackerChange): Tracker =>
  // Only members that may be missing can be `null`.
  Object.fromEntries(
    Object.entries({ ...before, ...keptForm(change) }).filter(([, value]) => value !== null && value !== undefined),
  ) as unknown as Tracker

/** Replaces a tracker by its next state. `dateUpdated` tells states apart, so it always grows. */
const replace = (
  scope: Scope,
  id: string,
  next: (before: Tracker, catalog: Catalog) => Tracker | CatalogChange.RefusedChange,
  answering: CatalogChange.Answering<Tracker>,
  context: LedgerContext,
): Outcome<Tracker> => {
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<Tracker> | CatalogChange.RefusedChange => {
      const all = trackersOf(catalog, scope.project)
      const before = all.find((each) => each.id === id)
      if (before === undefined) return CatalogChange.notFound
      const after = next(before, catalog)
      if ("_tag" in after) return after
      const value = { ...after, dateUpdated: Math.max(now, before.dateUpdated + 1) }
      const rest = all.filter((each) => each.id !== id)
      const refused = value.isRemoved === true ? undefined : tooMany([...rest, value])
      return refused ?? { _tag: "Prepared", entries: { trackers: [value] }, value }
    })
  return CatalogChange.change({ owner: scope.organization, ...answering }, prepare, context)
}

/** Changes members of a tracker. */
export const update = (
  scope: Scope,
  id: string,
  change: TrackerChange,
  answering: CatalogChange.Answering<Tracker>,
  context: LedgerContext,
): Outcome<Tracker> =>
  replace(
    scope,
    id,
    (before, catalog) => {
      const after = changed(before, change)
      const faults = faultsOf(after, catalog)
      return faults.length > 0 ? CatalogChange.refusedFor(faults) : after
    },
    answering,
    context,
  )

/** Deletes a tracker. If pages still report it, it comes back without a category. */
export const remove = (
  scope: Scope,
  id: string,
  answering: CatalogChange.Answering<Tracker>,
  context: LedgerContext,
): Outcome<Tracker> => replace(scope, id, (before) => ({ ...before, isRemoved: true }), answering, context)
