/**
 * Consent types as JSON, as answers hold them.
 */
import { Effect, Schema } from "effect"
import type { CancelledVersion, ListedType, ListedVersion } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import type { ShownType } from "../../../core/catalog/ConsentTypes.ts"
import * as ShownTexts from "../../../core/catalog/ShownTexts.ts"
import type { KeptTranslation } from "../../../core/catalog/Translations.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Period from "../../../core/engine/Period.ts"

const writeRules = Schema.encodeSync(Exchange.Rules)

/** The texts that people are shown, without the document. */
const shown = ({ description, language, name, url }: ShownTexts.ShownTexts) => ({
  name,
  description,
  ...(url !== undefined && { url }),
  ...(language !== undefined && { language }),
})

/** Chooses the texts of a type that are in force at an instant, in one language. */
export type TextChoice = (type: ListedType, now: Instant.Instant) => ShownTexts.ShownTexts

/** In which language types are shown, and what notes the texts that an answer has. */
export interface ShownChoice {
  readonly choose: TextChoice
  readonly note: (texts: ShownTexts.ShownTexts) => void
}

/** The own texts of the version in force. */
const own: TextChoice = (type, now) => ShownTexts.ofVersion(type, ConsentTypeVersions.inForce(type, now))

const publication = ({ dateCreated, grace, id, publishedAt, requireReaccept, version }: ListedVersion) => ({
  id,
  version,
  publishedAt: Instant.format(publishedAt),
  dateCreated: Instant.format(dateCreated),
  requireReaccept,
  ...(grace !== undefined && { grace: Period.format(grace) }),
})

const ownTexts: ShownChoice = { choose: own, note: () => undefined }

/** The latest version that made earlier answers lapse, if there is one. */
const requireReacceptVersion = (type: ListedType, now: Instant.Instant): number | undefined =>
  type.versions.findLast(({ publishedAt, requireReaccept }) => requireReaccept && publishedAt <= now)?.version

/**
 * A consent type as JSON, with the texts in force at `now`. Its own `requireReaccept` is always false, because the
 * member is a command: an answer that is sent back must not ask everyone again.
 */
export const write = (
  type: ListedType,
  document: string | undefined,
  now: Instant.Instant,
  texts: ShownTexts.ShownTexts = own(type, now),
): string => {
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
    ...shown(texts),
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
export const listedBytes = (type: ListedType, now: Instant.Instant, choose: TextChoice = own): number => {
  const texts = choose(type, now)
  const { documentBytes = listedDocumentMaxBytes, documentKey } = texts
  const isListed = documentKey !== undefined && documentBytes <= listedDocumentMaxBytes
  return Buffer.byteLength(write(type, isListed ? "" : undefined, now, texts)) + (isListed ? documentBytes : 0)
}

/** The consent types of a page as JSON; their documents are read at once. */
export const answerListed = Effect.fnUntraced(function* (
  types: ReadonlyArray<ListedType>,
  now: Instant.Instant,
  { choose, note }: ShownChoice = ownTexts,
) {
  const ledger = yield* Ledger
  const chosen = types.map((type) => ({ type, texts: choose(type, now) }))
  const kept = chosen.flatMap(({ texts: { documentBytes = 0, documentKey }, type }) =>
    documentKey === undefined || documentBytes > listedDocumentMaxBytes ? [] : [{ type, documentKey }],
  )
  for (const { texts } of chosen) note(texts)
  const keys = kept.map(({ documentKey }) => documentKey)
  const documents = yield* ledger.setup.documents(keys, listedDocumentMaxBytes)
  const ofTypes = new Map(kept.map(({ type }, index) => [type.id, documents[index]]))
  return chosen.map(({ texts, type }) => write(type, listed(ofTypes.get(type.id)), now, texts))
})

/** A translation as JSON. */
export const writeTranslation = ({ document, translation }: KeptTranslation): string =>
  JSON.stringify({
    id: translation.id,
    consentType: translation.consentType,
    version: translation.version,
    ...shown(translation),
    ...(document !== undefined && { document }),
    dateCreated: Instant.format(translation.dateCreated),
  })

/** A version with all of its translations, and the texts that are shown of it. */
export interface VersionInLanguage {
  readonly type: ListedType
  readonly version: ListedVersion & Partial<Pick<CancelledVersion, "cancelledAt">>
  readonly texts: ShownTexts.ShownTexts
  readonly languages: ReadonlyArray<string>
}

/** A version of a consent type as JSON: the texts and the document that people are shown. */
export const answerVersion = Effect.fnUntraced(function* ({ languages, texts, type, version }: VersionInLanguage) {
  const ledger = yield* Ledger
  const document = yield* ledger.setup.document(texts)
  return JSON.stringify({
    consentType: type.id,
    ...shown(texts),
    ...(document !== undefined && { document }),
    ...(languages.length > 0 && { languages }),
    ...publication(version),
    ...(version.cancelledAt !== undefined && { cancelledAt: Instant.format(version.cancelledAt) }),
  })
})
