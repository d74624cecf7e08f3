/**
 * Domain names in ASCII, so that all forms of one domain are compared as one text (UTS 46, revision of Unicode 16).
 *
 * The mapping comes from `tr46`, pinned to the version with the tables of Unicode 16, because another table could give
 * another hash for an address that is kept already. It is no table of the platform, so that Node and browsers agree.
 */
import { toASCII } from "tr46"

/**
 * Not transitional, and with the rules of STD3, so that `_`, `%` and other signs that no host name has are refused. As
 * in the URL standard, hyphens may stand anywhere, because names such as `r3---sn.example.com` are in use.
 */
const options = { useSTD3ASCIIRules: true, checkBidi: true, checkJoiners: true, transitionalProcessing: false }

/** The most characters of a domain name. */
export const maxLength = 253

/**
 * The most UTF-16 code units of a label that can become 63 characters: canonical composition makes at most three
 * characters one, and each has at most two code units.
 */
const labelMaxLength = 3 * 2 * 63

/** Labels of 1 to 63 letters, digits and hyphens, and 253 characters in all (RFC 1035, section 2.3.4). */
const pattern = /^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/

const ascii = /^[a-z0-9.-]*$/i

const withoutTrailingDot = (domain: string): string => (domain.endsWith(".") ? domain.slice(0, -1) : domain)

/**
 * A domain name in lower-case ASCII without one trailing dot; `undefined` for a text that is not a domain name. Unicode
 * labels become punycode (`xn--`), and punycode labels must be what their Unicode form becomes.
 */
export const toAscii = (domain: string): string | undefined => {
  // The work of punycode grows with the square of the length.
  if (domain.split(".").some(({ length }) => length > labelMaxLength)) return undefined
  // UTS 46 changes nothing else in ASCII without punycode.
  const isPlain = ascii.test(domain) && !/xn--/i.test(domain)
  const name = isPlain ? domain.toLowerCase() : toASCII(domain, options)
  const bare = name === null ? "" : withoutTrailingDot(name)
  return pattern.test(bare) ? bare : undefined
}
