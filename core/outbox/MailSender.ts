/**
 * Sends the mails of the outbox: hands each that is due to the mail server.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as RenderedMail from "../mail/RenderedMail.ts"
import * as MailAddress from "../mail/MailAddress.ts"
import type { MailAnswer, MailTransport, OutgoingMail } from "../ports/MailTransport.ts"
import type { StoredMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as MailEnding from "./MailEnding.ts"
import * as MailMeter from "./MailMeter.ts"
import * as OutboxLoop from "./OutboxLoop.ts"

/** How mails are sent. */
export interface MailSendingOptions {
  readonly transport: MailTransport["Service"]
}

/** The most mails that are sent at once. */
export const maxInFlight = 10

/** How long no mail is tried after the mail server refused this server; then always as long as the last. */
const refusalDelays = [60_000, 300_000, 900_000]

/** The mail server refuses this server. One mail at a time finds out whether it still does. */
interface Refusal {
  readonly tries: number
  readonly until: Instant
}

/** The state of a sender. */
interface Sender {
  readonly options: MailSendingOptions
  refusal: Refusal | undefined
}

/** A mail as it is handed over: the same at every try. `undefined`: it cannot be decrypted any more. */
const outgoingOf = Effect.fnUntraced(function* (stored: StoredMail, context: LedgerContext) {
  const { createdAt, id, key, lane, request, sealed } = stored
  if (sealed === undefined || key === undefined) return undefined
  const mail = yield* RenderedMail.open({ lane, request, mail: id }, sealed, key, context)
  if (mail === undefined) return undefined
  const { from: usual, returnPath = usual?.address } = context.mailSettings
  const { from = usual, html, language, subject, text, to } = mail
  if (from === undefined) return yield* Effect.die(new Error("mails are sent without a sender"))
  return {
    messageId: `${id}@${MailAddress.domainOf(from.address)}`,
    date: new Date(createdAt),
    from,
    ...(returnPath !== undefined && { returnPath }),
    to,
    subject,
    text,
    html,
    language,
  } satisfies OutgoingMail as OutgoingMail
})

/** Notes what an answer says about the mail server. */
const noteRefusal = Effect.fnUntraced(function* (sender: Sender, { _tag, code }: MailAnswer) {
  const before = sender.refusal
  if (_tag === "Misconfigured") {
    const tries = (before?.tries ?? 0) + 1
    const delay = refusalDelays[Math.min(tries, refusalDelays.length) - 1]!
    sender.refusal = { tries, until: (yield* Clock.currentTimeMillis) + delay }
    if (before === undefined) yield* MailMeter.beginRefusal(code)
  } else if (before !== undefined && _tag !== "Later") {
    sender.refusal = undefined
    yield* MailMeter.endRefusal
  }
})

/** Tries a mail, and says what is to be done about it. */
const attempt = Effect.fnUntraced(function* (
  sender: Sender,
  mail: StoredMail,
  context: LedgerContext,
): Effect.fn.Return<OutboxLoop.OutboxVerdict> {
  const opened = yield* Effect.option(outgoingOf(mail, context))
  if (opened._tag === "None") return yield* OutboxLoop.later(mail, "keys")
  const outgoing = opened.value
  if (outgoing === undefined) return OutboxLoop.failed("unreadable")
  const answer = yield* sender.options.transport.send(outgoing)
  yield* noteRefusal(sender, answer)
  if (answer._tag === "Taken") return { _tag: "Ended", to: "sent", outcome: answer.code }
  if (answer._tag === "Refused") return OutboxLoop.failed(answer.code)
  if (answer._tag === "Later") return yield* OutboxLoop.later(mail, answer.code)
  return { _tag: "Waits", dueAt: sender.refusal!.until, outcome: answer.code }
})

/** How many mails may be claimed now. */
const placesOf = ({ refusal }: Sender, inFlight: number, now: Instant): number => {
  if (refusal === undefined) return maxInFlight - inFlight
  return refusal.until <= now && inFlight === 0 ? 1 : 0
}

/** Writes the end of a mail with the fact of its request. */
const end = Effect.fnUntraced(function* (
  mail: StoredMail,
  ended: MailEnding.SendingEnd,
  context: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable> {
  const scope = MailEnding.scopeOf(yield* context.store.catalog.current, mail)
  // The catalog has not caught up: the mail is claimed again when its time is over.
  if (scope === undefined) return
  if (yield* MailEnding.write(scope, mail, ended, context)) yield* MailMeter.record(mail, ended.to, ended.outcome)
})

const make = (options: MailSendingOptions, context: LedgerContext): OutboxLoop.ChannelSender => {
  const sender: Sender = { options, refusal: undefined }
  return {
    channel: "mail",
    places: (inFlight, now) => placesOf(sender, inFlight, now),
    attempt: (mail) => attempt(sender, mail, context),
    end: (mail, ended) => end(mail, ended, context),
    noteWaiting: (mail, outcome) => MailMeter.record(mail, "later", outcome),
  }
}

/** Sends the mails that are due now, and waits for all of them. `context.mailSettings.from` must be set. */
export const pass = (options: MailSendingOptions, context: LedgerContext): Effect.Effect<void, StoreUnavailable> =>
  OutboxLoop.pass(make(options, context), context)

/** Sends mails until it is interrupted. `context.mailSettings.from` must be set. */
export const run = (options: MailSendingOptions, context: LedgerContext): Effect.Effect<never> =>
  OutboxLoop.run(make(options, context), context)
