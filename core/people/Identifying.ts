/**
 * Identifying a visitor (semantics, section 5): from now on a proven identifier names the visitor, or a guest is joined
 * with the person that the identifier names, by a fact that another fact can undo.
 *
 * Only a guest's answers move, and only with an identity token. A guest is a person that only a browser's `contextId`
 * has named. A visitor that is identified already stays the same person, so that two people with one browser are never
 * joined. The token then opens a session for the other person, and nothing is carried over. The visitor's old session
 * ends in any case, and the browser's `contextId` is released, because another person may know them from an earlier use
 * of the browser, and must learn nothing about the person that is identified now.
 */
import { Clock, Effect, Option } from "effect"
import { Hex } from "effect/encoding"
import type { Organization, Project } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type * as People from "../model/People.ts"
import { type IdentityChange, type Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Joins from "../ledger/Joins.ts"
import { maxAttempts, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Secrets from "./Secrets.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as Sessions from "./Sessions.ts"

/**
 * A request to identify the visitor of a session: an identity token proves that the identifier of `alias` is the
 * visitor's.
 */
export interface Identification {
  readonly organization: Organization
  readonly project: Project
  readonly session: Session
  readonly alias: People.Alias
  readonly evidence: Omit<People.Evidence, "tokenHash">
  /** The signed part of the identity token. Kept as a keyed hash, so that the token can be used once only. */
  readonly signed: string
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** The session to go on with, and whether the visitor's earlier answers now belong to the identified person. */
export interface Identified {
  readonly _tag: "Identified"
  readonly isSynced: boolean
  readonly token: string
  readonly isRepeated?: true
}

/** The identity token was used before. */
export interface IdentityTokenUsed {
  readonly _tag: "IdentityTokenUsed"
}

/** The visitor before the identification. */
interface Visitor {
  /** The revision of the session's person. */
  readonly revision: number
  readonly survivor: string
  readonly isGuest: boolean
}

/** The person that the visitor is from now on, and the claims and facts that say so. */
interface Plan {
  readonly concordId: string
  readonly isSynced: boolean
  readonly claims: IdentityChange["claims"]
  readonly facts: IdentityChange["facts"]
  /** Whether the visitor was a guest and is identified now. */
  readonly endsGuest: boolean
}

/** The purpose of the secret from which the tokens of identified sessions are derived. */
const purpose = "identified session"

/** The answer in an idempotency record; the token of the session `id` is derived again. */
interface KeptAnswer extends Pick<Identified, "isSynced"> {
  readonly id: string
}

/** The session to go on with, before its person is known. */
type NewSession = Pick<Session, "id"> & Pick<Identified, "token">

/**
 * Reads the visitor. The revision is read first, so that a change of the facts after it makes the identity change
 * stale.
 */
const visitorOf = Effect.fnUntraced(function* ({ organization, session }: Identification, context: LedgerContext) {
  const { isIdentified, revision } = yield* context.store.people.person(organization, session.concordId)
  const { survivor } = yield* Joins.current(organization, session.concordId, context)
  return { revision, survivor, isGuest: !isIdentified && survivor === session.concordId } satisfies Visitor
})

/** The survivor of the person that the identifier names now; `undefined` if it names no one. */
const named = Effect.fnUntraced(function* ({ alias, organization }: Identification, context: LedgerContext) {
  const [found] = yield* context.store.people.byAlias(organization, [alias.hash])
  return found === undefined ? undefined : (yield* Joins.current(organization, found.concordId, context)).survivor
})

/** Plans the identification; `survivor` is the person that the identifier names. */
const plan = Effect.fnUntraced(function* (
  { alias, session }: Identification,
  evidence: People.Evidence,
  visitor: Visitor,
  survivor: string | undefined,
  now: Instant,
  { random }: LedgerContext,
): Effect.fn.Return<Plan> {
  const guest = session.concordId
  const known = { dateCreated: now, submitter: session.id, evidence }
  if (survivor === undefined) {
    const concordId = visitor.isGuest ? guest : yield* random.uuidV7()
    const claims = [{ ...alias, concordId, dateCreated: now }]
    const self = { member: concordId, survivor: concordId, alias: alias.hash }
    const fact: People.Fact = { id: yield* random.uuidV7(), kind: "identified", ...self, ...known }
    return { concordId, isSynced: visitor.isGuest, claims, facts: [fact], endsGuest: visitor.isGuest }
  }
  const isSelf = survivor === visitor.survivor
  if (isSelf || !visitor.isGuest) {
    return { concordId: survivor, isSynced: isSelf, claims: [], facts: [], endsGuest: false }
  }
  const fact: People.Fact = { id: yield* random.uuidV7(), kind: "joined", member: guest, survivor, ...known }
  return { concordId: survivor, isSynced: true, claims: [], facts: [fact], endsGuest: true }
})

/** The identity change of a plan; `revisions` are those of the visitor's person and of the planned one. */
const changeOf = Effect.fnUntraced(function* (
  request: Identification,
  evidence: People.Evidence,
  planned: Plan,
  revisions: { readonly visitor: number; readonly planned: number },
  { id, token }: NewSession,
  context: LedgerContext,
): Effect.fn.Return<IdentityChange> {
  const { idempotency, organization, session } = request
  const { context: contextHash, ...opened } = session
  // A proven `contextId` names the visitor, which stays a guest. It is released when the guest is identified.
  const proven = request.alias.kind === "contextId" ? request.alias.hash : undefined
  const next: Session = {
    ...opened,
    id,
    tokenHash: yield* Sha256.hex(context.digest, token),
    concordId: planned.concordId,
    expiresAt: (yield* Clock.currentTimeMillis) + Sessions.lifetimeMillis,
    ...(proven !== undefined && { context: proven }),
  }
  const answer = JSON.stringify({ isSynced: planned.isSynced, id } satisfies KeptAnswer)
  return {
    organization,
    seen: [
      { concordId: session.concordId, revision: revisions.visitor },
      { concordId: planned.concordId, revision: revisions.planned },
    ],
    claims: planned.claims,
    releases: contextHash === undefined || contextHash === proven ? [] : [contextHash],
    facts: planned.facts,
    identityToken: { hash: evidence.tokenHash, expiresAt: evidence.expiresAt },
    session: next,
    ends: {
      at: yield* Clock.currentTimeMillis,
      tokenHash: session.tokenHash,
      ...(planned.endsGuest && { sessionsOf: session.concordId }),
    },
    ...(yield* Idempotency.recordOf(idempotency, context, answer)),
  }
})

/** One attempt at an identification, as of the instant `now`. */
const attempt = Effect.fnUntraced(function* (
  request: Identification,
  opening: NewSession,
  now: Instant,
  context: LedgerContext,
) {
  const { answerHorizon, sessionCache, store } = context
  const { organization, session } = request
  const guest = session.concordId
  const hasher = yield* context.hasherOf(organization)
  const tokenHash = Hex.encode(yield* hasher.sign("proof", request.signed))
  const evidence: People.Evidence = { ...request.evidence, tokenHash }
  const visitor = yield* visitorOf(request, context)
  const person = yield* named(request, context)
  const planned = yield* plan(request, evidence, visitor, person, now, context)
  const { revision } = yield* store.people.person(organization, planned.concordId)
  // Read again after the revision: an undo before this read is seen here, and a later one makes the change stale.
  if ((yield* named(request, context)) !== person) return { outcome: "stale" as const, isSynced: false }
  const revisions = { visitor: visitor.revision, planned: revision }
  const claimed = planned.claims.map(({ hash }) => hash)
  const outcome = yield* answerHorizon.record(new Set([guest, planned.concordId, ...claimed]), now, (dateCreated) =>
    Effect.gen(function* () {
      const claims = planned.claims.map((claim) => ({ ...claim, dateCreated }))
      const facts = planned.facts.map((fact) => ({ ...fact, dateCreated }))
      const change = yield* changeOf(request, evidence, { ...planned, claims, facts }, revisions, opening, context)
      const kept = yield* store.people.change(change)
      // The ended sessions leave the cache together with the change, which goes on even if the request is interrupted.
      if (kept === "kept") SessionCache.remove(sessionCache, session.tokenHash, planned.endsGuest ? guest : undefined)
      return kept
    }),
  )
  return { outcome, isSynced: planned.isSynced }
})

const repeated = Effect.fnUntraced(function* (
  organization: Organization,
  idempotency: Idempotency.IdempotentRequest,
  answer: string,
  context: LedgerContext,
) {
  const { id, isSynced }: KeptAnswer = JSON.parse(answer)
  const token = yield* Secrets.make(purpose, id, organization, idempotency, context)
  return { _tag: "Identified", isSynced, token, isRepeated: true } satisfies Identified as Identified
})

/** Identifies the visitor of a session, ends that session and opens the next one. */
export const identify = Effect.fnUntraced(function* (
  request: Identification,
  context: LedgerContext,
): Effect.fn.Return<Identified | IdentityTokenUsed | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, organization } = request
  const id = yield* context.random.uuidV7()
  const token = yield* Secrets.make(purpose, id, organization, idempotency, context)
  const carryOut = Effect.gen(function* () {
    let now = yield* Clock.currentTimeMillis
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const { isSynced, outcome } = yield* attempt(request, { id, token }, now, context)
      if (outcome === "kept") return { _tag: "Identified", isSynced, token } as Identified
      if (outcome === "used") return { _tag: "IdentityTokenUsed" } as IdentityTokenUsed
      if (outcome === "repeated") return Idempotency.keptBefore
      now = Math.max(now, yield* Clock.currentTimeMillis)
    }
    return yield* new StoreUnavailable({ reason: "too many sessions are identified as the same person" })
  })
  const outcome = yield* Idempotency.once<Identified | IdentityTokenUsed, StoreUnavailable, never>(
    organization,
    idempotency,
    context,
    carryOut,
  )
  return outcome._tag === "Repeated" ? yield* repeated(organization, idempotency!, outcome.answer, context) : outcome
})

/**
 * The answer to an identification that was answered before, if it was. The request cannot be checked like a new one,
 * because its session has ended and its identity token was used.
 */
export const identifiedBefore = Effect.fnUntraced(function* (
  organization: Organization,
  idempotency: Idempotency.IdempotentRequest | undefined,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<Identified | Idempotency.KeyConflict>, StoreUnavailable> {
  if (idempotency === undefined) return Option.none()
  const nothing = { _tag: "Nothing" } as const
  const outcome = yield* Idempotency.once<typeof nothing, never, never>(
    organization,
    idempotency,
    context,
    Effect.succeed(nothing),
  )
  if (outcome._tag === "Nothing") return Option.none()
  const isRepeated = outcome._tag === "Repeated"
  return Option.some(isRepeated ? yield* repeated(organization, idempotency, outcome.answer, context) : outcome)
})
