/**
 * Replays: sending a part of the feed to a webhook once more, or its dead letters.
 */
import { Clock, Effect } from "effect"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { MarkLost, UnknownMark } from "../feed/Changes.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, ProjectScope, Webhook } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as FeedTimes from "../feed/FeedTimes.ts"
import * as WebhookStarts from "./WebhookStarts.ts"
import * as WebhookState from "./WebhookState.ts"

/** The most replays of a webhook that are not over. */
export const maxReplays = 10

/** What is replayed: what comes after a mark, or was recorded at an instant or later, or the dead letters. */
export type ReplayRequest =
  | { readonly _tag: "After"; readonly after: string; readonly until?: Instant }
  | { readonly _tag: "Since"; readonly since: Instant; readonly until?: Instant }
  | { readonly _tag: "DeadLetters" }

/** A replay that will be sent. `count`: of the dead letters. */
export interface Replay {
  readonly id: string
  readonly count?: number
}

type Fault = StoreUnavailable | UnknownMark | MarkLost

const partOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  webhook: Webhook,
  request: ReplayRequest & { readonly _tag: "After" | "Since" },
  context: LedgerContext,
): Effect.fn.Return<WebhookState.ReplayState, StoreUnavailable | UnknownMark | MarkLost> {
  const ends = yield* context.store.feed.ends(scope.project)
  const from =
    request._tag === "After"
      ? yield* WebhookStarts.placesOf(scope, request.after, context)
      : yield* FeedTimes.placesSince(scope, request.since, ends, context)
  const { until } = request
  const now = yield* Clock.currentTimeMillis
  const to = yield* FeedTimes.placesSince(scope, Math.min(until ?? now + 1, now + 1), ends, context)
  // What the webhook has not reached yet is sent anyway.
  const [cursor] = yield* context.store.webhooks.cursors(scope.project, webhook.id)
  const live = cursor?.name === WebhookState.live ? WebhookState.readLive(cursor.state) : undefined
  const reached = (live ?? WebhookState.begin(webhook.start)).lanes
  const end = WebhookStarts.earlier(to, reached)
  const begin = WebhookStarts.earlier(from, end)
  return { kind: "part", lanes: begin.map(WebhookState.from), to: end }
})

const countDead = Effect.fnUntraced(function* ({ project }: ProjectScope, { id }: Webhook, { store }: LedgerContext) {
  return (yield* store.webhooks.counts(project)).find(({ webhook }) => webhook === id)?.dead ?? 0
})

const tooMany = CatalogChange.conflict(
  "",
  "too_many",
  `the webhook has ${maxReplays} replays that are not over: wait until one is`,
)

const stateOf = (
  scope: ProjectScope,
  webhook: Webhook,
  request: ReplayRequest,
  context: LedgerContext,
): Effect.Effect<WebhookState.ReplayState, Fault> =>
  request._tag === "DeadLetters" ? Effect.succeed({ kind: "dead" }) : partOf(scope, webhook, request, context)

/** Keeps a replay, unless the webhook has too many. */
const keep = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  { id: webhook }: Webhook,
  id: string,
  state: WebhookState.ReplayState,
  { store }: LedgerContext,
) {
  const cursors = yield* store.webhooks.cursors(project, webhook)
  if (cursors.filter(({ name }) => WebhookState.isReplay(name)).length >= maxReplays) return false
  const cursor = { name: WebhookState.replayName(id), before: 0, state: WebhookState.writeReplay(state) }
  const nothing = { park: [], unpark: [], bury: [], unbury: [], tries: [] }
  yield* store.webhooks.write({ project, webhook, cursors: [cursor], ...nothing })
  return true
})

/**
 * Asks for a replay. It is sent concurrently with what is new, with the same ids, and with the header `assent-replay`.
 * While the webhook is disabled it waits. The entry of the webhook counts its replays, so that the request is one
 * change of the catalog, with the idempotency of all others.
 */
export const begin = Effect.fnUntraced(function* (
  scope: ProjectScope,
  webhook: Webhook,
  request: ReplayRequest,
  answering: CatalogChange.Answering<Replay>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<Replay>, Fault> {
  const state = yield* stateOf(scope, webhook, request, context)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog) {
    const before = catalog.webhooks.get(scope.project.id)?.find(({ id }) => id === webhook.id)
    if (before === undefined) return CatalogChange.notFound
    const count = request._tag === "DeadLetters" ? yield* countDead(scope, webhook, context) : undefined
    const id = yield* context.random.uuidV7()
    if (!(yield* keep(scope, webhook, id, state, context))) return tooMany
    const counted = { ...before, replays: (before.replays ?? 0) + 1 }
    return CatalogChange.prepared<Replay>({ webhooks: [counted] }, { id, ...(count !== undefined && { count }) })
  })
  return yield* CatalogChange.change({ owner: scope.organization, ...answering }, prepare, context)
})
