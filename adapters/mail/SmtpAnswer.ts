/**
 * What an error of Nodemailer says about a mail: RFC 5321 (section 4.2.1) has a reply of 4yz mean "later", and one of
 * 5yz "never". Where "never" is about the sender and not about the mail, all mails would meet the same.
 */
import type { MailAnswer } from "../../core/ports/MailTransport.ts"

/** The parts of an error of Nodemailer that say what happened. Its message repeats the words of the server. */
export interface SmtpError {
  readonly code?: unknown
  readonly originalCode?: unknown
  readonly command?: unknown
  readonly responseCode?: unknown
}

/** Errors of OpenSSL and Node.js about a certificate, or about the protocol of TLS. */
const tls = /^(?:ERR_(?:TLS|SSL)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO$)/

/** The kinds of failure in which no reply says what happened. */
const kindOf = ({ code, originalCode }: SmtpError): string => {
  if (code === "EDNS") return "dns"
  if (code === "ETLS") return "tls"
  if (code === "ETIMEDOUT" || code === "EABORT") return "timeout"
  if (typeof originalCode === "string" && ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"].includes(originalCode))
    return "connect"
  return "reset"
}

/** 503 says that commands came in a wrong order, so the mail can be taken over another connection. */
const isPermanent = (reply: number): boolean => reply >= 500 && reply < 600 && reply !== 503

/** The commands in which a mail server says no to one recipient or one mail. */
const ofMail: ReadonlySet<unknown> = new Set(["RCPT TO", "DATA"])

/** The replies that ask for a login, whatever command they answer (RFC 4954, section 6). */
const ofLogin: ReadonlySet<number> = new Set([530, 534, 535, 538])

/** What an error means. */
export const of = (error: SmtpError): MailAnswer => {
  const { code, command, originalCode, responseCode } = error
  if (typeof originalCode === "string" && tls.test(originalCode)) return { _tag: "Misconfigured", code: "tls" }
  if (typeof responseCode !== "number") {
    if (code === "EAUTH" || code === "ENOAUTH") return { _tag: "Misconfigured", code: "auth" }
    return { _tag: "Later", code: kindOf(error) }
  }
  const reply = String(responseCode)
  if (!isPermanent(responseCode)) return { _tag: "Later", code: reply }
  return { _tag: ofMail.has(command) && !ofLogin.has(responseCode) ? "Refused" : "Misconfigured", code: reply }
}
