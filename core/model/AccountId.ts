/**
 * Account identifiers, `userId` and `projectUserId`, in the form in which they are compared (semantics, section 5).
 */
import * as VisibleCharacters from "./VisibleCharacters.ts"

/** The most code points of an account identifier. */
export const maxLength = 256

/** Texts of white space alone, which programs hash where they have no id. */
const blanks = ["", " ", "\t", "\n", "\r\n", "\u00A0"]

/** What programs write where they have no id, in lower case. */
const words = [
  ...blanks,
  ..."undefined null nil none nan n/a na unknown anonymous guest true false 0 -1".split(" "),
  "[object object]",
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
]

const placeholderWords: ReadonlySet<string> = new Set(words)

/** A number that a spreadsheet has shortened, such as `1.23457E+15`: other ids have the same form. */
const scientific = /^[+-]?\d+(?:[.,]\d+)?e[+-]\d+$/i

const longestWord = Math.max(...words.map(({ length }) => length))

/** Whether a text stands for the lack of an identifier. The same one comes from different people. */
export const isPlaceholder = (text: string): boolean =>
  (text.length <= longestWord && placeholderWords.has(text.toLowerCase())) || scientific.test(text)

/** The placeholders in the spellings in which programs write them. */
export const placeholders: ReadonlyArray<string> = [
  ...new Set(words.flatMap((word) => [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)])),
  ...["NaN", "N/a", "[object Object]"],
]

/** A normalized identifier of ASCII, or a placeholder; the fast path. */
const plain = /^[!-~](?:[ -~]{0,254}[!-~])?$/

const normalizeUnicode = (value: string): string | undefined => {
  const id = VisibleCharacters.trim(value.normalize("NFC"))
  const isReadable = id !== "" && VisibleCharacters.areVisible(id.replaceAll(" ", ""))
  return isReadable && [...id].length <= maxLength ? id : undefined
}

/**
 * The normalized form of an account identifier: composed, without white space around it. `undefined` for a placeholder,
 * and for a text with characters that cannot be seen, because two such ids look the same. A plain space is allowed
 * inside.
 */
export const normalize = (value: string): string | undefined => {
  const id = plain.test(value) ? value : normalizeUnicode(value)
  return id === undefined || isPlaceholder(id) ? undefined : id
}

/** The forms in which normalization 1 kept spellings of a normalized account identifier. */
export const earlierForms = (id: string): ReadonlyArray<string> => [id.normalize("NFD")]
