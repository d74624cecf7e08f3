/**
 * The languages in which access packages are written.
 */
import * as LanguageLookup from "../model/LanguageLookup.ts"
import type { PackageWords } from "./PackageWords.ts"
import { words as de } from "./words/de.ts"
import { words as en } from "./words/en.ts"
import { words as es } from "./words/es.ts"
import { words as fr } from "./words/fr.ts"

/** The languages that come with Assent. */
export const all: ReadonlyArray<PackageWords> = [en, de, fr, es]

/** The words of the first of the wanted languages that has some, or English. */
export const of = (wanted: ReadonlyArray<string>): PackageWords => LanguageLookup.first(wanted, all) ?? en
