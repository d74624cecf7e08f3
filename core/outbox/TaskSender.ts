/**
 * Hands tasks of compliance requests to the connectors of data systems: a POST that is signed as Standard Webhooks
 * says, to the URL that the connector has now. What comes back is not read, but for its status.
 */
import { Clock, Effect } from "effect"
import type { TaskMessage } from "../connectors/TaskMessage.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as OutboxSeal from "../ledger/OutboxSeal.ts"
import type * as Catalog from "../model/Catalog.ts"
import type { Outbound } from "../ports/Outbound.ts"
import type { StoredMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Delivery from "../webhooks/Delivery.ts"
import * as Secrets from "../webhooks/Secrets.ts"
import * as MailEnding from "./MailEnding.ts"
import * as OutboxLoop from "./OutboxLoop.ts"
import * as TaskMeter from "./TaskMeter.ts"

/** How tasks are sent. */
export interface TaskSendingOptions {
  readonly outbound: Outbound["Service"]
}

/** The most tasks that are sent at once. */
const maxInFlight = 10

/** What a row says; `undefined`: it cannot be decrypted any more. */
export const open = ({ id, key, lane, request, sealed }: StoredMail, context: LedgerContext) =>
  sealed === undefined || key === undefined
    ? Effect.succeed(undefined)
    : OutboxSeal.open<TaskMessage>({ lane, request, mail: id }, sealed, key, context)

/** One POST to a connector. */
const post = Effect.fnUntraced(function* (
  { organization }: Catalog.ProjectScope,
  message: TaskMessage,
  { id }: StoredMail,
  { outbound }: TaskSendingOptions,
  context: LedgerContext,
) {
  const catalog = yield* context.store.catalog.current
  const system = catalog.dataSystems.get(organization.id)?.find((each) => each.id === message.dataSystem)
  const connector = system?.connector
  // Its task waits for staff.
  if (connector === undefined || !connector.isActive) return undefined
  const now = yield* Clock.currentTimeMillis
  const timestamp = Math.floor(now / 1000)
  const signing: Secrets.Signing = { ...connector, id: message.dataSystem, scheme: "hmac" }
  const keys = yield* Secrets.keysOf(organization, signing, context)
  const isBoth = connector.overlapUntil !== undefined && now < connector.overlapUntil
  const signature = outbound.sign(isBoth ? keys : keys.slice(0, 1), id, timestamp, message.body)
  const headers = Delivery.headersOf({ id, timestamp }, signature)
  return yield* outbound.send({ url: connector.url, headers, body: message.body })
})

/** Tries a task, and says what is to be done about it. */
const attempt = Effect.fnUntraced(function* (
  options: TaskSendingOptions,
  row: StoredMail,
  context: LedgerContext,
): Effect.fn.Return<OutboxLoop.OutboxVerdict, StoreUnavailable> {
  const scope = MailEnding.scopeOf(yield* context.store.catalog.current, row)
  if (scope === undefined) return yield* OutboxLoop.later(row, "catalog")
  const opened = yield* Effect.option(open(row, context))
  if (opened._tag === "None") return yield* OutboxLoop.later(row, "keys")
  if (opened.value === undefined) return OutboxLoop.failed("unreadable")
  const answer = yield* post(scope, opened.value, row, options, context)
  if (answer === undefined) return OutboxLoop.failed("no_connector")
  if (answer._tag === "Failed") return yield* OutboxLoop.later(row, answer.failure)
  const outcome = String(answer.status)
  const isTaken = answer.status >= 200 && answer.status < 300
  return isTaken ? { _tag: "Ended", to: "sent", outcome } : yield* OutboxLoop.later(row, outcome)
})

/** Writes the end of a task with the fact of its request. */
const end = Effect.fnUntraced(function* (
  row: StoredMail,
  ended: MailEnding.SendingEnd,
  context: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable> {
  const scope = MailEnding.scopeOf(yield* context.store.catalog.current, row)
  // The catalog has not caught up: the task is claimed again when its time is over.
  if (scope === undefined) return
  if (yield* MailEnding.write(scope, row, ended, context)) yield* TaskMeter.record(row, ended.to, ended.outcome)
})

const make = (options: TaskSendingOptions, context: LedgerContext): OutboxLoop.ChannelSender => ({
  channel: "task",
  places: (inFlight) => maxInFlight - inFlight,
  attempt: (row) =>
    Effect.catchTag(attempt(options, row, context), "StoreUnavailable", () => OutboxLoop.later(row, "store")),
  end: (row, ended) => end(row, ended, context),
  noteWaiting: (row, outcome) => TaskMeter.record(row, "later", outcome),
})

/** Sends the tasks that are due now, and waits for all of them. */
export const pass = (options: TaskSendingOptions, context: LedgerContext): Effect.Effect<void, StoreUnavailable> =>
  OutboxLoop.pass(make(options, context), context)

/** Sends tasks until it is interrupted. */
export const run = (options: TaskSendingOptions, context: LedgerContext): Effect.Effect<never> =>
  OutboxLoop.run(make(options, context), context)
