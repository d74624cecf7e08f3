/**
 * Names of files, as they are sent and as they are shown.
 *
 * A name is kept in its composed form (NFC, Unicode Standard Annex 15). It may hold marks that change the direction of
 * text or cannot be seen, because some languages need them; where it is shown they are escaped, so that
 * `invoice<U+202E>fdp.exe` cannot look like another name.
 */
import { areVisible } from "../../model/VisibleCharacters.ts"

/** The most characters of a name, in UTF-16 code units. */
export const maxLength = 255

/** Control characters, separators of folders, and separators of lines. */
const refused = /[\p{Cc}/\\\u2028\u2029]/u

/** The name in its composed form; `undefined` if it is not one. */
export const parse = (text: string): string | undefined => {
  if (!text.isWellFormed()) return undefined
  const name = text.normalize("NFC")
  const isName = name.length >= 1 && name.length <= maxLength && name.trim() !== "" && !refused.test(name)
  return isName ? name : undefined
}

/** What a name must be. */
export const expected = `1 to ${maxLength} characters, without control characters, / and \\`

/** The extension in lower case, without its dot; empty if the name has none. */
export const extensionOf = (name: string): string => {
  const dot = name.lastIndexOf(".")
  return dot === -1 ? "" : name.slice(dot + 1).toLowerCase()
}

/** Each character that cannot be seen, other than a space, replaced. */
const replaceHidden = (name: string, by: (codePoint: number) => string): string =>
  [...name].map((each) => (each === " " || areVisible(each) ? each : by(each.codePointAt(0)!))).join("")

/** The name as it is shown: a character that cannot be seen as its code point, which no name can contain otherwise. */
export const shown = (name: string): string => replaceHidden(name, (codePoint) => `\\u{${codePoint.toString(16)}}`)

/** The characters of `attr-char` (RFC 8187, section 3.2.1), which need no escape. `encodeURIComponent` leaves more. */
const notAttrChar = /['()*]/g

/**
 * The name as the value of `Content-Disposition` (RFC 6266): an attachment, never shown in place. A character that
 * cannot be seen is an underscore.
 */
export const disposition = (name: string): string => {
  const visible = replaceHidden(name, () => "_")
  const ascii = visible.replaceAll(/[^ !#-[\]-~]/g, "_")
  const encoded = encodeURIComponent(visible).replaceAll(
    notAttrChar,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
