/**
 * Retention: a person is erased after nothing was recorded of it for longer than its projects allow (semantics,
 * section 8).
 *
 * A person is erased only if every project of the organization in which it, or someone joined with it, has events has a
 * period that has passed. Besides events, claims, facts and sessions count as recorded. A person that was never
 * identified is a guest. Events stay, as evidence that names no one.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonEvents from "../ledger/PersonEvents.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Erasing from "./Erasing.ts"
import * as Sessions from "./Sessions.ts"

/** A run over the people of an organization. */
export interface RetentionRun {
  readonly organization: Organization
  /** The id that is recorded as the submitter of the erasures. */
  readonly submitter: string
  /** Whether people are only counted. */
  readonly isDryRun: boolean
  /** Called with the counts after each lane, and after each erasure. */
  readonly report: (counts: RetentionCounts) => Effect.Effect<void>
}

/** The counts of a run. Joined people are one person. */
export interface RetentionCounts {
  /** How many people were examined, because an event of them is old enough, or they have none. */
  readonly examined: number
  readonly guests: number
  readonly people: number
}

/** The counts of a run, and whether nothing of the erased people is left in the files of the store. */
export interface RetentionOutcome extends RetentionCounts {
  readonly _tag: "Ran"
  readonly isScrubbed: boolean
}

/** How many rows are read at once. */
const pageSize = 1000

const kindOf = (isIdentified: boolean) => (isIdentified ? "people" : "guests")

const hasPassed = (last: Instant, period: Period.Period, now: Instant): boolean => Period.add(last, period) <= now

/** When the last event of each person of a lane was recorded. In a lane that never goes back. */
const lastOfLane = Effect.fnUntraced(function* (project: Project, lane: number, { store }: LedgerContext) {
  const last = new Map<string, Instant>()
  for (let from = 0; ; from += pageSize) {
    const events = yield* store.events.lane(project, lane, from, pageSize)
    for (const { concordId, dateCreated } of events) last.set(concordId, dateCreated)
    if (events.length < pageSize) return last
    yield* Effect.yieldNow
  }
})

/** The people that have a key, which those have that entered personal data and said nothing. */
const withKeys = Effect.fnUntraced(function* (organization: Organization, { store }: LedgerContext) {
  const [first, last] = Lane.range(organization)
  const people: Array<string> = []
  let after = { lane: first, concordId: "" }
  for (;;) {
    const page = yield* store.personal.allKeys(after, pageSize)
    const own = page.filter(({ lane }) => lane <= last)
    people.push(...own.map(({ concordId }) => concordId))
    if (own.length < pageSize) return people
    const { concordId, lane } = own.at(-1)!
    after = { lane, concordId }
    yield* Effect.yieldNow
  }
})

/** A person with everyone that is erased with it. */
interface Group {
  readonly members: ReadonlyArray<string>
  readonly isIdentified: boolean
}

/** When the last event of a group in a project was recorded; `undefined` if it has none. */
const lastEvent = Effect.fnUntraced(function* (project: Project, { members }: Group, context: LedgerContext) {
  let last: Instant | undefined
  yield* PersonEvents.forEach(
    project,
    members,
    ({ dateCreated }) => {
      last = Math.max(last ?? dateCreated, dateCreated)
      return true
    },
    context,
  )
  return last
})

/** The instant in the id of a person that was made by the ledger (RFC 9562, section 5.7); `undefined` in any other. */
const madeAt = (concordId: string): Instant | undefined =>
  concordId[14] === "7" ? Number.parseInt(concordId.slice(0, 8) + concordId.slice(9, 13), 16) : undefined

/** When the last session of a person was used. */
const lastSession = Effect.fnUntraced(function* (concordId: string, { store }: LedgerContext) {
  let last = -Infinity
  let after: string | undefined
  for (;;) {
    const page = yield* store.sessions.ofPerson(concordId, after, pageSize)
    for (const { expiresAt } of page) last = Math.max(last, expiresAt - Sessions.lifetimeMillis)
    if (page.length < pageSize) return last
    after = page.at(-1)!.tokenHash
  }
})

/** When the last was recorded of a group besides events; `undefined` if that is not known. */
const lastOfIdentity = Effect.fnUntraced(function* (
  organization: Organization,
  { members }: Group,
  context: LedgerContext,
) {
  const { people } = context.store
  const facts = yield* Joins.facts(organization, members[0]!, context)
  const aliases = [
    ...(yield* people.aliasesOf(organization, members)),
    ...(yield* people.contextsOf(organization, members)),
  ].flat()
  const known = [
    ...facts.map(({ dateCreated }) => dateCreated),
    ...aliases.map(({ dateCreated, releasedAt = dateCreated }) => Math.max(dateCreated, releasedAt)),
    ...members.map((member) => madeAt(member) ?? Infinity),
  ]
  for (const member of members) known.push(yield* lastSession(member, context))
  return known.reduce((latest, each) => Math.max(latest, each), -Infinity)
})

/** Whether nothing was recorded of a group for so long that it is erased. */
const isOver = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  group: Group,
  now: Instant,
  context: LedgerContext,
) {
  const kind = kindOf(group.isIdentified)
  const periods: Array<Period.Period> = []
  let hasEvents = false
  for (const project of projects) {
    const last = yield* lastEvent(project, group, context)
    const period = project.retention?.[kind]
    if (last === undefined) continue
    if (period === undefined || !hasPassed(last, period, now)) return false
    hasEvents = true
    periods.push(period)
  }
  if (!hasEvents) {
    // It belongs to no project, so that the periods of all of them must have passed.
    for (const { retention } of projects) {
      const period = retention?.[kind]
      if (period === undefined) return false
      periods.push(period)
    }
  }
  const last = yield* lastOfIdentity(organization, group, context)
  // Of a person with events and an id that the ledger did not make, the events say since when it is known.
  const known = last === Infinity && hasEvents ? -Infinity : last
  return periods.length > 0 && periods.every((period) => hasPassed(known, period, now))
})

/** The group of a person; `undefined` if it was erased. */
const groupOf = Effect.fnUntraced(function* (organization: Organization, concordId: string, context: LedgerContext) {
  const counted = yield* Joins.counted(organization, concordId, context)
  if (counted.person.erasedAt !== undefined) return undefined
  const { members } = yield* Erasing.together(organization, counted, concordId, context)
  let { isIdentified } = counted.person
  for (const member of members) {
    if (isIdentified) break
    isIdentified = (yield* context.store.people.person(organization, member)).isIdentified
  }
  return { members, isIdentified } satisfies Group as Group
})

/** Whether the period of guests or of all others has passed since an instant. */
const mayBeOver = ({ retention = {} }: Project, last: Instant, now: Instant): boolean =>
  [retention.guests, retention.people].some((period) => period !== undefined && hasPassed(last, period, now))

/**
 * Erases, or counts, the people of an organization whose retention is over. A person that is erased meanwhile by
 * another request is not counted. The files of the store are scrubbed once, at the end.
 */
export const run = Effect.fnUntraced(function* (
  { isDryRun, organization, report, submitter }: RetentionRun,
  context: LedgerContext,
): Effect.fn.Return<RetentionOutcome | Erasing.LogUnavailable, StoreUnavailable> {
  const now = yield* Clock.currentTimeMillis
  const { projects } = yield* Erasing.projectsOf(organization, context)
  const seen = new Set<string>()
  const erased: Array<string> = []
  let counts: RetentionCounts = { examined: 0, guests: 0, people: 0 }

  /** Erases a person, or counts it, if its retention is over. */
  const examine = Effect.fnUntraced(function* (concordId: string) {
    if (seen.has(concordId)) return undefined
    const group = yield* groupOf(organization, concordId, context)
    for (const member of group?.members ?? [concordId]) seen.add(member)
    if (group === undefined) return undefined
    counts = { ...counts, examined: counts.examined + 1 }
    if (!(yield* isOver(organization, projects, group, now, context))) return undefined
    if (!isDryRun) {
      const outcome = yield* Erasing.record(organization, { concordId, submitter, reason: "retention" }, context)
      if ("_tag" in outcome) return outcome._tag === "LogUnavailable" ? outcome : undefined
      erased.push(outcome.erasure.id)
    }
    const kind = kindOf(group.isIdentified)
    counts = { ...counts, [kind]: counts[kind] + 1 }
    yield* report(counts)
    return undefined
  })

  for (const project of projects) {
    if (project.retention === undefined) continue
    for (let lane = 0; lane < project.lanes; lane++) {
      const last = yield* lastOfLane(project, lane, context)
      for (const [concordId, at] of last) {
        const failed = mayBeOver(project, at, now) ? yield* examine(concordId) : undefined
        if (failed !== undefined) return failed
      }
      yield* report(counts)
    }
  }
  if (projects.length > 0 && projects.every(({ retention }) => retention !== undefined)) {
    for (const concordId of yield* withKeys(organization, context)) {
      const failed = yield* examine(concordId)
      if (failed !== undefined) return failed
    }
  }
  const isScrubbed = erased.length === 0 || (yield* Erasing.finishAll(erased, context))
  return { _tag: "Ran", ...counts, isScrubbed }
})
