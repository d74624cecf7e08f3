/**
 * The loop that takes what is in the outbox: claims what is due, tries each, and writes what became of it.
 *
 * Every server that writes does so at once with the others: a claim gives a mail to one of them for two minutes, which
 * is longer than a try takes. So each mail is handed over at least once or fails. It is handed over twice only where a
 * server stopped between the answer and its own note of it; both times it has the same bytes and the same id. Tasks for
 * data systems are taken in the same way.
 */
import { Clock, Effect, Exit, Random, Schedule, Scope } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { OutboxChannel, StoredMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as MailRetries from "./MailRetries.ts"

/** What is to be done about a mail after a try, or instead of one. */
export type OutboxVerdict =
  | { readonly _tag: "Ended"; readonly to: "sent" | "failed"; readonly outcome: string }
  | { readonly _tag: "Waits"; readonly dueAt: Instant; readonly outcome: string }

/** What is particular to a channel. */
export interface ChannelSender {
  readonly channel: OutboxChannel
  /** How many may be claimed now, while some are under way. */
  readonly places: (inFlight: number, now: Instant) => number
  /** Tries a mail, and says what is to be done about it. */
  readonly attempt: (mail: StoredMail) => Effect.Effect<OutboxVerdict>
  /** Writes the end of a mail. Nothing is written where it is not as it was claimed any more. */
  readonly end: (
    mail: StoredMail,
    verdict: Extract<OutboxVerdict, { readonly _tag: "Ended" }>,
  ) => Effect.Effect<void, StoreUnavailable>
  /** Notes that a mail waits again. */
  readonly noteWaiting: (mail: StoredMail, outcome: string) => Effect.Effect<void>
}

/** For how long a claimed mail is this server's, in milliseconds: longer than any try. */
export const claimMillis = 120_000

/** How often the outbox is looked at, in milliseconds: a code is waited for. */
const lookMillis = 1000

/** How long what is under way is waited for when the server ends, in milliseconds. */
const drainMillis = 5000

/** The state of a loop. */
interface Loop {
  readonly sender: ChannelSender
  readonly scope: Scope.Scope
  inFlight: number
  wake: (() => void) | undefined
}

/** Nothing more is done about a mail. */
export const failed = (outcome: string): OutboxVerdict => ({ _tag: "Ended", to: "failed", outcome })

/** A mail is tried again, unless its end comes first. */
export const later = Effect.fnUntraced(function* (mail: StoredMail, outcome: string) {
  const now = yield* Clock.currentTimeMillis
  const dueAt = MailRetries.nextAt(mail, now, yield* Random.next)
  return dueAt === undefined ? failed(outcome) : ({ _tag: "Waits", dueAt, outcome } satisfies OutboxVerdict)
})

/** Writes what is to be done about a mail. */
const settle = Effect.fnUntraced(function* (
  { end, noteWaiting }: ChannelSender,
  mail: StoredMail,
  verdict: OutboxVerdict,
  context: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable> {
  if (verdict._tag === "Ended") return yield* end(mail, verdict)
  const { endsAt, id, lane, state, tries } = mail
  const { dueAt, outcome } = verdict
  yield* context.store.outbox.postpone({ id, lane, state, tries }, { dueAt, endsAt, outcome })
  yield* noteWaiting(mail, outcome)
})

/** While the store is away, what became of a mail is written again until another server may claim it. */
const untilClaimable = Schedule.spaced(lookMillis).pipe(Schedule.upTo({ duration: claimMillis / 2 }))

/** Takes one mail that was claimed. */
const take = Effect.fnUntraced(function* (sender: ChannelSender, mail: StoredMail, context: LedgerContext) {
  const isOver = mail.endsAt <= (yield* Clock.currentTimeMillis)
  const verdict = isOver ? failed("expired") : yield* sender.attempt(mail)
  const settling = Effect.uninterruptible(settle(sender, mail, verdict, context))
  yield* Effect.ignore(Effect.retry(settling, untilClaimable))
})

/** Done when a mail that is under way is over. */
const oneOver = (loop: Loop): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    loop.wake = () => resume(Effect.void)
    return Effect.sync(() => {
      loop.wake = undefined
    })
  })

/** Claims mails and begins to take them. Returns whether there may be more that can be claimed now. */
const begin = Effect.fnUntraced(function* (loop: Loop, context: LedgerContext) {
  const { scope, sender } = loop
  const now = yield* Clock.currentTimeMillis
  const places = sender.places(loop.inFlight, now)
  const claim = context.store.outbox.claim(sender.channel, now, now + claimMillis, places)
  const mails = places <= 0 ? [] : yield* claim
  for (const mail of mails) {
    loop.inFlight++
    const done = Effect.sync(() => {
      loop.inFlight--
      loop.wake?.()
    })
    yield* Effect.forkIn(Effect.ensuring(take(sender, mail, context), done), scope)
  }
  return mails.length > 0 && mails.length === places
})

/** Has what is under way finish, and ends it. */
const drain = Effect.fnUntraced(function* (loop: Loop, scope: Scope.Closeable) {
  const finish = Effect.repeat(Effect.sleep(20), { until: () => loop.inFlight === 0 })
  yield* Effect.timeoutOption(loop.inFlight === 0 ? Effect.void : finish, drainMillis)
  yield* Scope.close(scope, Exit.void)
})

/** Takes what is due now, and waits for all of it. */
export const pass = (sender: ChannelSender, context: LedgerContext): Effect.Effect<void, StoreUnavailable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const loop: Loop = { sender, scope: yield* Effect.scope, inFlight: 0, wake: undefined }
      for (;;) {
        if (yield* begin(loop, context)) continue
        if (loop.inFlight === 0) return
        yield* oneOver(loop)
      }
    }),
  )

/** Takes what is due until it is interrupted. */
export const run = Effect.fnUntraced(function* (
  sender: ChannelSender,
  context: LedgerContext,
): Effect.fn.Return<never> {
  const scope = yield* Scope.make()
  const loop: Loop = { sender, scope, inFlight: 0, wake: undefined }
  const turn = Effect.gen(function* () {
    if (yield* begin(loop, context)) return
    yield* Effect.raceFirst(Effect.sleep(lookMillis), oneOver(loop))
  })
  const once = Effect.catchTag(turn, "StoreUnavailable", ({ reason }) =>
    Effect.andThen(Effect.logDebug(`the outbox is looked at again in a second: ${reason}`), Effect.sleep(lookMillis)),
  )
  return yield* Effect.ensuring(Effect.forever(once), drain(loop, scope))
})
