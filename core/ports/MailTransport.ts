/**
 * The port to a mail server: hands over one mail to one recipient.
 */
import { Context, type Effect } from "effect"

/** A mail as it is handed over: the same at every try, byte for byte. */
export interface OutgoingMail {
  /** Without angle brackets: `<id of the mail>@<domain of the sender>`. */
  readonly messageId: string
  /** The `Date` header. */
  readonly date: Date
  readonly from: { readonly address: string; readonly name?: string }
  /** The sender of the envelope, that bounces go to; left out: `from`. */
  readonly returnPath?: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** BCP 47. */
  readonly language: string
}

/**
 * What became of a try. `code`: the SMTP reply code, or `dns`, `connect`, `tls`, `timeout`, `reset`; nothing of the
 * server's words.
 *
 * - `Taken`: the server has taken the mail.
 * - `Later`: it was not taken, or that is not known: to be tried again.
 * - `Refused`: the server refuses this recipient or this mail for good.
 * - `Misconfigured`: the server refuses us: credentials, sender or certificate. Every mail would meet the same.
 */
export type MailAnswer = {
  readonly _tag: "Taken" | "Later" | "Refused" | "Misconfigured"
  readonly code: string
}

/** Hands mails over. No failure is an error of the Effect: a try always has an answer. */
export class MailTransport extends Context.Service<
  MailTransport,
  { readonly send: (mail: OutgoingMail) => Effect.Effect<MailAnswer> }
>()("assent/ports/MailTransport") {}
