/**
 * Sends the mails of the ledger as long as the service runs, and counts those that wait for the metrics.
 */
import { Effect, Layer, Option, Schedule } from "effect"
import type * as MailSettings from "../../core/ledger/MailSettings.ts"
import { Ledger } from "../../core/Ledger.ts"
import { MailTransport } from "../../core/ports/MailTransport.ts"
import type * as SmtpServer from "../../adapters/mail/SmtpServer.ts"

/** What is set of mails. */
export interface MailVariables {
  /** Left out: mails wait. */
  readonly smtpUrl: SmtpServer.SmtpServer | undefined
  readonly mailFrom: MailSettings.MailSender | undefined
  readonly mailReturnPath: string | undefined
  readonly publicUrl: string | undefined
}

/** The settings of mails as the ledger takes them. */
export const settingsOf = ({ mailFrom, mailReturnPath, publicUrl }: MailVariables): MailSettings.MailSettings => ({
  ...(mailFrom !== undefined && { from: mailFrom }),
  ...(mailReturnPath !== undefined && { returnPath: mailReturnPath }),
  ...(publicUrl !== undefined && { publicUrl }),
})

/** How often the mails that wait are counted. */
const interval = "15 seconds"

/** Counts until the scope closes. */
export const measure = Effect.gen(function* () {
  const { isReplica, mails } = yield* Ledger
  // A store that does not answer is reported by the requests that need it.
  if (!isReplica) yield* Effect.forkScoped(Effect.repeat(Effect.ignore(mails.measure), Schedule.spaced(interval)))
}).pipe(Effect.withTracerEnabled(false))

/** The transport to a mail server. Its packages are loaded only where mails are sent. */
export const transport = (server: SmtpServer.SmtpServer): Layer.Layer<MailTransport> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("../../adapters/mail/SmtpTransport.ts")),
      (SmtpTransport) => SmtpTransport.layer(server),
    ),
  )

/** Sends until the scope closes, and then finishes what is under way. Not without a transport. */
export const send = Effect.gen(function* () {
  const found = yield* Effect.serviceOption(MailTransport)
  if (Option.isNone(found)) return
  const { mails } = yield* Ledger
  yield* Effect.forkScoped(mails.run({ transport: found.value }))
}).pipe(Effect.withTracerEnabled(false))
