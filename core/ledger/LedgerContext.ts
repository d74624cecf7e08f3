/**
 * The dependencies of the use cases, and the state that one ledger keeps in memory.
 */
import { Context, Effect, type Option, Semaphore } from "effect"
import { Digest, Mac, SecureRandom } from "effect/crypto"
import type { Organization } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { SessionCache } from "./SessionCache.ts"
import { ErasureLog } from "../ports/ErasureLog.ts"
import { LedgerStore, type Positions, type StoreUnavailable } from "../ports/LedgerStore.ts"
import * as AnswerHorizon from "./AnswerHorizon.ts"
import * as Identifiers from "./Identifiers.ts"
import * as KeyedLock from "./KeyedLock.ts"

/** The number of lanes of a new organization or project: 1 to {@link Lane.newMaxCount}. It never changes after that. */
export const NewLanes = Context.Reference<number>("assent/ledger/NewLanes", { defaultValue: () => Lane.defaultCount })

/** The dependencies and the state of one ledger. */
export interface LedgerContext {
  readonly store: LedgerStore["Service"]
  /** The log of erasures outside of the store, if there is one. */
  readonly erasureLog: Option.Option<ErasureLog["Service"]>
  /** Whether events are recorded into a scratch store, to see what would happen. */
  readonly isDryRun: boolean
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly digest: Digest.Digest["Service"]
  readonly hasherOf: (organization: Organization) => Effect.Effect<Identifiers.Hasher>
  readonly newLanes: number
  readonly answerHorizon: AnswerHorizon.AnswerHorizon
  readonly sessionCache: SessionCache
  /** For each API key, by its id, the instant of its last use that was noted. */
  readonly notedKeyUses: Map<string, Instant>
  /** Readings of a replica's positions that waiting requests share, by the id of the project or organization. */
  readonly sharedPositions: Map<string, Effect.Effect<Positions, StoreUnavailable>>
  /** The hashes of the idempotency keys whose requests are being carried out. */
  readonly inFlight: Set<string>
  /** Held during an identity change: the ledger makes one at a time for each identifier. */
  readonly identityLock: KeyedLock.KeyedLock
  /** Held during a catalog change: the ledger makes one at a time. */
  readonly catalogLock: Semaphore.Semaphore
}

/** How many times a write is prepared before it fails, when the state it was prepared against keeps changing. */
export const maxAttempts = 100

/** The state of a ledger that has had no requests. */
const emptyState = () => ({
  answerHorizon: AnswerHorizon.make(),
  sessionCache: new Map(),
  notedKeyUses: new Map(),
  sharedPositions: new Map(),
  inFlight: new Set<string>(),
  identityLock: KeyedLock.make(),
})

/** The hashers of organizations, each made once. */
const makeHasherOf = (mac: Mac.Mac["Service"], digest: Digest.Digest["Service"]): LedgerContext["hasherOf"] => {
  const hashers = new Map<string, Identifiers.Hasher>()
  return Effect.fnUntraced(function* (organization: Organization) {
    const known = hashers.get(organization.id)
    if (known !== undefined) return known
    const hasher = yield* Identifiers.hasher(mac, digest, organization)
    hashers.set(organization.id, hasher)
    return hasher
  })
}

/** The context of a new ledger, over the store, randomness and hashing of its environment. */
export const make = Effect.gen(function* () {
  const digest = yield* Digest.Digest
  return {
    store: yield* LedgerStore,
    erasureLog: yield* Effect.serviceOption(ErasureLog),
    isDryRun: false,
    random: yield* SecureRandom.SecureRandom,
    digest,
    hasherOf: makeHasherOf(yield* Mac.Mac, digest),
    newLanes: yield* NewLanes,
    ...emptyState(),
    catalogLock: yield* Semaphore.make(1),
  } satisfies LedgerContext as LedgerContext
})

/** The context of a dry run over the store of one: it shares the dependencies, but no state. */
export const ofDryRun = (store: LedgerContext["store"], context: LedgerContext): LedgerContext => ({
  ...context,
  ...emptyState(),
  store,
  isDryRun: true,
})
