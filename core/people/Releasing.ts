/**
 * Releasing an identifier: an address or a number that changed hands names no one from now on, by a fact of its own
 * (semantics, section 5). What was recorded stays with the person it named, and questions as known before still find
 * that person by it.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { IdentityChange, Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as Turns from "../ledger/Turns.ts"

/** An identifier that can be released. */
export interface Identifier {
  readonly kind: People.ReleasableKind
  readonly value: string
  /** The project in which the identifier is unique: needed for a `projectUserId`, ignored for the other kinds. */
  readonly project?: Project
}

/** A request to release an identifier, and how the answer is written. */
export interface Releasing {
  /** The person that it must name, or a person joined with that one. Left out: whichever it names. */
  readonly concordId?: string
  readonly identifier: Identifier
  /** 1 to 256 characters, kept in the fact. */
  readonly reason: string
  /** The id of the API key, or of the organization. */
  readonly submitter: string
  readonly idempotency?: Idempotency.IdempotentRequest
  readonly answer: (fact: People.Fact) => string
}

/** The fact, and positions at which the identifier names no one. */
export type ReleaseOutcome =
  | { readonly _tag: "Released"; readonly fact: People.Fact; readonly positions: Positions }
  | { readonly _tag: "NotNamed" }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/** The hashes of an identifier, the one that it is claimed by first. */
export const hashesOf = Effect.fnUntraced(function* (
  organization: Organization,
  { kind, project, value }: Identifier,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  // A placeholder, which names no one any more, can be released from the person that an earlier version made of it.
  const normalized = Identifiers.normalizeKept({ [kind]: value })
  if ("faults" in normalized) return { faults: normalized.faults }
  const hasher = yield* hasherOf(organization)
  const [alias] = yield* hasher.aliases(normalized.identifiers, project ?? { id: "" }, { [kind]: value })
  return { alias: alias!, hashes: People.hashesOf(alias!) }
})

/** The people that hashes name, which must be one person; `undefined` if none of them names the person asked about. */
const namedBy = Effect.fnUntraced(function* (
  organization: Organization,
  hashes: ReadonlyArray<string>,
  concordId: string | undefined,
  context: LedgerContext,
) {
  const { people } = context.store
  const read = Effect.map(people.byAlias(organization, hashes), (all) => all.map((each) => each?.concordId))
  const before = yield* read
  const asked = concordId === undefined ? undefined : yield* Joins.counted(organization, concordId, context)
  const found: Array<{ readonly hash: string; readonly counted: Joins.Counted; readonly concordId: string }> = []
  for (const [index, each] of before.entries()) {
    if (each === undefined) continue
    const counted = yield* Joins.counted(organization, each, context)
    const isAsked = asked === undefined || asked.survivor === counted.survivor
    if (isAsked) found.push({ hash: hashes[index]!, counted, concordId: each })
  }
  // The aliases are read again after the revisions: a change before that read is seen here, and a later one raises a
  // revision and makes the release stale.
  const named = yield* people.byAlias(organization, hashes)
  if (named.some((each, index) => each?.concordId !== before[index])) return "stale" as const
  const dates = named.map((each) => each?.dateCreated ?? -Infinity)
  return { found, asked, claimedAt: Math.max(...dates) }
})

/** One attempt at a release. */
const attempt = Effect.fnUntraced(function* (
  organization: Organization,
  releasing: Releasing,
  { alias, hashes }: { readonly alias: People.Alias; readonly hashes: ReadonlyArray<string> },
  context: LedgerContext,
) {
  const { answerHorizon, random, sessionCache, store } = context
  const { concordId, idempotency, reason, submitter } = releasing
  const named = yield* namedBy(organization, hashes, concordId, context)
  if (named === "stale") return named
  const [first] = named.found
  if (first === undefined) return { _tag: "NotNamed" } as const
  const { kind, project } = alias
  const identifier = { kind, ...(project !== undefined && { project }) }
  const facts: Array<Omit<People.Fact, "dateCreated">> = []
  for (const { concordId: member, hash } of named.found) {
    const id = yield* random.uuidV7()
    facts.push({ id, kind: "released", member, survivor: member, submitter, alias: hash, identifier, reason })
  }
  const read = [...named.found.map(({ counted }) => counted), ...(named.asked === undefined ? [] : [named.asked])]
  const revisions = new Map(read.flatMap(({ seen }) => seen.map((each) => [each.concordId, each.revision] as const)))
  const seen = [...revisions].map(([concordId, revision]) => ({ concordId, revision }))
  const at = yield* Clock.currentTimeMillis
  const sessionsOf = first.counted.survivor
  const committed = yield* PersonalFacts.commit(organization, facts, [], context)
  const write = Effect.fnUntraced(function* (now: Instant) {
    const recorded = committed.facts.map((fact): People.Fact => ({ ...fact, dateCreated: now }))
    const change: IdentityChange = {
      organization,
      seen,
      claims: [],
      releases: named.found.map(({ hash }) => ({ hash, dateCreated: now })),
      facts: recorded,
      ...(committed.personal !== undefined && { personal: committed.personal }),
      // One of the sessions may have been opened by a proof of the identifier, which another person may have by now.
      ends: { at, sessionsOf },
      // The fact as it is stored: its personal members are opened again for a repeated request.
      ...(yield* Idempotency.recordOf(idempotency, context, JSON.stringify(recorded[0]))),
    }
    // While the keys are away the reason is left out, so the answer has none either.
    const [written] = recorded
    const isKept = committed.kept.has(written!.commitment ?? "")
    const fact = isKept ? { ...facts[0]!, dateCreated: now } : written!
    return { fact, kept: yield* store.people.change(change) }
  })
  // It is later than the claim, even if the clock was set back, because as known at the claim the identifier names it.
  const now = Math.max(at, named.claimedAt + 1)
  const { fact, kept } = yield* answerHorizon.record(new Set([...hashes, ...revisions.keys()]), now, write)
  if (kept === "repeated") return Idempotency.keptBefore
  if (kept !== "kept") return "stale" as const
  SessionCache.remove(sessionCache, undefined, sessionsOf)
  return { _tag: "Kept", fact } as const
})

/** The positions of the lanes that count the release of hashes of a person. */
const positionsOf = (
  organization: Organization,
  keys: ReadonlyArray<string>,
  { store }: Pick<LedgerContext, "store">,
): Effect.Effect<Positions, StoreUnavailable> =>
  store.people.laneEnds([...new Set(keys.map((key) => Lane.of(organization, key)))])

/**
 * Releases an identifier: it names no one from now on, until it is claimed again. The sessions of the person it named
 * end.
 */
export const release = Effect.fnUntraced(function* (
  organization: Organization,
  releasing: Releasing,
  context: LedgerContext,
): Effect.fn.Return<ReleaseOutcome | Idempotency.KeyConflict | Idempotency.RepeatedAt, StoreUnavailable> {
  const hashed = yield* hashesOf(organization, releasing.identifier, context)
  if ("faults" in hashed) return { _tag: "Refused", faults: hashed.faults }
  const [key] = hashed.hashes
  const turn = Turns.inTurn(
    key!,
    "too many changes of the same identifier",
    attempt(organization, releasing, hashed, context),
    context,
  )
  const outcome = yield* Idempotency.once(organization, releasing.idempotency, context, turn)
  if (outcome._tag === "Repeated") {
    const fact = yield* PersonalFacts.openKept(organization, [JSON.parse(outcome.answer) as People.Fact], context)
    const positions = yield* positionsOf(organization, hashed.hashes, context)
    return { ...outcome, answer: releasing.answer(fact[0]!), positions }
  }
  if (outcome._tag !== "Kept") return outcome
  const { fact } = outcome
  return {
    _tag: "Released",
    fact,
    positions: yield* positionsOf(organization, [...hashed.hashes, fact.member], context),
  }
})
