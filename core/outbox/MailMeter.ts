/**
 * Measures mails, and logs what an operator has to know of them. A line names a mail by its id: no address, subject or
 * words of a mail server, because these are personal.
 */
import { Clock, Effect, Metric } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ListedMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

const tries = Metric.counter("assent_mails_total", {
  description: "Tries to send a mail, by template and outcome: sent, failed for good, or later again.",
  incremental: true,
})
const waiting = Metric.gauge("assent_mails_waiting", { description: "Mails of all organizations that wait." })
const oldest = Metric.gauge("assent_mails_oldest_seconds", {
  description: "How long the mail that has waited longest has waited; 0 if none waits.",
})
const failed = Metric.gauge("assent_mails_failed", {
  description: "Mails of all organizations that failed and were neither sent again nor cancelled.",
})
const refused = Metric.gauge("assent_mail_server_refuses", {
  description: "1 while the mail server refuses this server: its credentials, its sender, or its own certificate.",
})

/** What became of a try. */
export type MailTryOutcome = "sent" | "failed" | "later"

/** The metrics of tries exist before the first, so that a reader does not treat them as missing. */
const begin = Effect.gen(function* () {
  for (const outcome of ["sent", "failed", "later"]) {
    yield* Metric.update(Metric.withAttributes(tries, { template: "received", outcome }), 0)
  }
  yield* Metric.value(refused)
})

/** Counts the mails of the store. */
export const measure = Effect.fnUntraced(function* ({
  store,
}: Pick<LedgerContext, "store">): Effect.fn.Return<void, StoreUnavailable> {
  yield* begin
  const counts = yield* store.outbox.counts("mail")
  const now = yield* Clock.currentTimeMillis
  yield* Metric.update(waiting, counts.waiting)
  yield* Metric.update(failed, counts.failed)
  yield* Metric.update(oldest, counts.oldestAt === undefined ? 0 : Math.max(0, now - counts.oldestAt) / 1000)
})

/** Counts a try. One that failed for good is logged. */
export const record = Effect.fnUntraced(function* (
  { id, template }: Pick<ListedMail, "id" | "template">,
  outcome: MailTryOutcome,
  code: string,
) {
  yield* Metric.update(Metric.withAttributes(tries, { template, outcome }), 1)
  if (outcome === "failed") yield* Effect.logWarning("a mail was not sent", { mail: id, template, code })
})

/** Notes that the mail server refuses this server: every mail waits. Logged once. */
export const beginRefusal = Effect.fnUntraced(function* (code: string) {
  yield* Metric.update(refused, 1)
  yield* Effect.logWarning(
    "the mail server refuses this server, so all mails wait: look at ASSENT_SMTP_URL and ASSENT_MAIL_FROM",
    { code },
  )
})

/** Notes that it does not any more. */
export const endRefusal = Effect.andThen(Metric.update(refused, 0), Effect.logInfo("mails are sent again"))
