/**
 * Addresses that a mail can be sent to or come from: `local@domain`, in ASCII.
 *
 * The grammar is the dot-atom of RFC 5322 (section 3.4.1) alone: no comments, quoting, groups, routes or literals. So
 * an address can be written into a header and into a command of SMTP as it is. The local part keeps its case, because
 * only the server behind it knows whether that counts (RFC 5321, section 2.4).
 */
import type { MailSender } from "../ledger/MailSettings.ts"
import * as DomainName from "../model/DomainName.ts"
import * as EmailAddress from "../model/EmailAddress.ts"

/** The most characters of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets). */
export const maxLength = 254

/** The most characters before the `@` (RFC 5321, section 4.5.3.1.1). */
const localMaxLength = 64

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const localPattern = new RegExp(`^${atom}(?:\\.${atom})*$`)

/** The address of a text, with its domain in ASCII; `undefined` for one that no mail can be sent to. */
export const parse = (text: string): string | undefined => {
  if (text.length > maxLength) return undefined
  const at = text.lastIndexOf("@")
  const local = text.slice(0, Math.max(at, 0))
  if (local.length > localMaxLength || !localPattern.test(local)) return undefined
  const domain = DomainName.toAscii(text.slice(at + 1))
  if (domain === undefined || !isHost(domain)) return undefined
  const address = `${local}@${domain}`
  return address.length > maxLength ? undefined : address
}

/** Whether every label of a domain name begins and ends with a letter or digit (RFC 5321, section 2.3.5). */
const isHost = (domain: string): boolean => domain.split(".").every((label) => /^[^-](?:.*[^-])?$/.test(label))

/**
 * The address of a text that a person has typed, which may have white space, `mailto:` or a name with `<…>` around it:
 * identity is compared without them, so mails are sent without them too.
 */
export const ofTyped = (text: string): string | undefined =>
  parse(text.trim()) ?? parse(EmailAddress.normalize(text) ?? "")

/** The most characters of the name of a sender. */
const nameMaxLength = 128

/** A sender, as `ADDRESS` or `NAME <ADDRESS>`; `undefined` for another text. */
export const parseSender = (text: string): MailSender | undefined => {
  const [, name = "", address = text] = /^([^<>"]*)<([^<>]*)>$/.exec(text.trim()) ?? []
  const parsed = parse(address.trim())
  const shown = name.trim()
  if (parsed === undefined || shown.length > nameMaxLength || /\p{C}/u.test(shown)) return undefined
  return { address: parsed, ...(shown !== "" && { name: shown }) }
}

/** The part of an address after the `@`. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1)
