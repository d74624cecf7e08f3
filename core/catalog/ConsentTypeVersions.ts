/**
 * The versions of a consent type (semantics, section 1).
 *
 * A version is an immutable state of the texts. It starts from the texts that are in force when it is published, so
 * that a correction made today does not publish early what is planned for tomorrow. A planned version that asks
 * everyone again is planned again after a correction, under a higher number, because otherwise a person that answers
 * the correction would not be asked.
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

/** The version with the next number: the texts of `from`, with the changed ones. */
export const next = (
  version: number,
  { description, document, grace, name, publishedAt, requireReaccept, url }: Texts & Publication,
  from: ListedVersion | undefined,
  now: Instant,
): ListedVersion => {
  const address = url === undefined ? from?.url : (url ?? undefined)
  const documentOf = document === undefined ? from?.documentOf : document === null ? undefined : version
  return {
    version,
    name: name ?? from?.name ?? "",
    description: description ?? from?.description ?? "",
    ...(address !== undefined && { url: address }),
    ...(documentOf !== undefined && { documentOf }),
    publishedAt: publishedAt ?? now,
    dateCreated: now,
    requireReaccept: requireReaccept ?? false,
    ...(grace !== undefined && { grace }),
  }
}

/** The planned versions after `published` that ask everyone again, under numbers that are higher than its own. */
export const plannedAgain = ({ versions }: ListedType, published: ListedVersion): ReadonlyArray<ListedVersion> =>
  versions
    .filter((planned) => planned.requireReaccept && planned.publishedAt > published.publishedAt)
    .filter(
      (planned) =>
        !versions.some((other) => other.publishedAt === planned.publishedAt && other.version > planned.version),
    )
    .map((planned, index) => ({
      ...planned,
      version: published.version + 1 + index,
      dateCreated: published.dateCreated,
    }))

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

/**
 * Whether a change asks everyone again. If `from` already requires re-acceptance, sending it again without
 * `publishedAt` publishes nothing.
 */
export const asksAgain = ({ publishedAt, requireReaccept }: Publication, from: ListedVersion): boolean =>
  requireReaccept === true && (!from.requireReaccept || publishedAt !== undefined)

/** Whether a change has members of a new version, although it publishes none. */
export const lacksVersion = ({ grace, publishedAt }: Publication, from: ListedVersion): boolean =>
  publishedAt !== undefined || (grace !== undefined && JSON.stringify(grace) !== JSON.stringify(from.grace))
