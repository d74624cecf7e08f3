/**
 * E-mail addresses in the form in which they are compared (semantics, section 5).
 *
 * What mail programs, forms and clipboards put around an address is taken off, and the spellings of one mailbox become
 * one text. What is not an address then is refused, because a refusal under an address that belongs to no one would be
 * lost.
 */
import { toUnicode } from "tr46"
import * as DomainName from "./DomainName.ts"
import * as VisibleCharacters from "./VisibleCharacters.ts"

/** The most characters of an address as it is sent, with everything that is taken off. */
const maxLength = 512

/** Decodes the escapes of ASCII characters (RFC 6068, section 5). */
const withoutEscapes = (text: string): string =>
  text.replace(/%[0-7][0-9a-f]/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))

const scheme = /mailto:/iy

/** Whether a `mailto:` URI (RFC 6068) begins at a place. */
const hasScheme = (text: string, at: number): boolean => {
  scheme.lastIndex = at
  return scheme.test(text)
}

/** The end of a display name (RFC 5322, section 3.4): of quoted text, and of text without angle brackets. */
const display = /(?:"(?:[^"\\]|\\.)*"|[^"<>])*(?=<)/sy

/** Whether the text before an address is another address, so that the whole is a list and not one address. */
const isList = (before: string): boolean => {
  const unquoted = before.replace(/"(?:[^"\\]|\\.)*"/gs, "")
  return unquoted.includes("@") && /[,;]/.test(unquoted)
}

/** The place of the angle bracket that opens after the display name that begins at a place, if there is one. */
const openingBracket = (text: string, at: number): number | undefined => {
  display.lastIndex = at
  const before = display.exec(text)?.[0]
  return before === undefined || isList(before) ? undefined : at + before.length
}

/**
 * An address without white space, `mailto:` and `<…>` around it, however often these stand around each other. The
 * outermost one is taken off first. Reads each character once, except where a URI stands in a URI.
 */
const unwrap = (given: string): string => {
  let text = given
  let start = 0
  let end = given.length
  for (;;) {
    while (start < end && VisibleCharacters.isWhiteSpace(text[start]!)) start++
    while (start < end && VisibleCharacters.isWhiteSpace(text[end - 1]!)) end--
    if (hasScheme(text, start)) {
      const [address] = text.slice(start + "mailto:".length, end).split("?", 1)
      text = withoutEscapes(address!).normalize("NFC")
      start = 0
      end = text.length
      continue
    }
    const open = text[end - 1] === ">" ? openingBracket(text, start) : undefined
    if (open === undefined || open >= end) return text.slice(start, end)
    start = open + 1
    end--
  }
}

/**
 * Lower case, character by character, so that the case of one letter never depends on its neighbours. A letter whose
 * lower case the table does not have stays as it is, because older platforms do not know it.
 */
const lowerCase = (text: string): string =>
  Array.from(text, (character) => {
    const lower = character.toLowerCase()
    return VisibleCharacters.areVisible(lower) ? lower : character
  }).join("")

/** The characters that have a meaning around addresses (RFC 5322, section 3.2.3), and `%`. */
const special = /[()<>[\],;:"\\%]/

/** An address of ASCII without punycode that becomes its normalized form in lower case; the fast path. */
const plain = /^[a-z0-9!#$&'*+/=?^_`{|}~.-]+@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/i

const isPlain = (value: string): boolean =>
  value.length <= DomainName.maxLength && plain.test(value) && !/[@.]xn--/i.test(value)

/** The normalized form of an address; `undefined` for a text that is not an address. */
export const normalize = (value: string): string | undefined => {
  if (isPlain(value)) return value.toLowerCase()
  if (value.length > maxLength) return undefined
  const address = unwrap(value.normalize("NFC"))
  if (special.test(address) || !VisibleCharacters.areVisible(address)) return undefined
  const [local, domain, ...others] = address.split("@")
  if (local === undefined || local === "" || domain === undefined || others.length > 0) return undefined
  const ascii = DomainName.toAscii(domain)
  return ascii === undefined ? undefined : `${lowerCase(local).normalize("NFC")}@${ascii}`
}

/** An address in the form of normalization 1; `undefined` for a text that it refused. */
export const normalize1 = (value: string): string | undefined => {
  if (value.length > maxLength) return undefined
  const address = value.trim().toLowerCase()
  return /^[^\s@]+@[^\s@]+$/.test(address) ? address : undefined
}

/**
 * The forms in which normalization 1 kept spellings of a normalized address: composed and decomposed, with the domain
 * in ASCII and in Unicode, in angle brackets, after `mailto:`, and with a trailing dot.
 */
export const earlierForms = (address: string): ReadonlyArray<string> => {
  const [local = "", domain = ""] = address.split("@")
  const locals = [local, local.normalize("NFD")]
  const unicode = domain.includes("xn--") ? toUnicode(domain).domain : domain
  const domains = [domain, unicode, unicode.normalize("NFD")]
  const addresses = new Set(locals.flatMap((each) => domains.map((other) => `${each}@${other}`)))
  return [...addresses].flatMap((each) => [each, `<${each}>`, `mailto:${each}`, `${each}.`])
}
