/** A mail, and ways to hand it to a mail server over a socket. */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import * as SmtpServer from "../../adapters/mail/SmtpServer.ts"
import * as SmtpTransport from "../../adapters/mail/SmtpTransport.ts"
import { type MailAnswer, MailTransport, type OutgoingMail } from "../../core/ports/MailTransport.ts"

/** A mail with everything that SMTP and MIME have to escape. */
export const mail: OutgoingMail = {
  messageId: "0190f000-0000-7000-8000-000000000001@example.com",
  date: new Date(Date.UTC(2026, 10, 30, 12)),
  from: { address: "privacy@example.com", name: 'Müller, "x" <a>' },
  to: "jo@example.org",
  subject: "Ümläute: bitte bestätigen Sie Ihren Antrag",
  text: `Guten Tag Ü,\n\n.\n..\nFrom me\n${"lang ".repeat(100)}\n`,
  html: "<p>Ü &amp; ü</p>",
  language: "de",
}

/** Times after which a test is not waited for long. */
export const short: SmtpTransport.SmtpTimeouts = { connect: 300, idle: 300, total: 1500 }

/** A transport that a test closes. */
export interface OpenTransport {
  readonly send: (mail: OutgoingMail) => Promise<MailAnswer>
  readonly close: () => Promise<void>
}

/** Opens a transport to a server. `as` replaces what its URL says of it. */
export const open = async (
  url: string,
  times: SmtpTransport.SmtpTimeouts = SmtpTransport.timeouts,
  as: Partial<SmtpServer.SmtpServer> = {},
): Promise<OpenTransport> => {
  const scope = Scope.makeUnsafe()
  const layer = SmtpTransport.layer({ ...SmtpServer.parse(url)!, ...as }, times)
  const { send } = Context.get(await Effect.runPromise(Layer.buildWithScope(layer, scope)), MailTransport)
  return {
    send: (each) => Effect.runPromise(send(each)),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** Hands over one mail over a connection of its own. */
export const sendOnce = async (...given: Parameters<typeof open>): Promise<MailAnswer> => {
  const transport = await open(...given)
  const answer = await transport.send(mail)
  await transport.close()
  return answer
}
