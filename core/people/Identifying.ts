/**
 * Telling that a visitor is somebody (semantics, section 5): an identifier that was proven names the visitor from now on,
 * or a guest is joined with the person it names, by a fact that another fact can undo.
 *
 * Only a guest's answers move, and only with proof: a guest is a person whom nothing but a browser's `contextId` has
 * named. Whoever is somebody already stays who he is, so that two people who share a browser are never made one: the
 * proof then opens a session for the other person, and nothing is carried over. The visitor's old session ends in any
 * case, and the browser's `contextId` is forgotten: whoever knew either learns nothing of who came after.
 */
import { Clock, Effect, Option } from "effect"
import { Hex } from "effect/encoding"
import type { Organization, Project, ProjectScope } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import { type IdentityChange, type Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import { maxAttempts, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Secrets from "./Secrets.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as Sessions from "./Sessions.ts"

/** The kinds of identifier that a visitor can be identified by. */
export const kinds = ["email", "contextId", "userId"] as const

/** What is proven: that the visitor is whom an identifier names. */
export interface Identification {
  readonly organization: Organization
  readonly project: Project
  readonly session: Session
  readonly alias: People.Alias
  readonly evidence: Omit<People.Evidence, "tokenHash">
  /** What the proof signs. Kept as a keyed hash, by which it is used once. */
  readonly signed: string
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** The session to go on with; whether the visitor's earlier answers are the person's now. */
export interface Identified {
  readonly _tag: "Identified"
  readonly isSynced: boolean
  readonly token: string
  readonly isRepeated?: true
}

/** The proof was used before. */
export interface IdentityTokenUsed {
  readonly _tag: "IdentityTokenUsed"
}

/** An identifier that is to be proven: as it is, or the SHA-256 of its normalized form, lower-case hexadecimal. */
export interface Proven {
  readonly kind: (typeof kinds)[number]
  readonly value: string
  readonly isHashed: boolean
}

/** An alias, and the form of the identifier that two spellings of it share. */
export interface NormalizedAlias extends People.Alias {
  readonly normalized: string
}

const normalize = ({ isHashed, kind, value }: Proven): string | undefined => {
  if (isHashed) return /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : undefined
  if (kind === "contextId") return Identifiers.isUuid(value) ? value.toLowerCase() : undefined
  const person = Identifiers.normalize({ [kind]: value })
  return "faults" in person ? undefined : person.identifiers[kind]
}

/** The alias of an identifier; nothing for a value that is none. */
export const aliasOf = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  proven: Proven,
  { digest, hasherOf }: Pick<LedgerContext, "digest" | "hasherOf">,
) {
  const normalized = normalize(proven)
  if (normalized === undefined) return Option.none<NormalizedAlias>()
  const sha256 = proven.isHashed ? normalized : yield* Sha256.hex(digest, normalized)
  const hasher = yield* hasherOf(organization)
  return Option.some<NormalizedAlias>({ ...(yield* hasher.hashed(proven.kind, sha256, project)), normalized })
})

interface Plan {
  readonly concordId: string
  readonly isSynced: boolean
  readonly claims: IdentityChange["claims"]
  readonly facts: IdentityChange["facts"]
  /** Whether the guest that the visitor was is somebody now. */
  readonly endsGuest: boolean
}

/** Whom the identifier names now, as whom that person counts; `undefined` where it names nobody. */
const named = Effect.fnUntraced(function* ({ alias, organization }: Identification, context: LedgerContext) {
  const [found] = yield* context.store.people.byAlias(organization, [alias.hash])
  return found === undefined ? undefined : (yield* Joins.current(organization, found.concordId, context)).survivor
})

/** Whom the visitor is from now on, and by what; `survivor` is whom the identifier names. */
const plan = Effect.fnUntraced(function* (
  { alias, session }: Identification,
  evidence: People.Evidence,
  visitor: { readonly isGuest: boolean; readonly survivor: string },
  survivor: string | undefined,
  now: Instant,
  { random }: LedgerContext,
) {
  const guest = session.concordId
  const known = { dateCreated: now, submitter: session.id, evidence }
  if (survivor === undefined) {
    const concordId = visitor.isGuest ? guest : yield* random.uuidV7()
    const claims = [{ ...alias, concordId, dateCreated: now }]
    const self = { member: concordId, survivor: concordId, alias: alias.hash }
    const fact: People.Fact = { id: yield* random.uuidV7(), kind: "identified", ...self, ...known }
    return { concordId, isSynced: visitor.isGuest, claims, facts: [fact], endsGuest: visitor.isGuest } as Plan
  }
  const isSelf = survivor === visitor.survivor
  if (isSelf || !visitor.isGuest) {
    return { concordId: survivor, isSynced: isSelf, claims: [], facts: [], endsGuest: false } as Plan
  }
  const fact: People.Fact = { id: yield* random.uuidV7(), kind: "joined", member: guest, survivor, ...known }
  return { concordId: survivor, isSynced: true, claims: [], facts: [fact], endsGuest: true } as Plan
})

/** What its tokens are made for. */
const purpose = "identified session"

/** What is kept of the answer to a request with a key; the token of the session `id` is made again. */
interface Kept extends Pick<Identified, "isSynced"> {
  readonly id: string
}

/** The session to go on with, before it is known whose it is. */
type New = Pick<Session, "id"> & Pick<Identified, "token">

const attempt = Effect.fnUntraced(function* (
  request: Identification,
  { id, token }: New,
  now: Instant,
  context: LedgerContext,
) {
  const { digest, answerHorizon, remembered, store } = context
  const { idempotency, organization, session } = request
  const hasher = yield* context.hasherOf(organization)
  const tokenHash = Hex.encode(yield* hasher.sign("proof", request.signed))
  const evidence: People.Evidence = { ...request.evidence, tokenHash }
  const guest = session.concordId
  const self = yield* store.people.person(organization, guest)
  const { survivor } = yield* Joins.current(organization, guest, context)
  const isGuest = !self.isIdentified && survivor === guest
  const person = yield* named(request, context)
  const planned = yield* plan(request, evidence, { isGuest, survivor }, person, now, context)
  const target = yield* store.people.person(organization, planned.concordId)
  // Asked again behind the revision: what is undone from here on makes the change stale.
  if ((yield* named(request, context)) !== person) return { outcome: "stale" as const, isSynced: false }
  const { context: contextHash, ...opened } = session
  // A browser's `contextId` that was proven names the visitor, who is a guest still: released when the guest is somebody.
  const proven = request.alias.kind === "contextId" ? request.alias.hash : undefined
  const next: Session = {
    ...opened,
    id,
    tokenHash: yield* Sha256.hex(digest, token),
    concordId: planned.concordId,
    expiresAt: (yield* Clock.currentTimeMillis) + Sessions.lifetimeMillis,
    ...(proven !== undefined && { context: proven }),
  }
  const change: IdentityChange = {
    organization,
    seen: [
      { concordId: guest, revision: self.revision },
      { concordId: planned.concordId, revision: target.revision },
    ],
    claims: planned.claims,
    releases: contextHash === undefined || contextHash === proven ? [] : [contextHash],
    facts: planned.facts,
    identityToken: { hash: evidence.tokenHash, expiresAt: evidence.expiresAt },
    session: next,
    ends: {
      at: yield* Clock.currentTimeMillis,
      tokenHash: session.tokenHash,
      ...(planned.endsGuest && { sessionsOf: guest }),
    },
    ...(yield* Idempotency.recordOf(
      idempotency,
      context,
      JSON.stringify({ isSynced: planned.isSynced, id } satisfies Kept),
    )),
  }
  // In one with the change, which goes on when nobody waits for its answer any more: an ended session opens nothing.
  const changed = Effect.tap(store.people.change(change), (kept) =>
    Effect.sync(() => {
      if (kept === "kept") Sessions.forget(remembered, session.tokenHash, planned.endsGuest ? guest : undefined)
    }),
  )
  const claimed = planned.claims.map(({ hash }) => hash)
  const outcome = yield* answerHorizon.record(new Set([guest, planned.concordId, ...claimed]), now, changed)
  return { outcome, isSynced: planned.isSynced }
})

/** Identifies a visitor by an identifier that was proven. */
export const identify = Effect.fnUntraced(function* (request: Identification, context: LedgerContext) {
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
      const earliest = outcome === "stale" ? now : outcome.answeredAt + 1
      now = Math.max(earliest, yield* Clock.currentTimeMillis)
    }
    return yield* new StoreUnavailable({ reason: "too many sessions are identified as the same person" })
  })
  const outcome = yield* Idempotency.once<Identified | IdentityTokenUsed, StoreUnavailable, never>(
    organization,
    idempotency,
    context,
    carryOut,
  )
  return outcome._tag === "Repeated" ? yield* again(organization, idempotency!, outcome.answer, context) : outcome
})

/** The answer to a request that was answered before: its session has ended by it, and its proof was used. */
export const identifiedBefore = Effect.fnUntraced(function* (
  organization: Organization,
  idempotency: Idempotency.IdempotentRequest | undefined,
  context: LedgerContext,
) {
  if (idempotency === undefined) return Option.none<Identified | Exclude<Idempotency.Repeat, { _tag: "Repeated" }>>()
  const nothing = { _tag: "Nothing" } as const
  const outcome = yield* Idempotency.once<typeof nothing, never, never>(
    organization,
    idempotency,
    context,
    Effect.succeed(nothing),
  )
  if (outcome._tag === "Nothing") return Option.none()
  return Option.some(
    outcome._tag === "Repeated" ? yield* again(organization, idempotency, outcome.answer, context) : outcome,
  )
})

const again = Effect.fnUntraced(function* (
  organization: Organization,
  idempotency: Idempotency.IdempotentRequest,
  answer: string,
  context: LedgerContext,
) {
  const { id, isSynced }: Kept = JSON.parse(answer)
  const token = yield* Secrets.make(purpose, id, organization, idempotency, context)
  return { _tag: "Identified", isSynced, token, isRepeated: true } as Identified
})

/** Who somebody is: everyone it was joined with, and the facts that tell. */
export interface PersonFacts extends Joins.JoinedPeople {
  /** In the order recorded. */
  readonly facts: ReadonlyArray<People.Fact>
}

/** Who a person is now. */
export const person = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: LedgerContext,
) {
  const known = yield* Joins.facts(organization, concordId, context)
  const facts = [...known.facts.values()]
  const now = Joins.learnt(known.facts, yield* Clock.currentTimeMillis)
  const inOrder = facts.toSorted((a, b) => a.dateCreated - b.dateCreated || (a.id < b.id ? -1 : 1))
  const joined = People.joinedWith(facts, concordId, now)
  return { ...joined, facts: inOrder, positions: known.positions } satisfies PersonFacts
})

/**
 * Undoes a join or an identification, by a fact of its own: both people have their own answers again, or the identifier names
 * nobody. The survivor's sessions end: one of them may be the browser that was wrongly taken for it.
 */
export const undo = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  joinId: string,
  submitter: string,
  context: LedgerContext,
) {
  const { answerHorizon, random, remembered, store } = context
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const { facts } = yield* person(organization, concordId, context)
    const join = facts.find(({ id, kind }) => id === joinId && kind !== "undone")
    if (join === undefined) return { _tag: "NoSuchJoin" } as const
    const { member, survivor } = join
    // In one read: of two who undo it at the same time, one finds the other's fact, or its revision stale.
    const { facts: known, revision } = yield* store.people.person(organization, member)
    if (known.some((fact) => fact.join === joinId)) return { _tag: "UndoneBefore" } as const
    // Also where the clock was set back: as of the join the two are one.
    now = Math.max(now, join.dateCreated + 1)
    const id = yield* random.uuidV7()
    const fact: People.Fact = { id, kind: "undone", dateCreated: now, member, survivor, submitter, join: joinId }
    const seen = [{ concordId: member, revision }]
    const releases = join.alias === undefined ? [] : [join.alias]
    const ends = { at: yield* Clock.currentTimeMillis, sessionsOf: survivor }
    const change = { organization, seen, claims: [], releases, facts: [fact], ends }
    const outcome = yield* answerHorizon.record(
      new Set([member, survivor, ...releases]),
      now,
      store.people.change(change),
    )
    if (outcome === "kept") {
      Sessions.forget(remembered, undefined, survivor)
      return { _tag: "Undone" } as const
    }
    const earliest = typeof outcome === "string" ? now : outcome.answeredAt + 1
    now = Math.max(earliest, yield* Clock.currentTimeMillis)
  }
  return yield* new StoreUnavailable({ reason: "too many changes of the same person" })
})
