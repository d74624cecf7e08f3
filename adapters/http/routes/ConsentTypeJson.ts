/**
 * Consent types as JSON, as answers hold them.
 */
import { Effect, Schema } from "effect"
import type { CancelledVersion, ListedType, ListedVersion } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import type { ShownType } from "../../../core/catalog/ConsentTypes.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Period from "../../../core/engine/Period.ts"

const writeRules = Schema.encodeSync(Exchange.Rules)

/** The texts that people are shown, without the document. */
const shown = ({ description, name, url }: ListedVersion) => ({
  name,
  description,
  ...(url !== undefined && { url }),
})

const publication = ({ dateCreated, grace, id, publishedAt, requireReaccept, version }: ListedVersion) => ({
  id,
  version,
  publishedAt: Instant.format(publishedAt),
  dateCreated: Instant.format(dateCreated),
  requireReaccept,
  ...(grace !== undefined && { grace: Period.format(grace) }),
})

/** The latest version that made earlier answers lapse, if there is one. */
const requireReacceptVersion = (type: ListedType, now: Instant.Instant): number | undefined =>
  type.versions.findLast(({ publishedAt, requireReaccept }) => requireReaccept && publishedAt <= now)?.version

/**
 * A consent type as JSON, with the texts in force at `now`. Its own `requireReaccept` is always false, because the
 * member is a command: an answer that is sent back must not ask everyone again.
 */
export const write = (type: ListedType, document: string | undefined, now: Instant.Instant): string => {
  const inForce = ConsentTypeVersions.inForce(type, now)
  const { grace, version } = publication(inForce)
  const reaccepted = requireReacceptVersion(type, now)
  return JSON.stringify({
    id: type.id,
    organization: type.organization,
    project: type.project,
    category: type.category,
    subcategory: [type.subcategory],
    label: type.label,
    ...shown(inForce),
    ...(document !== undefined && { document }),
    validStates: type.validStates,
    ...(type.consentDuration !== undefined && { consentDuration: Period.format(type.consentDuration) }),
    status: type.status,
    required: type.required,
    requireReaccept: false,
    ...(grace !== undefined && { grace }),
    rules: writeRules(type.rules),
    version,
    ...(reaccepted !== undefined && { requireReacceptVersion: reaccepted }),
    readOnly: false,
    dateCreated: Instant.format(type.dateCreated),
    dateUpdated: Instant.format(type.dateUpdated),
    versions: type.versions.map(publication),
  })
}

/** A changed consent type as JSON. */
export const answer = ({ document, shownAt, type }: ShownType): string => write(type, document, shownAt)

/** The most bytes of a document in a list, as JSON without its quotes: a longer one is left out. */
export const listedDocumentMaxBytes = 65_536

/** A document of a list; `undefined` for one that is too long. */
const listed = (document: string | undefined): string | undefined =>
  document === undefined || Buffer.byteLength(JSON.stringify(document)) - 2 > listedDocumentMaxBytes
    ? undefined
    : document

/** The most bytes that a consent type has in a list. A document whose size is not known counts as the longest one. */
export const listedBytes = (type: ListedType, now: Instant.Instant): number => {
  const { documentBytes = listedDocumentMaxBytes, documentOf } = ConsentTypeVersions.inForce(type, now)
  const isListed = documentOf !== undefined && documentBytes <= listedDocumentMaxBytes
  return Buffer.byteLength(write(type, isListed ? "" : undefined, now)) + (isListed ? documentBytes : 0)
}

/** The consent types of a page as JSON; their documents are read at once. */
export const answerListed = Effect.fnUntraced(function* (types: ReadonlyArray<ListedType>, now: Instant.Instant) {
  const ledger = yield* Ledger
  const versions = types
    .map((type) => ({ type, version: ConsentTypeVersions.inForce(type, now) }))
    .filter(({ version: { documentBytes = 0, documentOf } }) => {
      return documentOf !== undefined && documentBytes <= listedDocumentMaxBytes
    })
  const documents = yield* ledger.setup.documents(versions, listedDocumentMaxBytes)
  const ofTypes = new Map(versions.map(({ type }, index) => [type.id, documents[index]]))
  return types.map((type) => write(type, listed(ofTypes.get(type.id)), now))
})

/** A version of a consent type as JSON: the texts and the document that people are shown. */
export const answerVersion = Effect.fnUntraced(function* (
  type: ListedType,
  version: ListedVersion & Partial<Pick<CancelledVersion, "cancelledAt">>,
) {
  const ledger = yield* Ledger
  const document = yield* ledger.setup.document(type, version)
  return JSON.stringify({
    consentType: type.id,
    ...shown(version),
    ...(document !== undefined && { document }),
    ...publication(version),
    ...(version.cancelledAt !== undefined && { cancelledAt: Instant.format(version.cancelledAt) }),
  })
})
