/**
 * Opening compliance requests: from a site, in a visitor's session, or by a server with an API key.
 *
 * Both share one order: checks, limits, the opt-out, and one write.
 */
import { Clock, Data, Effect, Metric, Option } from "effect"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Batch } from "../ledger/Batch.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Recording from "../ledger/Recording.ts"
import type { Item } from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import type { Session } from "../ports/SessionStore.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CodeSending from "./CodeSending.ts"
import * as ComplianceMetrics from "./ComplianceMetrics.ts"
import * as ComplianceReading from "./ComplianceReading.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import * as ComplianceRequestOf from "./ComplianceRequest.ts"
import * as OpeningCheck from "./OpeningCheck.ts"
import * as OpeningLimit from "./OpeningLimit.ts"
import * as OptOut from "./OptOut.ts"
import * as OpenedRequest from "./OpenedRequest.ts"
import * as OpeningPreparation from "./OpeningPreparation.ts"
import * as PackageOnVerified from "./PackageOnVerified.ts"
import { maxAttempts } from "./RequestChanging.ts"
import type { RequestUser } from "../ledger/RequestPrivateData.ts"
import * as Verifying from "./Verifying.ts"

/** A request to open. The lengths and forms of its texts were checked. */
export interface NewRequest {
  readonly request: RequestKind
  readonly user: RequestUser
  /** Left out: now. Not later than now. */
  readonly requestDate?: Instant
  readonly requestDetails?: string
  readonly notes?: string
  readonly captureUrl?: string
  /** Whether identity was shown to the caller. Only of a server. */
  readonly isPreverified?: boolean
  /** The person it is about, by ids of the ledger or the company: only with `isPreverified`, or of a `do_not_sell`. */
  readonly subject?: Pick<People.Identifiers, "concordId" | "userId" | "projectUserId">
  /** The clock pack. Left out: the first of the project's rules that fits, or of those that come with Assent. */
  readonly regulation?: string
  /** BCP 47. Left out: `en`. */
  readonly language?: string
  /** ISO 3166-1 or 3166-2, by which the rules choose a clock pack. Left out: that of the session. */
  readonly geography?: string
  /** The caller's own id: the same again is answered with the first. */
  readonly externalId?: string
  /** An identity token that shows identity: only of a visitor. A `do_not_sell` does not use it. */
  readonly proof?: Verifying.Proof
}

/** What opens requests. */
export type Opener =
  | { readonly _tag: "Key"; readonly id: string }
  | { readonly _tag: "Visitor"; readonly session: Session }

/** One thing wrong with one request. */
export interface OpeningViolation {
  /** The index of the request, from 0. */
  readonly item: number
  readonly code:
    | "capture_url_not_of_project"
    | "email_not_valid"
    | "identifier_conflict"
    | "identifier_not_valid"
    | "request_date_in_future"
    | "subject_needs_preverified"
    | "unknown_clock_pack"
    | "language_not_valid"
  /** The path of the member in the request: `user/email`. */
  readonly field: string
  readonly detail: string
}

/** Requests to open, all of them or none. */
export interface RequestsToOpen {
  readonly opener: Opener
  /** 1 to 100. */
  readonly items: ReadonlyArray<NewRequest>
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** The requests in the order given; or everything that is wrong, and none is opened. */
export type OpeningOutcome =
  | { readonly _tag: "Opened"; readonly requests: ReadonlyArray<ComplianceRequest>; readonly isRepeated?: true }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<OpeningViolation> }
  | OpeningLimit.TooMany
  | Verifying.TokenUsed

/** A request with an external id was opened by another call in the meantime. */
class OpenedMeanwhile extends Data.TaggedError("OpenedMeanwhile") {}

/** The refusals of opt-outs as one batch, and for each of its items the request that it is of. */
const optOutBatch = Effect.fnUntraced(function* (
  fresh: ReadonlyArray<OpeningPreparation.PreparedRequest>,
  scope: ProjectScope,
  opener: Opener,
  context: LedgerContext,
) {
  const items: Array<Item> = []
  const owners: Array<string> = []
  for (const { given, id, isWaiting, known, people, receivedAt } of fresh) {
    if (given.request !== "do_not_sell") continue
    const own = yield* OptOut.itemsOf(scope, id, isWaiting ? known : people, receivedAt, context)
    items.push(...own)
    owners.push(...own.map(() => id))
  }
  const submitter = opener._tag === "Key" ? opener.id : scope.organization.id
  return { batch: { ...scope, submitter, items } satisfies Batch as Batch, owners }
})

/** The refusals by their request. `events` are those of the items, in their order. */
const refusalsOf = (
  owners: ReadonlyArray<string>,
  { items }: Batch,
  { alsoRecordedFor, events }: Recording.BatchAnswer<Recording.EventReference>,
): ReadonlyMap<string, OpenedRequest.OptOutRefusals> =>
  new Map(
    [...Map.groupBy(owners.keys(), (index) => owners[index]!)].map(([id, indexes]) => {
      const all = indexes.flatMap((index) => [events[index]!, ...(alsoRecordedFor.get(index) ?? [])])
      const types = new Set(indexes.map((index) => items[index]!.consentType)).size
      return [id, { types, events: all, subject: events[indexes.at(-1)!]!.concordId }] as const
    }),
  )

/** Writes requests that are not there yet, with the refusals of opt-outs in the same transaction. */
const write = Effect.fnUntraced(function* (
  fresh: ReadonlyArray<OpeningPreparation.PreparedRequest>,
  ids: ReadonlyArray<string>,
  scope: ProjectScope,
  { idempotency, opener }: RequestsToOpen,
  context: LedgerContext,
) {
  const { organization, project } = scope
  const { compliance } = context.store
  let written: ReadonlyArray<OpenedRequest.OpenedRequest> = []
  const makeAll = Effect.fnUntraced(function* (refusals: ReadonlyMap<string, OpenedRequest.OptOutRefusals>) {
    written = yield* Effect.forEach(fresh, (each) =>
      OpenedRequest.make(each, refusals.get(each.id) ?? OpenedRequest.noRefusals, scope, opener, context),
    )
    return written.map(({ change }) => change)
  })
  const record = yield* Idempotency.recordOf(idempotency, context, JSON.stringify(ids))
  const { batch, owners } = yield* optOutBatch(fresh, scope, opener, context)
  if (batch.items.length === 0) {
    const requests = yield* makeAll(new Map())
    const kept = yield* compliance.write({ project, organization, requests, ...record })
    return { kept, written }
  }
  const chooseOptions: Recording.ChooseOptions<OpenedMeanwhile | StoreUnavailable> = Effect.fnUntraced(
    function* (_recorded, answer) {
      for (const { given, id } of fresh) {
        const isThere = given.externalId !== undefined && (yield* compliance.request(project, id)) !== undefined
        if (isThere) return yield* new OpenedMeanwhile()
      }
      const requests = yield* makeAll(refusalsOf(owners, batch, answer()))
      return { ...record, compliance: { requests } }
    },
  )
  const outcome = yield* Recording.recordWith(batch, chooseOptions, context).pipe(
    Effect.catchTag("OpenedMeanwhile", () => Effect.succeed("stale" as const)),
  )
  if (outcome === "stale") return { kept: outcome, written: [] }
  if (outcome._tag === "KeptBefore") return { kept: "repeated", written: [] } as const
  // A refusal of a type that exists, with identifiers that can be read, is always recorded.
  if (outcome._tag === "Refused") return yield* Effect.die(new Error(`refused: ${outcome.violations[0]?.code}`))
  return { kept: "kept", written } as const
})

/** The requests of ids, which are there. */
const readAll = (ids: ReadonlyArray<string>, scope: ProjectScope, context: LedgerContext) =>
  Effect.forEach(ids, (id) => Effect.map(ComplianceReading.find(scope, id, context), Option.getOrThrow))

/** Counts the requests that were opened. */
const count = (written: ReadonlyArray<OpenedRequest.OpenedRequest>) =>
  Effect.forEach(
    written,
    ({ state: { channel, request } }) =>
      Metric.update(Metric.withAttributes(ComplianceMetrics.opened, { channel, request }), 1),
    { discard: true },
  )

/** Opens prepared requests, each once. Those that were opened before by their external id are read. */
const openAll = Effect.fnUntraced(function* (
  prepared: ReadonlyArray<OpeningPreparation.PreparedRequest>,
  scope: ProjectScope,
  opening: RequestsToOpen,
  context: LedgerContext,
): Effect.fn.Return<OpeningOutcome | Idempotency.KeptBefore, StoreUnavailable> {
  const { organization, project } = scope
  const ids = prepared.map(({ id }) => id)
  const firsts = [...new Map(prepared.toReversed().map((each) => [each.id, each])).values()].toReversed()
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const fresh: Array<OpeningPreparation.PreparedRequest> = []
    for (const each of firsts) {
      const isNamed = each.given.externalId !== undefined
      const known = isNamed ? yield* context.store.compliance.request(project, each.id) : undefined
      if (known === undefined) fresh.push(each)
    }
    if (fresh.length === 0) return { _tag: "Opened", requests: yield* readAll(ids, scope, context) }
    const { kept, written } = yield* write(fresh, ids, scope, opening, context)
    if (kept === "repeated") return Idempotency.keptBefore
    if (kept === "stale") continue
    yield* count(written)
    const made = new Map<string, ComplianceRequest>()
    for (const { change, data, row, state } of written) {
      const { id } = change.row
      PackageOnVerified.after(project, change.facts, state, context)
      made.set(id, yield* ComplianceRequestOf.make(organization, project, id, state, row, data))
    }
    const requests = yield* Effect.forEach(ids, (id) =>
      made.has(id) ? Effect.succeed(made.get(id)!) : Effect.map(readAll([id], scope, context), ([read]) => read!),
    )
    return { _tag: "Opened", requests }
  }
  return yield* new StoreUnavailable({ reason: "too many requests with the same external id at the same time" })
})

const conflictOf = (item: number): OpeningViolation => ({
  item,
  code: "identifier_conflict",
  field: "concordId",
  detail: "these identifiers name different people: give one of them",
})

/** A request without a proof that shows nothing: an opt-out needs none. */
const withoutIdleProof = ({ proof, ...item }: NewRequest, opener: Opener): NewRequest =>
  proof === undefined || opener._tag === "Key" || item.request === "do_not_sell" ? item : { ...item, proof }

/** Uses the identity tokens of requests up, before anything is written; `false` if one was used before. */
const useTokens = Effect.fnUntraced(function* (
  items: ReadonlyArray<NewRequest>,
  scope: ProjectScope,
  opener: Opener,
  context: LedgerContext,
) {
  for (const { proof } of items) {
    if (proof === undefined || opener._tag === "Key") continue
    if (!(yield* Verifying.useToken(scope, proof, opener.session.concordId, context))) return false
  }
  return true
})

/**
 * Opens requests, all of them or none. Fails while keys are away, unless all are a `do_not_sell`: those are recorded
 * without what is personal of them, because a no is never refused.
 */
export const open = Effect.fnUntraced(function* (
  scope: ProjectScope,
  opening: RequestsToOpen,
  context: LedgerContext,
): Effect.fn.Return<OpeningOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, items, opener } = opening
  const carryOut = Effect.gen(function* (): Effect.gen.Return<
    OpeningOutcome | Idempotency.KeptBefore,
    StoreUnavailable
  > {
    const now = yield* Clock.currentTimeMillis
    const found = OpeningCheck.check(items, scope, opener, now)
    if ("violations" in found) return { _tag: "Refused", violations: found.violations }
    const tooMany = yield* OpeningLimit.exceeded(scope.project, opener, items, now, context)
    if (tooMany !== undefined) return tooMany
    const asked = items.map((item) => withoutIdleProof(item, opener))
    if (!(yield* useTokens(asked, scope, opener, context))) return { _tag: "TokenUsed" }
    const all = yield* Effect.forEach(asked, (item, index) =>
      OpeningPreparation.prepare(item, found.checked[index]!, scope, opener, context),
    )
    const violations = all.flatMap((each, item) => (each === "conflict" ? [conflictOf(item)] : []))
    if (violations.length > 0) return { _tag: "Refused", violations }
    return yield* openAll(
      all.filter((each) => each !== "conflict"),
      scope,
      opening,
      context,
    )
  })
  const outcome = yield* Idempotency.once<OpeningOutcome, StoreUnavailable, never>(
    scope.organization,
    idempotency,
    context,
    opener._tag === "Key"
      ? carryOut
      : context.identityLock(
          `compliance requests ${opener.session.id}`,
          CodeSending.inTurn(scope, items[0]?.user.email, carryOut, context),
        ),
  )
  if (outcome._tag !== "Repeated") return outcome
  const ids = JSON.parse(outcome.answer) as ReadonlyArray<string>
  return { _tag: "Opened", requests: yield* readAll(ids, scope, context), isRepeated: true }
})
