/**
 * The option `mail` of `assent/open`: the mail server that mails are handed to, and what they have in common.
 */
import { Schema } from "effect"
import * as SmtpServer from "../../adapters/mail/SmtpServer.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as MailAddress from "../../core/mail/MailAddress.ts"
import type { MailOptions as Given } from "./OpenLedger.ts"

/** What is set of mails. */
export interface MailOption {
  readonly server: SmtpServer.SmtpServer
  readonly settings: MailSettings.MailSettings
}

/** A text that can be read. The message does not repeat it, because it may have a password in it. */
const readable = (read: (text: string) => unknown, expected: string) =>
  Schema.String.check(Schema.makeFilter((text) => read(text) !== undefined || `expected ${expected}`))

/** The members. */
export const Fields = Exchange.strict({
  smtpUrl: readable(SmtpServer.parse, SmtpServer.expected),
  from: readable(MailAddress.parseSender, "an address, such as Example <privacy@example.com>"),
  returnPath: Schema.optionalKey(readable(MailAddress.parse, "an address, such as bounces@example.com")),
  publicUrl: Schema.optionalKey(readable(MailSettings.parsePublicUrl, "a URL without a query")),
})

/** Reads the option, which {@link Fields} has accepted. */
export const read = ({ from, publicUrl, returnPath, smtpUrl }: Given): MailOption => ({
  server: SmtpServer.parse(smtpUrl)!,
  settings: {
    from: MailAddress.parseSender(from)!,
    ...(returnPath !== undefined && { returnPath: MailAddress.parse(returnPath)! }),
    ...(publicUrl !== undefined && { publicUrl: MailSettings.parsePublicUrl(publicUrl)! }),
  },
})
