/**
 * The words of an organization for one of the mails, in place of those that come with Assent.
 */
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Organization } from "./Catalog.ts"

/** The words of one mail in one language. */
export interface OwnMailText {
  readonly id: string
  readonly organization: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  /** One of `MailWords.templates`. */
  readonly name: string
  /** A canonical tag of BCP 47. It need not be one of the languages that come with Assent. */
  readonly language: string
  readonly subject: string
  /** Its paragraphs, with an empty line between them. */
  readonly text: string
  /** It was deleted: mails have the words that come with Assent. */
  readonly isRemoved?: true
}

/** The most of them that an organization has, and the most characters of a subject and of a text. */
export const maxTexts = 100
export const maxSubjectLength = 200
export const maxTextLength = 20_000

/** The words of an organization, in the order in which they were given. */
export const of = (
  { mailTexts }: Pick<Catalog, "mailTexts">,
  { id }: Pick<Organization, "id">,
): ReadonlyArray<OwnMailText> => mailTexts.get(id) ?? []
