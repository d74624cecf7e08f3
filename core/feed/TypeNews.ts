/**
 * What a change feed tells of a consent type: versions that are scheduled and published, changed terms, and the
 * re-evaluations that they begin.
 *
 * What was announced is compared with what the type is. It is small for any number of versions, because a version that
 * is in force never changes.
 */
import * as Instant from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { ListedType, ListedVersion } from "../model/Catalog.ts"
import type { NewChange } from "../ports/FeedStore.ts"

/** A version of which something is still to be announced. */
interface Pending {
  readonly id: string
  readonly version: number
  /** Whether it was announced that it is published: only its grace period is not over yet. */
  readonly isPublished: boolean
}

/** What was announced of a type. Plain JSON. */
export interface Told {
  /** The `dateUpdated` of the type then. */
  readonly updated: Instant.Instant
  /** The status. */
  readonly status: string
  /** JSON of the duration and the rules. */
  readonly terms: string
  /** The highest number of a version that is published; 0 for none. */
  readonly version: number
  readonly pending: ReadonlyArray<Pending>
}

/** Why the answers of a type have to be decided again, and the instant from which on they may differ. */
export interface TermsReason {
  readonly cause: "rules" | "version"
  readonly at: Instant.Instant
}

/** What is to be announced of a type now. */
export interface TypeNews {
  readonly changes: ReadonlyArray<Omit<NewChange, "lane">>
  readonly reasons: ReadonlyArray<TermsReason>
  /** Since when its terms are what they are; left out: for as long as they were announced. */
  readonly termsSince?: Instant.Instant
  readonly told: Told
  /** When there is something to tell, if nothing is changed; `Instant.max`: never. */
  readonly nextAt: Instant.Instant
}

/** When answers to earlier versions lapse because of a version; `undefined`: they do not. */
const invalidatesAt = ({ grace = Period.zero, publishedAt, requireReaccept }: ListedVersion) =>
  requireReaccept ? Period.add(publishedAt, grace) : undefined

const versionChange = (
  type: ListedType,
  version: ListedVersion,
  kind: "published" | "scheduled",
): Omit<NewChange, "lane"> => {
  const lapses = invalidatesAt(version)
  const { dateCreated, publishedAt } = version
  const isPublished = kind === "published"
  return {
    at: isPublished ? publishedAt : dateCreated,
    type: `type.${kind}`,
    consentType: type.id,
    body: JSON.stringify({
      consentType: type.id,
      version: version.version,
      publishedAt: Instant.format(publishedAt),
      requireReaccept: version.requireReaccept,
      ...(lapses !== undefined && { invalidatesAt: Instant.format(lapses) }),
    }),
    // Later it would be published, and no more scheduled.
    ...(!isPublished && { until: publishedAt }),
  }
}

/** What is to be announced of the versions that are pending or new. */
const versionNews = (before: Pick<Told, "pending" | "version">, type: ListedType, now: Instant.Instant) => {
  const known = new Map(before.pending.map((each) => [each.id, each]))
  const changes: Array<Omit<NewChange, "lane">> = []
  const reasons: Array<TermsReason> = []
  const pending: Array<Pending> = []
  let { version: highest } = before
  let nextAt = Instant.max
  const open = type.versions.filter(({ id, version }) => version > before.version || known.has(id))
  for (const version of open.toSorted((a, b) => a.version - b.version)) {
    const told = known.get(version.id)
    const lapses = invalidatesAt(version)
    // A server whose clock was ahead may have announced it already.
    const isPublished = told?.isPublished === true || version.publishedAt <= now
    if (isPublished && told?.isPublished !== true) changes.push(versionChange(type, version, "published"))
    if (!isPublished && told?.version !== version.version) changes.push(versionChange(type, version, "scheduled"))
    if (isPublished) highest = Math.max(highest, version.version)
    if (lapses !== undefined && lapses <= now) reasons.push({ cause: "version", at: lapses })
    if (isPublished && (lapses === undefined || lapses <= now)) continue
    pending.push({ id: version.id, version: version.version, isPublished })
    nextAt = Math.min(nextAt, isPublished ? lapses! : version.publishedAt)
  }
  const isCancelled = before.pending.some(({ id }) => !type.versions.some((version) => version.id === id))
  return { changes, reasons, pending, version: highest, nextAt, isCancelled }
}

const termsOf = ({ consentDuration, rules }: Pick<ListedType, "consentDuration" | "rules">): string =>
  JSON.stringify({ consentDuration, rules })

/**
 * When the terms of a type changed since they were announced, earliest first: also where they are again what they were.
 * Where another server changed them at the very instant that is announced already, only the terms tell.
 */
const changesOfTerms = (type: ListedType, before: Told | undefined): ReadonlyArray<Instant.Instant> => {
  const after = before?.updated ?? type.dateCreated
  const states = (type.history ?? []).filter(({ knownUntil }) => knownUntil > after)
  const next = states.map((_, index) => termsOf(states[index + 1] ?? type))
  const changed = states.flatMap((state, index) => (termsOf(state) === next[index] ? [] : [state.knownUntil]))
  const isUnnoticed = changed.length === 0 && before !== undefined && before.terms !== termsOf(type)
  return isUnnoticed ? [type.dateUpdated] : [...new Set(changed)]
}

/**
 * What is to be announced of a type at `now`. `before`: what was announced; `undefined` for a type without a place.
 * `revision` is that of the catalog.
 */
export const of = (before: Told | undefined, type: ListedType, now: Instant.Instant, revision: number): TypeNews => {
  const { changes, isCancelled, nextAt, pending, reasons, version } = versionNews(
    before ?? { pending: [], version: 0 },
    type,
    now,
  )
  const { dateUpdated: updated, status } = type
  const terms = termsOf(type)
  const told: Told = { updated, status, terms, version, pending }
  const resets = changesOfTerms(type, before)
  const rules = resets.map((at): TermsReason => ({ cause: "rules", at }))
  const all = [...reasons, ...rules]
  if (before === undefined) return { changes, reasons: all, termsSince: type.dateCreated, told, nextAt }
  const [first = updated] = resets
  if (resets.length === 0 && !isCancelled && before.status === status) return { changes, reasons, told, nextAt }
  const body = JSON.stringify({ consentType: type.id, revision })
  const changed = { at: first, type: "type.changed", consentType: type.id, body }
  return {
    changes: [...changes, changed],
    reasons: all,
    ...(resets.length > 0 && { termsSince: first }),
    told,
    nextAt,
  }
}
