/**
 * The languages in which mails are written.
 */
import * as LanguageLookup from "../model/LanguageLookup.ts"
import type { MailWords } from "./MailWords.ts"
import { words as de } from "./words/de.ts"
import { words as en } from "./words/en.ts"
import { words as es } from "./words/es.ts"
import { words as fr } from "./words/fr.ts"

/** The languages that come with Assent. */
export const all: ReadonlyArray<MailWords> = [en, de, fr, es]

/** The words of the first of the wanted languages that has some, or English. */
export const of = (wanted: ReadonlyArray<string>): MailWords => LanguageLookup.first(wanted, all) ?? en

/**
 * The first of the wanted languages in which a mail can be written, or the most wanted one. `own`: the words of the
 * organization.
 */
export const preferred = (
  wanted: ReadonlyArray<string>,
  own: ReadonlyArray<{ readonly language: string }>,
): string | undefined => wanted.find((tag) => LanguageLookup.find(tag, [...own, ...all]) !== undefined) ?? wanted[0]
