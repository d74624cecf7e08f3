/**
 * Hands mails to a mail server over SMTP, by Nodemailer.
 *
 * A mail is built of validated parts only, with an explicit envelope of one recipient. Options of Nodemailer by which a
 * mail could name a file, a URL or headers of its own are not used. Logs of Nodemailer are off, because they name
 * recipients.
 */
import { Effect, Layer } from "effect"
import type { SendMailOptions } from "nodemailer"
import { type MailAnswer, MailTransport, type OutgoingMail } from "../../core/ports/MailTransport.ts"
import * as MissingPackage from "../support/MissingPackage.ts"
import * as SmtpAnswer from "./SmtpAnswer.ts"
import type { SmtpServer } from "./SmtpServer.ts"

/** How long is waited for a mail server, in milliseconds. */
export interface SmtpTimeouts {
  /** For a connection, and then for its greeting. */
  readonly connect: number
  /** For the next reply. */
  readonly idle: number
  /** For a mail in all, however often the server says something. */
  readonly total: number
}

/** The times of the service. `total` is shorter than a claim of the outbox. */
export const timeouts: SmtpTimeouts = { connect: 10_000, idle: 60_000, total: 100_000 }

/** The most connections to the mail server at once. */
const maxConnections = 10

/** After how many mails, and after how long without one, a connection is closed. */
const maxMessages = 100
const idleTimeout = 10_000

const optionsOf = ({ host, isLoopback, isTls, password, port, user }: SmtpServer, { connect, idle }: SmtpTimeouts) => ({
  pool: true as const,
  maxConnections,
  maxMessages,
  maxRequeues: 1,
  idleTimeout,
  host,
  port,
  secure: isTls,
  // On this machine a certificate proves nothing, and often cannot be checked.
  requireTLS: !isTls && !isLoopback,
  ignoreTLS: !isTls && isLoopback,
  tls: { minVersion: "TLSv1.2" as const },
  // Without it a server that offers no AUTH would be sent mails without one.
  ...(user !== undefined && { auth: { user, pass: password }, forceAuth: true }),
  connectionTimeout: connect,
  dnsTimeout: connect,
  greetingTimeout: connect,
  socketTimeout: idle,
  disableFileAccess: true,
  disableUrlAccess: true,
  logger: false,
  xMailer: false as const,
})

/** A mail of Nodemailer: the same bytes for the same mail. */
export const messageOf = (mail: OutgoingMail): SendMailOptions => {
  const { date, from, html, language, messageId, returnPath, subject, text, to } = mail
  return {
    from: { address: from.address, name: from.name ?? "" },
    to: { address: to, name: "" },
    envelope: { from: returnPath ?? from.address, to: [to] },
    messageId: `<${messageId}>`,
    date,
    subject,
    text,
    html,
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "Content-Language": language,
    },
    textEncoding: "quoted-printable",
    // Otherwise it is random.
    baseBoundary: messageId.replaceAll(/[^A-Za-z0-9]/g, "").slice(0, 32),
  }
}

/** Loads Nodemailer, which only programs that send mails need. */
const load = Effect.promise(async () => {
  try {
    return await import("nodemailer")
  } catch (error) {
    const missing = MissingPackage.missingOf(["nodemailer"])
    throw missing.length === 0 ? error : new Error(`sending mails ${MissingPackage.reason(missing)}`)
  }
})

/** The transport to a mail server. Its connections are closed with its scope. */
export const layer = (server: SmtpServer, times: SmtpTimeouts = timeouts): Layer.Layer<MailTransport> =>
  Layer.effect(
    MailTransport,
    Effect.gen(function* () {
      const { createTransport } = yield* load
      const transport = yield* Effect.acquireRelease(
        Effect.sync(() => createTransport(optionsOf(server, times))),
        (own) => Effect.sync(() => own.close()),
      )
      const taken = (code: string): MailAnswer => ({ _tag: "Taken", code })
      const send = (mail: OutgoingMail): Effect.Effect<MailAnswer> =>
        Effect.tryPromise({
          try: (signal) =>
            transport.sendMail({
              ...messageOf(mail),
              signal: AbortSignal.any([signal, AbortSignal.timeout(times.total)]),
            }),
          catch: (error) => SmtpAnswer.of(error as SmtpAnswer.SmtpError),
        }).pipe(
          Effect.map(({ response }) => taken(response.slice(0, 3))),
          Effect.catch((answer) => Effect.succeed(answer)),
        )
      return { send }
    }),
  )
