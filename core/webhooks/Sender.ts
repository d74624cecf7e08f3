/**
 * Sends the changes of a project to one webhook, as long as this server holds its lease.
 *
 * A loop hands changes to tries, no more at a time than the webhook allows, and writes the outcomes of all that are
 * over in one step. A place is free for the next change once the outcome of its last one is written: so a kill
 * repeats at most the tries that were under way. The loop and its steps stand in one file, because each depends on what
 * the others have left in the open webhook.
 */
import { type Cause, Clock, Effect, Random, Schedule, type Scope } from "effect"
import * as Change from "../feed/Change.ts"
import * as FeedReader from "../feed/FeedReader.ts"
import type { Instant } from "../engine/Instant.ts"
import * as FeedSignal from "../ledger/FeedSignal.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Catalog from "../model/Catalog.ts"
import type { LaneFilter, LaneItem } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import { type ItemKey, ofEvent, type ParkedChange } from "../ports/WebhookStore.ts"
import * as Backlog from "./Backlog.ts"
import * as Delivery from "./Delivery.ts"
import * as ParkedPeople from "./ParkedPeople.ts"
import * as SenderMeter from "./SenderMeter.ts"
import type { Arrival, ReplayProgress, Sent, OpenWebhook } from "./OpenWebhook.ts"
import * as Settling from "./Settling.ts"
import * as WebhookState from "./WebhookState.ts"

/** How many changes are read at a time, and how many are read and not done at most. */
const pageLimit = 250
const maxBacklog = 1000

/** How long nothing is sent after the store was not there, in milliseconds. */
const pauseMillis = 1000

/** After how long a place that moved without a try is written, in milliseconds. */
const quietWriteMillis = 1000

/** Why a sender ended: it was stopped, another server sends to the webhook as well, or it is to be disabled. */
export type Ending = "stopped" | "stale" | Catalog.DisabledBecause

/** What a sender is given. */
export interface Options {
  readonly disabledAfterMillis: number
}

const filterOf = ({ consentTypes, types }: Catalog.Webhook): LaneFilter => {
  const named = types.flatMap(Change.typesOf)
  return {
    ...(types.length > 0 && {
      events: named.includes("consent.recorded"),
      types: named.filter((type) => type !== "consent.recorded"),
    }),
    ...(consentTypes.length > 0 && { consentTypes }),
  }
}

/** Whether a change is one of a re-evaluation whose begin and end are enough. */
const isSummarized = ({ reevaluations }: Catalog.Webhook, item: LaneItem): boolean =>
  reevaluations === "summary" &&
  item._tag === "Change" &&
  item.type.startsWith("decision.") &&
  item.body.includes('"reevaluation":')

/** Whether a webhook is as it was. That a replay was asked for does not change it. */
export const isSameEntry = (now: Catalog.Webhook, before: Catalog.Webhook): boolean => {
  if (now === before) return true
  const { replays: _now, ...one } = now
  const { replays: _before, ...other } = before
  return JSON.stringify(one) === JSON.stringify(other)
}

/** The state of a webhook as it is kept, or as it begins. A start that was set since replaces it. */
const stateOf = Effect.fnUntraced(function* (
  { scope, webhook }: Pick<Delivery.WebhookReceiver, "scope" | "webhook">,
  { store }: LedgerContext,
) {
  const cursors = yield* store.webhooks.cursors(scope.project, webhook.id)
  const kept = cursors.find(({ name }) => name === WebhookState.live)
  const before = kept && WebhookState.readLive(kept.state)
  const isNew = before === undefined || before.start < webhook.start.number
  return {
    state: isNew ? WebhookState.begin(webhook.start, before) : before,
    revision: kept?.revision ?? 0,
    isNew: isNew && before !== undefined,
  }
})

/** How many parked changes of a person are removed by one step. */
const removedAtATime = 1000

/** Removes what is parked: a webhook begins at another place, from which on it is sent or left out. */
const unparkAll = Effect.fnUntraced(function* (opened: OpenWebhook, { store }: LedgerContext) {
  const { scope, webhook } = opened.receiver
  for (const { person } of yield* store.webhooks.parkedPeople(scope.project, webhook.id)) {
    for (;;) {
      const unpark = yield* store.webhooks.parkedOf(scope.project, webhook.id, person, removedAtATime)
      if (unpark.length === 0) break
      const draft = { ...Settling.draft(), unpark: [...unpark] }
      if ((yield* store.webhooks.write(Settling.stepOf(opened, draft))) === "stale") return false
      opened.revision += 1
    }
  }
  return true
})

/** Where a webhook was changed, whatever waits for another try is due: its receiver may be there again. */
const dueAtOnce = (health: WebhookState.Health, parked: ReadonlyArray<ParkedChange>, now: Instant) => ({
  health: health.rest === undefined ? health : { ...health, rest: { ...health.rest, nextAt: now } },
  parked: parked.map((change) => ({ ...change, nextAt: Math.min(change.nextAt, now) })),
})

/** Begins: reads what is kept. */
const open = Effect.fnUntraced(function* (receiver: Delivery.WebhookReceiver, context: LedgerContext) {
  const { scope, webhook } = receiver
  const { isNew, revision, state } = yield* stateOf(receiver, context)
  const now = yield* Clock.currentTimeMillis
  const parked = isNew ? [] : yield* context.store.webhooks.parkedPeople(scope.project, webhook.id)
  const isSameAsBefore = state.updated === undefined || state.updated === webhook.dateUpdated
  const kept = isSameAsBefore ? { health: state.health, parked } : dueAtOnce(state.health, parked, now)
  const opened: OpenWebhook = {
    receiver,
    start: state.start,
    revision,
    health: kept.health,
    nextTry: state.nextTry,
    backlog: Backlog.make(state.lanes),
    parked: ParkedPeople.make(kept.parked),
    replay: undefined,
    behind: [],
    inFlight: 0,
    arrived: [],
    seen: undefined,
    isCurrent: false,
    pausedUntil: 0,
    writtenAt: now,
    hasMoved: false,
    catalogVersion: -1,
    isStopping: false,
    mayReplay: true,
    wake: undefined,
  }
  return isNew && !(yield* unparkAll(opened, context)) ? undefined : opened
})

/** The place of one item: from it to after it. */
const partOf = ({ lane, number, position }: ItemKey) =>
  number === ofEvent
    ? { from: { lane, position, number: 0 }, to: { lane, position: position + 1, number: 0 } }
    : { from: { lane, position, number }, to: { lane, position, number: number + 1 } }

/** The item of the feed with a key. */
const itemOf = Effect.fnUntraced(function* (
  { receiver }: OpenWebhook,
  key: ItemKey,
  { store }: LedgerContext,
): Effect.fn.Return<FeedReader.FeedItem | undefined, StoreUnavailable> {
  const part = partOf(key)
  const [read] = yield* store.feed.read(receiver.scope.project, [part], {}, 1)
  const item = read?.items[0]
  return item && { lane: key.lane, item, next: { ...part.to, incarnation: 1 } }
})

const keyOf = (sent: Sent): ItemKey => (sent._tag === "Parked" ? sent.head : (sent as Sent & { _tag: "Dead" }).letter)

/** Makes one try. */
const attempt = Effect.fnUntraced(function* (opened: OpenWebhook, sent: Sent, context: LedgerContext) {
  const { receiver } = opened
  const found = "waiting" in sent ? sent.waiting.found : yield* itemOf(opened, keyOf(sent), context)
  if (found === undefined) return { _tag: "Gone" } as const
  const payload = yield* Delivery.payloadOf(receiver, found, context)
  const made = yield* Delivery.send(receiver, payload, sent._tag === "Replayed" || sent._tag === "Dead")
  return { _tag: "Made", made, change: payload.id, type: payload.type } as const
})

/** Begins a try; its outcome arrives. */
const begin = Effect.fnUntraced(function* (
  opened: OpenWebhook,
  sent: Sent,
  isProbe: boolean,
  context: LedgerContext,
): Effect.fn.Return<void, never, Scope.Scope> {
  opened.inFlight += 1
  const arrive = (outcome: Arrival["outcome"]) =>
    Effect.sync(() => {
      opened.arrived.push({ sent, isProbe, outcome })
      opened.wake?.()
    })
  // What fails unexpectedly is tried again as well: a change is never passed over.
  const unavailable = (cause: Cause.Cause<StoreUnavailable>) =>
    Effect.as(Effect.logError("a try failed", cause), { _tag: "Unavailable" } as const)
  const trying = Effect.flatMap(Effect.catchCause(attempt(opened, sent, context), unavailable), arrive)
  yield* Effect.forkScoped(Effect.withTracerEnabled(trying, false), { startImmediately: true })
})

const liveOf = ({ backlog, parked }: OpenWebhook): Sent | undefined => {
  const waiting = backlog.next(({ key }) => parked.isFull(key.lane))
  return waiting && { _tag: "Live", waiting }
}

const parkedOf = (head: ParkedPeople.Head | undefined): Sent | undefined => head && { _tag: "Parked", head }

const replayedOf = ({ replay }: OpenWebhook, now: number): Sent | undefined => {
  if (replay?.kind === "part") {
    const waiting = replay.backlog.next(({ notBefore }) => notBefore > now)
    return waiting && { _tag: "Replayed", waiting }
  }
  if (replay === undefined || typeof replay.next !== "object" || replay.notBefore > now) return undefined
  const letter = replay.next
  replay.next = "sent"
  return { _tag: "Dead", letter }
}

/** What is tried while a webhook rests: by turns the next change and those that are parked. */
const probeOf = (opened: OpenWebhook, now: number): Sent | undefined => {
  const { health, parked } = opened
  const tries = health.rest!.tries
  const isParkedFirst = tries % 2 === 1
  const own = isParkedFirst ? undefined : liveOf(opened)
  return own ?? parkedOf(parked.at(Math.floor(tries / 2))) ?? liveOf(opened) ?? replayedOf(opened, now)
}

/** What is sent next: what is parked and due, then what is new, then what is replayed. */
const pick = (opened: OpenWebhook, now: number): Sent | undefined =>
  parkedOf(opened.parked.due(now)) ?? liveOf(opened) ?? replayedOf(opened, now)

/** How many further tries may begin. While a webhook rests, one at a time. */
const freePlaces = ({ health, inFlight, pausedUntil, receiver }: OpenWebhook, now: number): number => {
  if (now < pausedUntil) return 0
  if (health.rest === undefined) return receiver.webhook.concurrency - inFlight
  return now < health.rest.nextAt ? 0 : 1 - inFlight
}

/** Hands changes to tries while places are free. */
const dispatch = Effect.fnUntraced(function* (opened: OpenWebhook, context: LedgerContext) {
  const now = yield* Clock.currentTimeMillis
  const isProbe = opened.health.rest !== undefined
  while (freePlaces(opened, now) > 0) {
    const sent = isProbe ? probeOf(opened, now) : pick(opened, now)
    if (sent === undefined) return
    yield* begin(opened, sent, isProbe, context)
  }
})

/** Whether the webhook is still as it was when the opened began: nothing is sent for it after it was changed. */
const isSame = Effect.fnUntraced(function* (opened: OpenWebhook, { feedSignal, store }: LedgerContext) {
  const version = feedSignal.version(FeedSignal.catalog)
  if (version === opened.catalogVersion) return true
  const { project, webhook } = { ...opened.receiver.scope, ...opened.receiver }
  const now = (yield* store.catalog.current).webhooks.get(project.id)?.find(({ id }) => id === webhook.id)
  opened.catalogVersion = version
  return now !== undefined && isSameEntry(now, webhook)
})

/** Reads further changes. Returns whether there may be more to send. */
const read = Effect.fnUntraced(function* (opened: OpenWebhook, context: LedgerContext) {
  const { backlog, parked, receiver } = opened
  const { project } = receiver.scope
  const version = context.feedSignal.version(project.number)
  const ends = yield* context.store.feed.ends(project)
  const filter = filterOf(receiver.webhook)
  const reading = FeedReader.upTo(project, backlog.places(), ends, filter, pageLimit, context)
  // Where the ledger was restored from an earlier backup, the webhook goes on with what is recorded from now on.
  const part = yield* Effect.catchTag(reading, "PlaceLost", ({ places }) =>
    Effect.succeed({ items: [], places, isCurrent: false }),
  )
  opened.seen = { version, ends }
  opened.isCurrent = part.isCurrent
  opened.hasMoved ||= !FeedReader.isSamePlace(backlog.places(), part.places)
  opened.behind.push(...backlog.add(part, (item) => isSummarized(receiver.webhook, item), parked.has))
  return part.items.length > 0 || !part.isCurrent
})

/** Begins the next replay, if there is one. */
const openReplay = Effect.fnUntraced(function* (opened: OpenWebhook, { store }: LedgerContext) {
  const { scope, webhook } = opened.receiver
  opened.mayReplay = false
  const cursors = yield* store.webhooks.cursors(scope.project, webhook.id)
  const first = cursors.find(({ name }) => WebhookState.isReplay(name))
  if (first === undefined) return
  const { name, revision } = first
  const state = WebhookState.readReplay(first.state)
  opened.replay =
    state.kind === "part"
      ? { name, revision, kind: "part", state, backlog: Backlog.make(state.lanes) }
      : { name, revision, kind: "dead", after: state.after, next: undefined, tries: 0, notBefore: 0 }
})

const readPart = Effect.fnUntraced(function* (
  { receiver }: OpenWebhook,
  { backlog, state }: ReplayProgress & { kind: "part" },
  context: LedgerContext,
) {
  const { scope, webhook } = receiver
  const ends = state.to.map((place) => ({ ...place, lastRecordedAt: 0 }))
  const reading = FeedReader.upTo(scope.project, backlog.places(), ends, filterOf(webhook), pageLimit, context)
  const part = yield* Effect.catchTag(reading, "PlaceLost", () =>
    Effect.succeed({ items: [], places: state.to, isCurrent: true }),
  )
  backlog.add(
    part,
    (item) => isSummarized(webhook, item),
    () => false,
  )
})

/** Reads what a replay sends next. Returns whether there was something to read. */
const readReplay = Effect.fnUntraced(function* (opened: OpenWebhook, context: LedgerContext) {
  if (opened.replay === undefined && opened.mayReplay) yield* openReplay(opened, context)
  const { receiver, replay } = opened
  if (replay?.kind === "part" && replay.backlog.size() === 0 && !Settling.isOver(replay)) {
    yield* readPart(opened, replay, context)
    return true
  }
  if (replay?.kind !== "dead" || replay.next !== undefined) return false
  const { scope, webhook } = receiver
  const [next] = yield* context.store.webhooks.deadLetters(scope.project, webhook.id, replay.after, 1)
  replay.next = next ?? "end"
  return true
})

/** Reads the next parked change of people whose first one is gone. */
const readFreed = Effect.fnUntraced(function* (
  opened: OpenWebhook,
  people: Iterable<string>,
  { store }: LedgerContext,
) {
  const { scope, webhook } = opened.receiver
  for (const person of people) {
    const [next] = yield* store.webhooks.parkedOf(scope.project, webhook.id, person, 1)
    if (next === undefined) opened.parked.remove(person)
    else opened.parked.set(next)
  }
})

/** A store that is not there is asked until it is, because what was taken must be written before anything else. */
const untilThere = Schedule.spaced(pauseMillis)

/** Writes the outcomes that have arrived. Returns why the sender ends, if it does. */
const write = Effect.fnUntraced(function* (
  opened: OpenWebhook,
  options: Options,
  context: LedgerContext,
): Effect.fn.Return<Ending | undefined> {
  const arrived = opened.arrived.splice(0)
  const draft = Settling.draft()
  const now = yield* Clock.currentTimeMillis
  const random = yield* Random.Random
  const before = opened.health
  const at = { now, disabledAfterMillis: options.disabledAfterMillis, random: () => random.nextDoubleUnsafe() }
  for (const each of arrived) Settling.settle(opened, each, at, draft)
  if (arrived.some(({ outcome }) => outcome._tag === "Unavailable")) opened.pausedUntil = now + pauseMillis
  Settling.parkBehind(opened, draft)
  const step = Settling.stepOf(opened, draft)
  if ((yield* Effect.retry(context.store.webhooks.write(step), untilThere).pipe(Effect.orDie)) === "stale")
    return "stale"
  opened.revision += 1
  opened.inFlight -= arrived.length
  opened.hasMoved = false
  opened.writtenAt = now
  yield* Effect.retry(readFreed(opened, draft.freed, context), untilThere).pipe(Effect.orDie)
  if (opened.replay !== undefined) {
    opened.replay.revision += 1
    if (Settling.isOver(opened.replay)) Object.assign(opened, { replay: undefined, mayReplay: true })
  }
  yield* SenderMeter.record(opened, draft, before, now)
  return draft.disable
})

/** Waits until an outcome arrives or the sender is woken. */
const woken = (opened: OpenWebhook): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (opened.arrived.length > 0) return resume(Effect.void)
    opened.wake = () => resume(Effect.void)
    return Effect.sync(() => {
      opened.wake = undefined
    })
  })

/** When the loop has something to do although nothing happens; at the latest after {@link pauseMillis}. */
const nextTime = ({ health, parked, pausedUntil }: OpenWebhook, now: number): number => {
  const soonest = Math.max(pausedUntil, health.rest === undefined ? parked.soonest() : health.rest.nextAt)
  return soonest > now ? Math.min(soonest, now + pauseMillis) : now + pauseMillis
}

const waitForMore = Effect.fnUntraced(function* (opened: OpenWebhook, context: LedgerContext) {
  const { backlog, health, isCurrent, isStopping, receiver, seen } = opened
  const now = yield* Clock.currentTimeMillis
  const waits = [woken(opened), Effect.sleep(nextTime(opened, now) - now)]
  const hasRoom = freePlaces(opened, now) > 0 && backlog.size() < maxBacklog
  if (hasRoom && health.rest === undefined && isCurrent && !isStopping && seen !== undefined) {
    const reads = Effect.sync(() => {
      opened.isCurrent = false
    })
    waits.push(Effect.andThen(context.feedWaiting.wait(receiver.scope.project, seen, context), reads))
  }
  yield* Effect.raceAllFirst(waits)
})

/** One turn of the loop. Returns why the sender ends, if it does. */
const turn = Effect.fnUntraced(function* (
  opened: OpenWebhook,
  options: Options,
  context: LedgerContext,
): Effect.fn.Return<Ending | undefined, StoreUnavailable, Scope.Scope> {
  const { backlog } = opened
  const now = yield* Clock.currentTimeMillis
  const isQuiet = opened.hasMoved && now - opened.writtenAt >= quietWriteMillis
  if (opened.arrived.length + opened.behind.length > 0 || isQuiet) return yield* write(opened, options, context)
  if (!opened.isStopping && !(yield* isSame(opened, context))) opened.isStopping = true
  if (opened.isStopping) {
    if (opened.inFlight > 0) return void (yield* waitForMore(opened, context))
    return opened.hasMoved ? ((yield* write(opened, options, context)) ?? "stopped") : "stopped"
  }
  yield* dispatch(opened, context)
  const isHungry = freePlaces(opened, now) > 0 || opened.health.rest !== undefined
  const mayRead = isHungry && !backlog.hasReady() && !opened.isCurrent && backlog.size() < maxBacklog
  if (mayRead && (yield* read(opened, context))) return undefined
  if (freePlaces(opened, now) > 0 && (yield* readReplay(opened, context))) return undefined
  if (opened.replay !== undefined && Settling.isOver(opened.replay)) return yield* write(opened, options, context)
  yield* waitForMore(opened, context)
  return undefined
})

/**
 * Sends until it is stopped, and then waits for the tries that are under way. `told` gets the function that stops
 * it, and the one that has it look for replays.
 */
export const run = Effect.fnUntraced(function* (
  receiver: Delivery.WebhookReceiver,
  options: Options,
  told: (opened: OpenWebhook) => void,
  context: LedgerContext,
): Effect.fn.Return<Ending, never, Scope.Scope> {
  const opened = yield* Effect.retry(open(receiver, context), untilThere).pipe(Effect.orDie)
  if (opened === undefined) return "stale"
  told(opened)
  const once = Effect.catchTag(turn(opened, options, context), "StoreUnavailable", () =>
    Effect.as(Effect.sleep(pauseMillis), undefined),
  )
  for (;;) {
    const ending = yield* once
    if (ending !== undefined) return ending
  }
})
