/**
 * The words that a mail is written with: those of the organization for it, or those that come with Assent, in the best
 * language that there is.
 */
import * as LanguageLookup from "../model/LanguageLookup.ts"
import type { OwnMailText } from "../model/OwnMailText.ts"
import * as MailLanguages from "./MailLanguages.ts"
import * as MailPlaceholders from "./MailPlaceholders.ts"
import type { MailTemplate, MailWords, TemplateWords } from "./MailWords.ts"

/** The words of one mail. */
export interface ChosenWords extends TemplateWords, Pick<MailWords, "direction" | "language"> {
  /** What placeholders and the lines below a mail say: in the same language, or in the next one that there is. */
  readonly words: MailWords
}

/** The scripts that are written from right to left (ISO 15924), of languages that are written today. */
const rightToLeft = new Set(["Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"])

const directionOf = (language: string): MailWords["direction"] =>
  rightToLeft.has(new Intl.Locale(language).maximize().script ?? "") ? "rtl" : "ltr"

/** The words of an organization. `wanted`: where the rest of the mail is looked up, after the language itself. */
export const ofOwn = (
  { language, subject, text }: Pick<OwnMailText, "language" | "subject" | "text">,
  wanted: ReadonlyArray<string>,
): ChosenWords => ({
  language,
  direction: directionOf(language),
  subject,
  paragraphs: MailPlaceholders.paragraphsOf(text),
  words: MailLanguages.of([language, ...wanted]),
})

const ofShipped = (template: MailTemplate, words: MailWords): ChosenWords => ({
  language: words.language,
  direction: words.direction,
  ...words.templates[template],
  words,
})

/** The words in the first of the wanted languages that has some, or in English. Own words come before shipped ones. */
export const choose = (
  template: MailTemplate,
  wanted: ReadonlyArray<string>,
  own: ReadonlyArray<OwnMailText>,
): ChosenWords => {
  const all = [...own.filter(({ name }) => name === template), ...MailLanguages.all]
  const found = LanguageLookup.first([...wanted, "en"], all) ?? MailLanguages.of([])
  return "templates" in found ? ofShipped(template, found) : ofOwn(found, wanted)
}
