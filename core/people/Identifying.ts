/**
 * Identifying a visitor (semantics, section 5): the session's person is joined with the person that a proven identifier
 * names, by a fact that another fact can undo. An identifier that names no one is given a person of its own first, so
 * that undoing leaves the visitor and the identifier what each of them said.
 *
 * A guest is joined even if it has said nothing yet, because a refusal of its old session may be on its way.
 *
 * If both people have an account they are never joined, because several people use one browser. The token then opens a
 * session for the other person, and nothing is carried over. The visitor's old session ends in any case, and the
 * browser's `contextId` is released, because another person may know them from an earlier use of the browser, and must
 * learn nothing about the person that is identified now.
 */
import { Clock, Effect, Option } from "effect"
import { Hex } from "effect/encoding"
import type { Organization, Project } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import type { IdentityChange, Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as Grouping from "./Grouping.ts"
import * as TwoAccounts from "./TwoAccounts.ts"
import * as Commitment from "../ledger/Commitment.ts"
import * as Turns from "../ledger/Turns.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Secrets from "./Secrets.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
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
  readonly evidence: Omit<People.IdentityEvidence, "tokenHash">
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

/** The visitor was erased, and its session with it. */
export interface SessionEnded {
  readonly _tag: "SessionEnded"
}

/** The person that the visitor is from now on, and the claims and facts that say so. */
interface Plan {
  readonly concordId: string
  readonly isSynced: boolean
  readonly claims: IdentityChange["claims"]
  readonly facts: IdentityChange["facts"]
  readonly grouping?: Grouping.Grouping
  /** The people that were read; with any other revision the change is stale. */
  readonly seen: IdentityChange["seen"]
  /** The person that is counted as another one from now on, and whose sessions end. */
  readonly joined?: string
  /** The people that are made by the plan. */
  readonly newPeople: ReadonlySet<string>
}

/** The purpose of the secret from which the tokens of identified sessions are derived. */
const purpose = "identified session"

/** The answer in an idempotency record; the token of the session `id` is derived again. */
interface KeptAnswer extends Pick<Identified, "isSynced"> {
  readonly id: string
}

/** The session to go on with, before its person is known. */
type NewSession = Pick<Session, "id"> & Pick<Identified, "token">

/** The person that an identifier names, and the person it is counted as. */
interface NamedPerson extends Joins.Counted {
  /** The person itself, if it is found under an earlier spelling only: the identifier is claimed for it. */
  readonly namedEarlier?: string
}

/**
 * The person that the identifier names now, and the person it is counted as; `undefined` if it names no one. Of people
 * that earlier spellings name it is the first one. The alias is read again after the person's revision: a release
 * before that read is seen here (`stale`), and a later one raises the revision and makes the change stale.
 */
const named = Effect.fnUntraced(function* (
  { alias, organization }: Identification,
  context: LedgerContext,
): Effect.fn.Return<NamedPerson | "stale" | undefined, StoreUnavailable> {
  const read = context.store.people.byAlias(organization, People.hashesOf(alias))
  const before = yield* read
  const index = before.findIndex((each) => each !== undefined)
  const found = before[index]
  if (found === undefined) return undefined
  const counted = yield* Joins.counted(organization, found.concordId, context)
  const still = (yield* read)[index]
  if (still?.concordId !== found.concordId) return "stale"
  return index === 0 ? counted : { ...counted, namedEarlier: found.concordId }
})

/** Plans the identification of a visitor; `person` is the one that the identifier names. */
const plan = Effect.fnUntraced(function* (
  { alias, organization, session }: Identification,
  evidence: People.IdentityEvidence,
  visitor: Joins.Counted,
  person: NamedPerson | undefined,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<Plan, StoreUnavailable> {
  const { random } = context
  const known = { dateCreated: now, submitter: session.id, evidence }
  const own = person === undefined ? yield* random.uuidV7() : person.survivor
  const self = { kind: "identified", member: own, survivor: own, alias: alias.hash, ...known } as const
  const identified: ReadonlyArray<People.Fact> = person === undefined ? [{ id: yield* random.uuidV7(), ...self }] : []
  const claimant = person === undefined ? own : person.namedEarlier
  const claims = claimant === undefined ? [] : [Identifiers.claimOf(alias, claimant, now)]
  const seen = [...visitor.seen, ...(person?.seen ?? [{ concordId: own, revision: 0 }])]
  const isSelf = own === visitor.survivor
  const isOther = !isSelf && (yield* TwoAccounts.bothHave(organization, visitor, person, alias, context))
  const newPeople = new Set(person === undefined ? [own] : [])
  const planned = { concordId: own, isSynced: !isOther, claims, seen, newPeople }
  if (isSelf || isOther) return { ...planned, facts: identified }
  const member = visitor.survivor
  const joined: People.Fact = { id: yield* random.uuidV7(), kind: "joined", member, survivor: own, ...known }
  const survivor = person ?? { survivor: own, isJoined: false, learnt: undefined }
  const grouping = yield* Grouping.add(organization, visitor, survivor, context)
  return { ...planned, facts: [...identified, joined], grouping, joined: member }
})

/** The identity change of a plan, recorded at `now`. */
const changeOf = Effect.fnUntraced(function* (
  request: Identification,
  evidence: People.IdentityEvidence,
  { claims, concordId, grouping, isSynced, joined, seen }: Plan,
  { commitments, facts, personal }: PersonalFacts.CommittedFacts<People.Fact>,
  { id, token }: NewSession,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<IdentityChange> {
  const { idempotency, organization, session } = request
  const { context: contextHash, ipAddress: _, personal: __, userAgent: ___, ...opened } = session
  const { apart, ofSession } = SessionPart.divide(personal)
  // A proven `contextId` names the visitor, which stays a guest. It is released when the guest is identified.
  const proven = request.alias.kind === "contextId" ? request.alias.hash : undefined
  const clock = yield* Clock.currentTimeMillis
  const next: Session = {
    ...opened,
    id,
    tokenHash: yield* Sha256.hex(context.digest, token),
    concordId,
    expiresAt: clock + Sessions.lifetimeMillis,
    // Of a session whose personal data cannot be opened, the next one has none.
    commitment: commitments[0] ?? (yield* Commitment.unopened(context)),
    ...ofSession,
    ...(proven !== undefined && { context: proven }),
  }
  const answer = JSON.stringify({ isSynced, id } satisfies KeptAnswer)
  return {
    organization,
    seen,
    claims: claims.map((claim) => ({ ...claim, dateCreated: now })),
    releases: contextHash === undefined || contextHash === proven ? [] : [{ hash: contextHash }],
    facts: facts.map((fact) => ({ ...fact, dateCreated: now })),
    ...(grouping !== undefined && { joining: Grouping.at(grouping, now) }),
    identityToken: { hash: evidence.tokenHash, expiresAt: evidence.expiresAt, concordId },
    session: next,
    ...apart,
    ends: { at: clock, tokenHash: session.tokenHash, ...(joined !== undefined && { sessionsOf: joined }) },
    ...(yield* Idempotency.recordOf(idempotency, context, answer)),
  }
})

/** One attempt at an identification, no earlier than the instant `now`. */
const attempt = Effect.fnUntraced(function* (
  request: Identification,
  opening: NewSession,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { answerHorizon, sessionCache, store } = context
  const { organization, session } = request
  const hasher = yield* context.hasherOf(organization)
  const tokenHash = Hex.encode(yield* hasher.sign("proof", request.signed))
  const evidence: People.IdentityEvidence = { ...request.evidence, tokenHash }
  const visitor = yield* Joins.counted(organization, session.concordId, context)
  // Another process may have erased it while the session was in the cache of this one.
  if (visitor.person.erasedAt !== undefined) return { outcome: "ended", isSynced: false } as const
  const person = yield* named(request, context)
  if (person === "stale") return { outcome: person, isSynced: false }
  const planned = yield* plan(request, evidence, visitor, person, now, context)
  const [claim] = planned.claims
  // After a clock that was ahead, the release of the identifier and the last change of the group may be later than now.
  const released = claim && (yield* store.people.lastRelease(organization, claim.hash))
  const releasedAt = released?.releasedAt ?? Instant.min
  const earliest = Math.max(now, releasedAt, planned.grouping?.learntBefore ?? now)
  const claims = planned.claims.map((each) => ({ ...each, releasedAt }))
  const subjects = [...planned.seen.map(({ concordId }) => concordId), ...planned.claims.map(({ hash }) => hash)]
  const { concordId, facts, newPeople } = planned
  const shown = session.ipAddress === undefined ? [] : [EventBody.sessionJson(session)]
  const sessionData = shown.map((json) => ({ concordId, kind: "session", json }) as const)
  const committed = yield* PersonalFacts.commit(organization, facts, sessionData, context, newPeople)
  const outcome = yield* answerHorizon.record(new Set(subjects), earliest, (recordedAt) =>
    Effect.gen(function* () {
      const change = yield* changeOf(request, evidence, { ...planned, claims }, committed, opening, recordedAt, context)
      const kept = yield* store.people.change(change)
      // The ended sessions leave the cache together with the change, which goes on even if the request is interrupted.
      if (kept === "kept") {
        SessionCache.remove(sessionCache, session.tokenHash, planned.joined)
        Sessions.remember(change.session!, committed, recordedAt, context)
      }
      // Another process may have erased one of the people, with its key, and kept its identifiers.
      if (kept === "stale") PersonKeys.forget(organization, [concordId, ...facts.map((each) => each.survivor)], context)
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
): Effect.fn.Return<Identified | IdentityTokenUsed | SessionEnded | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, organization } = request
  const id = yield* context.random.uuidV7()
  const token = yield* Secrets.make(purpose, id, organization, idempotency, context)
  const carryOut = Turns.inTurn(
    request.alias.hash,
    "too many sessions are identified as the same person",
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { isSynced, outcome } = yield* attempt(request, { id, token }, now, context)
      if (outcome === "kept") return { _tag: "Identified", isSynced, token } as Identified
      if (outcome === "used") return { _tag: "IdentityTokenUsed" } as IdentityTokenUsed
      if (outcome === "ended") return { _tag: "SessionEnded" } as SessionEnded
      return outcome === "repeated" ? Idempotency.keptBefore : "stale"
    }),
    context,
  )
  const outcome = yield* Idempotency.once<Identified | IdentityTokenUsed | SessionEnded, StoreUnavailable, never>(
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
