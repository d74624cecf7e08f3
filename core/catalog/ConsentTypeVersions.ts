/**
 * The versions of a consent type (semantics, section 1).
 *
 * A version is an immutable state of the texts. It starts from the texts that are in force when it is published, so
 * that a correction made today does not publish early what is planned for tomorrow. Numbers follow publication: a
 * version that is only planned is numbered again when another one is published before it, because the number of the
 * later text must be the greater one.
 */
import type { ListedType, ListedVersion } from "../model/Catalog.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"

/** The texts that people are shown. `null` removes a text. */
export interface Texts {
  readonly name?: string
  readonly description?: string
  readonly document?: string | null
  readonly url?: string | null
}

/** How a version is published. */
export interface Publication {
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
export const nextDocument = ({ history = [], versions }: Pick<ListedType, "history" | "versions">): number => {
  const all = [...versions, ...history.flatMap(({ versions: earlier = [] }) => earlier)]
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
  { description, document, grace, name, requireReaccept, url }: Texts & Publication,
  from: ListedVersion | undefined,
  added: NewDocument | undefined,
  dates: Pick<ListedVersion, "dateCreated" | "publishedAt">,
): Omit<ListedVersion, "version"> => {
  const address = url === undefined ? from?.url : (url ?? undefined)
  return {
    id,
    name: name ?? from?.name ?? "",
    description: description ?? from?.description ?? "",
    ...(address !== undefined && { url: address }),
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

/**
 * Adds a version. Final versions keep their numbers; those that are only planned, and the new one, are numbered in the
 * order of their publication, at the same instant in the order in which they were added.
 */
export const add = (
  versions: ReadonlyArray<ListedVersion>,
  added: Omit<ListedVersion, "version">,
  used: ReadonlySet<number>,
  now: Instant,
): ReadonlyArray<ListedVersion> => {
  const last = lastFinal(versions, used, now)
  const settled = versions.filter(({ publishedAt }) => publishedAt <= last)
  const first = settled.reduce((highest, { version }) => Math.max(highest, version), 0) + 1
  const planned = [...versions.filter(({ publishedAt }) => publishedAt > last), added].toSorted(
    (a, b) => a.publishedAt - b.publishedAt || a.dateCreated - b.dateCreated,
  )
  return [...settled, ...planned.map((version, index) => ({ ...version, version: first + index }))]
}

/** Whether a version is only planned at `now`. */
export const isPlanned = ({ publishedAt }: ListedVersion, now: Instant): boolean => publishedAt > now

/** Whether a change gives a text another value. */
export const changesText = (
  { description, document, name, url }: Texts,
  from: ListedVersion,
  documentNow: string | undefined,
): boolean =>
  (name !== undefined && name !== from.name) ||
  (description !== undefined && description !== from.description) ||
  (document !== undefined && (document ?? undefined) !== documentNow) ||
  (url !== undefined && (url ?? undefined) !== from.url)

/** Whether a change has members of a new version, although it publishes none. */
export const lacksVersion = ({ grace, publishedAt }: Publication, from: ListedVersion): boolean =>
  publishedAt !== undefined || (grace !== undefined && JSON.stringify(grace) !== JSON.stringify(from.grace))
