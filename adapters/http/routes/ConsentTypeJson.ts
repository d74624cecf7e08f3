/**
 * Consent types as JSON, as answers hold them.
 */
import { Clock, Effect, Schema } from "effect"
import type { ListedType, ListedVersion } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Period from "../../../core/engine/Period.ts"

const writeRules = Schema.encodeSync(Exchange.Rules)

/** The texts that people are shown, without the document. */
const shown = ({ description, name, url }: ListedVersion) => ({
  name,
  description,
  ...(url !== undefined && { url }),
})

const publication = ({ dateCreated, grace, publishedAt, requireReaccept, version }: ListedVersion) => ({
  version,
  publishedAt: Instant.format(publishedAt),
  dateCreated: Instant.format(dateCreated),
  requireReaccept,
  ...(grace !== undefined && { grace: Period.format(grace) }),
})

/** The latest version that made earlier answers lapse, if there is one. */
const requireReacceptVersion = (type: ListedType, now: Instant.Instant): number | undefined =>
  type.versions.findLast(({ publishedAt, requireReaccept }) => requireReaccept && publishedAt <= now)?.version

/** A consent type as JSON, with the texts in force at `now`. */
export const write = (type: ListedType, document: string | undefined, now: Instant.Instant): string => {
  const inForce = ConsentTypeVersions.inForce(type, now)
  const { grace, requireReaccept, version } = publication(inForce)
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
    requireReaccept,
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

/** A consent type as JSON, with the texts and the document in force now. */
export const answer = Effect.fnUntraced(function* (type: ListedType) {
  const ledger = yield* Ledger
  const now = yield* Clock.currentTimeMillis
  return write(type, yield* ledger.setup.document(type, ConsentTypeVersions.inForce(type, now)), now)
})

/** The highest number of characters of a document in a list, because a page of long ones would not fit in memory. */
const listedDocumentMaxLength = 65_536

/** A consent type of a list as JSON; a long document is omitted. */
export const answerListed = Effect.fnUntraced(function* (type: ListedType) {
  const ledger = yield* Ledger
  const now = yield* Clock.currentTimeMillis
  const document = yield* ledger.setup.document(type, ConsentTypeVersions.inForce(type, now))
  return write(type, document !== undefined && document.length > listedDocumentMaxLength ? undefined : document, now)
})

/** A version of a consent type as JSON: the texts and the document that people are shown. */
export const answerVersion = Effect.fnUntraced(function* (type: ListedType, version: ListedVersion) {
  const ledger = yield* Ledger
  const document = yield* ledger.setup.document(type, version)
  return JSON.stringify({
    consentType: type.id,
    ...shown(version),
    ...(document !== undefined && { document }),
    ...publication(version),
  })
})
