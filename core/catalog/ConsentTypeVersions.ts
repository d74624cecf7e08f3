/**
 * The versions of a consent type (semantics, section 1).
 *
 * A version is an immutable state of the texts. It starts from the texts that are in force when it is published, so
 * that a correction made today does not publish early what is planned for tomorrow. Numbers follow publication: a
 * version that is only planned is numbered again when another one is published before it, because the number of the
 * later text must be the greater one.
 */
import type { CancelledVersion, ListedType, ListedVersion } from "../model/Catalog.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"

/** The texts that people are shown. `null` removes a text. */
export interface Texts {
  readonly name?: string
  readonly description?: string
  readonly document?: string | null
  readonly url?: string | null
  /** The language of the texts: a canonical tag of BCP 47. */
  readonly language?: string | null
}

/** How a version is published. */
export interface VersionPublication {
  /** Left out: at once. */
  readonly publishedAt?: Instant
  /** Whether answers to earlier versions lapse. */
  readonly requireReaccept?: boolean
  /** How long they still count. */
  readonly grace?: Period
}

/** The version in force at an instant. */
export const inForce = (type: ListedType, at: Instant): ListedVersion => {
  const number = ConsentType.versionAt(type, at)
  return type.versions.find(({ version }) => version === number) ?? type.versions[0]!
}

/** A document of a version that is published: its number, and its size as JSON without the quotes. */
export interface NewDocument {
  readonly number: number
  readonly bytes: number
}

/** The number of the next document of a type: greater than that of every document that a version has or had. */
export const nextDocument = ({
  cancelled = [],
  history = [],
  versions,
}: Pick<ListedType, "cancelled" | "history" | "versions">): number => {
  const all = [...versions, ...cancelled, ...history.flatMap(({ versions: earlier = [] }) => earlier)]
  return all.reduce((last, { documentOf = 0 }) => Math.max(last, documentOf), 0) + 1
}

const documentOf = (
  document: Texts["document"],
  from: ListedVersion | undefined,
  added: NewDocument | undefined,
): Pick<ListedVersion, "documentOf" | "documentBytes"> => {
  if (added !== undefined) return { documentOf: added.number, documentBytes: added.bytes }
  if (document === null || from?.documentOf === undefined) return {}
  return {
    documentOf: from.documentOf,
    ...(from.documentBytes !== undefined && { documentBytes: from.documentBytes }),
  }
}

/** A version without its number: the texts of `from`, with the changed ones. */
export const make = (
  id: string,
  { description, document, grace, language, name, requireReaccept, url }: Texts & VersionPublication,
  from: ListedVersion | undefined,
  added: NewDocument | undefined,
  dates: Pick<ListedVersion, "dateCreated" | "publishedAt">,
): Omit<ListedVersion, "version"> => {
  const address = url === undefined ? from?.url : (url ?? undefined)
  const tag = language === undefined ? from?.language : (language ?? undefined)
  return {
    id,
    name: name ?? from?.name ?? "",
    description: description ?? from?.description ?? "",
    ...(address !== undefined && { url: address }),
    ...(tag !== undefined && { language: tag }),
    ...documentOf(document, from, added),
    ...dates,
    requireReaccept: requireReaccept ?? false,
    ...(grace !== undefined && { grace }),
  }
}

/**
 * The `publishedAt` of the last final version: one that is in force at `now`, or whose number an event names. `used`
 * has the numbers that events name.
 */
const lastFinal = (versions: ReadonlyArray<ListedVersion>, used: ReadonlySet<number>, now: Instant): Instant =>
  versions
    .filter(({ publishedAt, version }) => publishedAt <= now || used.has(version))
    .reduce((last, { publishedAt }) => Math.max(last, publishedAt), -Infinity)

/** The instant at which a version can be published that is wanted at `wanted`: after the last final version. */
export const publishedAt = (
  versions: ReadonlyArray<ListedVersion>,
  wanted: Instant,
  used: ReadonlySet<number>,
  now: Instant,
): Instant => Math.max(wanted, now, lastFinal(versions, used, now) + 1)

/** The versions of a type, and those that were cancelled. */
type Numbered = Pick<ListedType, "cancelled" | "versions">

const highest = (versions: ReadonlyArray<ListedVersion>): number =>
  versions.reduce((number, { version }) => Math.max(number, version), 0)

/**
 * Numbers versions again, and `added`. Final versions keep their numbers; those that are only planned, and the added
 * ones, are numbered in the order of their publication, at the same instant in the order in which they were added.
 * Their numbers are greater than that of a cancelled version that an event names, because the event answers an earlier
 * text. Version 1 always exists.
 */
const numbered = (
  { cancelled = [], versions }: Numbered,
  added: ReadonlyArray<Omit<ListedVersion, "version">>,
  used: ReadonlySet<number>,
  now: Instant,
): ReadonlyArray<ListedVersion> => {
  const last = lastFinal(versions, used, now)
  const settled = versions.filter(({ publishedAt }) => publishedAt <= last)
  const planned = [...versions.filter(({ publishedAt }) => publishedAt > last), ...added].toSorted(
    (a, b) => a.publishedAt - b.publishedAt || a.dateCreated - b.dateCreated,
  )
  const named = highest(cancelled.filter(({ isNamed }) => isNamed))
  const isFirst = settled.length === 0
  const after = isFirst ? Math.max(1, named) : Math.max(highest(settled), named)
  const number = (index: number) => (isFirst ? (index === 0 ? 1 : after + index) : after + 1 + index)
  return [...settled, ...planned.map((version, index) => ({ ...version, version: number(index) }))]
}

/** The versions of a type with another one. */
export const add = (
  type: Numbered,
  added: Omit<ListedVersion, "version">,
  used: ReadonlySet<number>,
  now: Instant,
): ReadonlyArray<ListedVersion> => numbered(type, [added], used, now)

/** Whether an event names a version; the number 0 stands for those of events recorded before they were noted. */
const isNamed = ({ version }: ListedVersion, used: ReadonlySet<number>): boolean => used.has(version) || used.has(0)

/** Whether a version is only planned at `now`. */
export const isPlanned = ({ publishedAt }: ListedVersion, now: Instant): boolean => publishedAt > now

/**
 * Whether a version can be cancelled at `now`: one that is only planned. Version 1 can be answered before it is
 * published, so it cannot be cancelled if an event names a version, or if no other version takes its place.
 */
export const isCancellable = (
  { versions }: Numbered,
  version: ListedVersion,
  used: ReadonlySet<number>,
  now: Instant,
): boolean => {
  const isReplaced = versions.length > 1 && !versions.some((each) => isNamed(each, used))
  return isPlanned(version, now) && (version.version > 1 || isReplaced)
}

/**
 * The versions of a type without one that is cancelled at `now`. A refusal may name a version before it is in force,
 * and is no reason to keep it.
 */
export const cancel = (
  { cancelled = [], versions }: Numbered,
  version: ListedVersion,
  used: ReadonlySet<number>,
  now: Instant,
): Required<Numbered> => {
  const entry: CancelledVersion = { ...version, cancelledAt: now, ...(isNamed(version, used) && { isNamed: true }) }
  const without = { versions: versions.filter(({ id }) => id !== version.id), cancelled: [...cancelled, entry] }
  return { ...without, versions: numbered(without, [], used, now) }
}

/** The version with a number or an id. A cancelled one has its number as long as an event names it. */
export const find = (
  { cancelled = [], versions }: Numbered,
  name: string,
): ListedVersion | CancelledVersion | undefined =>
  versions.find(({ id, version }) => id === name || String(version) === name) ??
  cancelled.find(({ id, isNamed, version }) => id === name || (isNamed === true && String(version) === name))

/** Whether a change gives a text another value. */
export const changesText = (
  { description, document, language, name, url }: Texts,
  from: ListedVersion,
  documentNow: string | undefined,
): boolean =>
  (name !== undefined && name !== from.name) ||
  (description !== undefined && description !== from.description) ||
  (document !== undefined && (document ?? undefined) !== documentNow) ||
  (url !== undefined && (url ?? undefined) !== from.url) ||
  (language !== undefined && (language ?? undefined) !== from.language)

/** Whether a change has members of a new version, although it publishes none. */
export const lacksVersion = ({ grace, publishedAt }: VersionPublication, from: ListedVersion): boolean =>
  publishedAt !== undefined || (grace !== undefined && JSON.stringify(grace) !== JSON.stringify(from.grace))
