/**
 * The dependencies of the use cases, and the state that one ledger keeps in memory.
 */
import { Context, Effect, type Option, Semaphore } from "effect"
import { Aead, Digest, Mac, SecureRandom } from "effect/crypto"
import type { Organization } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import * as Lane from "../model/Lane.ts"
import * as FeedSignal from "./FeedSignal.ts"
import * as FeedWaiting from "./FeedWaiting.ts"
import type { SessionCache } from "./SessionCache.ts"
import * as VisitTally from "./VisitTally.ts"
import { ErasureLog } from "../ports/ErasureLog.ts"
import { FileScanner } from "../ports/FileScanner.ts"
import { Keys, type KeysUnavailable } from "../ports/Keys.ts"
import { LedgerStore, type Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as AnswerHorizon from "./AnswerHorizon.ts"
import * as Identifiers from "./Identifiers.ts"
import * as KeyedLock from "./KeyedLock.ts"
import * as KeyEpochs from "./KeyEpochs.ts"
import * as MailSettings from "./MailSettings.ts"
import * as OpenedTexts from "./OpenedTexts.ts"
import * as OrganizationKey from "./OrganizationKey.ts"
import * as PackageQueue from "./PackageQueue.ts"
import * as PersonKeys from "./PersonKeys.ts"
import * as RunningSha256 from "./RunningSha256.ts"

/** The number of lanes of a new organization or project: 1 to {@link Lane.newMaxCount}. It never changes after that. */
export const NewLanes = Context.Reference<number>("assent/ledger/NewLanes", { defaultValue: () => Lane.defaultCount })

/** The dependencies and the state of one ledger. */
export interface LedgerContext {
  readonly store: LedgerStore["Service"]
  /** The log of erasures outside of the store, if there is one. */
  readonly erasureLog: Option.Option<ErasureLog["Service"]>
  /** The scanner of files, if there is one. */
  readonly fileScanner: Option.Option<FileScanner["Service"]>
  /** Whether events are recorded into a scratch store, to see what would happen. */
  readonly isDryRun: boolean
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly digest: Digest.Digest["Service"]
  /** Begins the digest of bytes that arrive in pieces. */
  readonly runningSha256: () => RunningSha256.RunningSha256
  readonly aead: Aead.Aead["Service"]
  readonly keys: Keys["Service"]
  /** The hasher of an organization. Its key is unwrapped once: a later failure of `keys` does not concern it. */
  readonly hasherOf: (organization: Organization) => Effect.Effect<Identifiers.Hasher, StoreUnavailable>
  /** How long the key of an epoch is kept after its end. */
  readonly keysKept: Period
  readonly newLanes: number
  readonly mailSettings: MailSettings.MailSettings
  readonly answerHorizon: AnswerHorizon.AnswerHorizon
  /** Notified of each write of {@link store}. */
  readonly feedSignal: FeedSignal.FeedSignal
  readonly feedWaiting: FeedWaiting.FeedWaiting
  readonly packageQueue: PackageQueue.PackageQueue
  readonly sessionCache: SessionCache
  /** Reads and sessions that were not written yet. */
  readonly visitTally: VisitTally.VisitTally
  readonly openedTexts: OpenedTexts.OpenedTexts
  readonly personKeys: PersonKeys.PersonKeyCache
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
  feedSignal: FeedSignal.make(),
  feedWaiting: FeedWaiting.make(),
  packageQueue: PackageQueue.make(),
  sessionCache: new Map(),
  visitTally: VisitTally.make(),
  openedTexts: OpenedTexts.make(),
  personKeys: PersonKeys.makeCache(),
  notedKeyUses: new Map(),
  sharedPositions: new Map(),
  inFlight: new Set<string>(),
  identityLock: KeyedLock.make(),
})

type UnwrappingHasherOf = (organization: Organization) => Effect.Effect<Identifiers.Hasher, KeysUnavailable>

/** The hashers of organizations, each made once. */
const makeHasherOf = (
  mac: Mac.Mac["Service"],
  digest: Digest.Digest["Service"],
  keys: Keys["Service"],
): UnwrappingHasherOf => {
  const hashers = new Map<string, Identifiers.Hasher>()
  return Effect.fnUntraced(function* (organization: Organization) {
    const known = hashers.get(organization.id)
    if (known !== undefined) return known
    const hasher = yield* Identifiers.hasher(mac, digest, organization, yield* OrganizationKey.open(organization, keys))
    hashers.set(organization.id, hasher)
    return hasher
  })
}

/** Keys that cannot be used, as a use case reports it: like a store that cannot answer now. */
export const asStore = ({ reason }: KeysUnavailable): StoreUnavailable => new StoreUnavailable({ reason })

/**
 * The context of a new ledger, over the store, keys, randomness and hashing of its environment. The keys of all
 * organizations are unwrapped now, so that no request waits for `Keys` because of them; it fails if one cannot be.
 */
export const make = Effect.gen(function* () {
  const digest = yield* Digest.Digest
  const keys = yield* Keys
  const store = yield* LedgerStore
  const hasherOf = makeHasherOf(yield* Mac.Mac, digest, keys)
  const { organizations } = yield* store.catalog.current
  yield* Effect.forEach(organizations.values(), hasherOf, { discard: true })
  const state = emptyState()
  yield* FeedWaiting.showMetric
  return {
    store: FeedSignal.over(store, state.feedSignal),
    erasureLog: yield* Effect.serviceOption(ErasureLog),
    fileScanner: yield* Effect.serviceOption(FileScanner),
    isDryRun: false,
    random: yield* SecureRandom.SecureRandom,
    digest,
    runningSha256: yield* RunningSha256.Make,
    aead: yield* Aead.Aead,
    keys,
    hasherOf: (organization) => Effect.mapError(hasherOf(organization), asStore),
    keysKept: yield* KeyEpochs.Kept,
    newLanes: yield* NewLanes,
    mailSettings: yield* MailSettings.Current,
    ...state,
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
