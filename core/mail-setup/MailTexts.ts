/**
 * The words of an organization for its mails, over those that come with Assent: listing, setting, trying and deleting
 * them. A change concerns the mails that are written after it.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ChosenWords from "../mail/ChosenWords.ts"
import * as MailLanguages from "../mail/MailLanguages.ts"
import * as MailPlaceholders from "../mail/MailPlaceholders.ts"
import * as MailTemplate from "../mail/MailTemplate.ts"
import { type MailTemplate as TemplateName, templates } from "../mail/MailWords.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import { maxTexts, of, type OwnMailText } from "../model/OwnMailText.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"

/** Names the words of one mail in one language. */
export interface MailTextName {
  readonly name: TemplateName
  /** A canonical tag of BCP 47. */
  readonly language: string
}

/** The words of one mail. */
export type MailTextWords = Pick<OwnMailText, "subject" | "text">

/** The words that a mail has in one language: those of the organization, or those that come with Assent. */
export interface ShownMailText extends MailTextName, MailTextWords {
  readonly isOwn: boolean
}

type Answering = CatalogChange.Answering<ShownMailText>
type Outcome = Effect.Effect<CatalogChange.CatalogOutcome<ShownMailText>, StoreUnavailable>

/** The name of a mail; `undefined` for any other text. */
export const nameOf = (text: string): TemplateName | undefined => templates.find((name) => name === text)

const shown = ({ language, subject, text }: OwnMailText, name: TemplateName): ShownMailText => ({
  name,
  language,
  isOwn: true,
  subject,
  text,
})

/** The words of every mail in every language that there is. */
export const all = (catalog: Catalog, organization: Organization): ReadonlyArray<ShownMailText> => {
  const own = of(catalog, organization)
  return templates.flatMap((name) => {
    const mine = own.filter((each) => each.name === name)
    const shipped = MailLanguages.all.filter(({ language }) => !mine.some((each) => each.language === language))
    const words = shipped.map(({ language, templates: all }): ShownMailText => {
      const { paragraphs, subject } = all[name]
      return { name, language, isOwn: false, subject, text: paragraphs.join("\n\n") }
    })
    return [...words, ...mine.map((each) => shown(each, name))].toSorted((a, b) => (a.language < b.language ? -1 : 1))
  })
}

/** What no text has: controls besides line breaks, and what changes the direction of the text around it. */
const unwanted = /[^\P{Cc}\n]|[\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/u
const inSubject = /\p{Cc}|[\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/u

const named = (names: ReadonlyArray<string>): string => names.map((name) => `{${name}}`).join(" ")

const unknownIn = (
  field: keyof MailTextWords,
  text: string,
  known: ReadonlyArray<string>,
): ReadonlyArray<CatalogChange.CatalogFault> =>
  MailPlaceholders.usedIn(text).every((name) => known.includes(name))
    ? []
    : [
        {
          field,
          code: "unknown_placeholder",
          detail: `takes the placeholders ${named(known)} alone, written like that`,
        },
      ]

const faultsOf = (name: TemplateName, { subject, text }: MailTextWords): ReadonlyArray<CatalogChange.CatalogFault> => {
  const missing = MailPlaceholders.missingIn(name, text)
  const alone = named(MailPlaceholders.of(name).always)
  return [
    ...(inSubject.test(subject) || subject.trim() === ""
      ? [{ field: "subject", code: "invalid", detail: "expected one line of text without control characters" }]
      : []),
    ...(unwanted.test(text) || text.trim() === ""
      ? [{ field: "text", code: "invalid", detail: "expected paragraphs without control characters" }]
      : []),
    ...unknownIn("subject", subject, MailPlaceholders.of(name).subject),
    ...unknownIn("text", text, MailPlaceholders.all(name)),
    ...missing.map((each) => ({
      field: "text",
      code: "placeholder_missing",
      detail: `must have {${each}} in a paragraph with no other placeholders than ${alone}`,
    })),
  ]
}

/** Line breaks as they are kept. */
const kept = ({ subject, text }: MailTextWords): MailTextWords => ({
  subject: subject.trim(),
  text: text.replaceAll(/\r\n?/g, "\n").trim(),
})

/** Sets the words of a mail in a language, in place of those before. */
export const set = (
  organization: Organization,
  { language, name }: MailTextName,
  given: MailTextWords,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const words = kept(given)
    const faults = faultsOf(name, words)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const own = of(catalog, organization)
    const before = own.find((each) => each.name === name && each.language === language)
    if (before === undefined && own.length >= maxTexts) {
      return CatalogChange.conflict(
        "",
        "too_many",
        `the organization has ${maxTexts} texts of its own: delete one first`,
      )
    }
    const id = before?.id ?? (yield* context.random.uuidV7())
    const dateCreated = before?.dateCreated ?? now
    const dateUpdated = Math.max(now, (before?.dateUpdated ?? now - 1) + 1)
    const entry = { id, organization: organization.id, name, language, ...words, dateCreated, dateUpdated }
    return CatalogChange.prepared<ShownMailText>({ mailTexts: [entry] }, shown(entry, name))
  })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Deletes the words of an organization for a mail in a language: the mail has those that come with Assent again. */
export const remove = (
  organization: Organization,
  { language, name }: MailTextName,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<ShownMailText> | CatalogChange.RefusedChange => {
      const before = of(catalog, organization).find((each) => each.name === name && each.language === language)
      if (before === undefined) return CatalogChange.notFound
      const removed = { ...before, isRemoved: true, dateUpdated: Math.max(now, before.dateUpdated + 1) } as const
      return { _tag: "Prepared", entries: { mailTexts: [removed] }, value: shown(before, name) }
    })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Values for a mail that is not sent: every placeholder has one. */
const sampleOf = (
  { name, privacyPolicyUrl, timeZone }: Organization,
  now: Instant,
  publicUrl = "https://privacy.example",
): MailTemplate.MailValues => ({
  organization: name,
  project: "Example project",
  request: "view",
  requestId: "00000000-0000-7000-8000-000000000000",
  code: "12345678",
  link: `${publicUrl}/example`,
  expires: now + 24 * 60 * 60 * 1000,
  ...(timeZone !== undefined && { timeZone }),
  dueDate: new Date(now).toISOString().slice(0, 10),
  reason: "An example of a reason.",
  resolutionStatus: "partially_completed",
  resolution: "An example of an answer.",
  privacyPolicyUrl,
})

/** Writes a mail with words that are not kept, and sample values. */
export const preview = Effect.fnUntraced(function* (
  organization: Organization,
  { language, name }: MailTextName,
  given: MailTextWords,
  { mailSettings }: Pick<LedgerContext, "mailSettings">,
): Effect.fn.Return<CatalogChange.RefusedChange | { readonly _tag: "Preview"; readonly mail: MailTemplate.MailText }> {
  const words = kept(given)
  const faults = faultsOf(name, words)
  if (faults.length > 0) return CatalogChange.refusedFor(faults)
  const sample = sampleOf(organization, yield* Clock.currentTimeMillis, mailSettings.publicUrl)
  const mail = MailTemplate.write(name, ChosenWords.ofOwn({ language, ...words }, []), sample)
  return { _tag: "Preview", mail }
})
