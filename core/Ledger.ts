/**
 * The ledger: every use case over the store, as one service that adapters and embedding programs call.
 *
 * Each use case is a function of its arguments and the ledger's context, documented in its module. Outcomes of the
 * domain are values; the only error is a store that cannot answer now.
 */
import { Context, Effect, Layer } from "effect"
import type { Aead, Digest, Mac, SecureRandom } from "effect/crypto"
import type { Keys, KeysUnavailable } from "./ports/Keys.ts"
import type { LedgerStore, StoreUnavailable } from "./ports/LedgerStore.ts"
import * as ApiKeys from "./catalog/ApiKeys.ts"
import * as ConsentTypes from "./catalog/ConsentTypes.ts"
import * as Founding from "./catalog/Founding.ts"
import * as Organizations from "./catalog/Organizations.ts"
import * as AnswerPages from "./ledger/AnswerPages.ts"
import * as ClockCheck from "./integrity/ClockCheck.ts"
import * as KeyEpochs from "./ledger/KeyEpochs.ts"
import * as LedgerContext from "./ledger/LedgerContext.ts"
import * as Listing from "./ledger/Listing.ts"
import * as NeededDeclines from "./ledger/NeededDeclines.ts"
import * as Positions from "./ledger/Positions.ts"
import * as Reading from "./ledger/Reading.ts"
import * as Recording from "./ledger/Recording.ts"
import * as SeveralPeople from "./ledger/SeveralPeople.ts"
import * as Erasing from "./people/Erasing.ts"
import * as ErasingByIdentifier from "./people/ErasingByIdentifier.ts"
import * as ErasurePages from "./people/ErasurePages.ts"
import * as ErasurePreview from "./people/ErasurePreview.ts"
import * as ErasureReplay from "./people/ErasureReplay.ts"
import * as HeldData from "./people/HeldData.ts"
import * as Identifying from "./people/Identifying.ts"
import * as Joins from "./ledger/Joins.ts"
import * as PersonFacts from "./people/PersonFacts.ts"
import * as PersonTimeline from "./people/PersonTimeline.ts"
import * as Profiles from "./people/Profiles.ts"
import * as Releasing from "./people/Releasing.ts"
import * as Renaming from "./people/Renaming.ts"
import * as ProvenIdentifier from "./people/ProvenIdentifier.ts"
import * as Resolving from "./people/Resolving.ts"
import * as Retention from "./people/Retention.ts"
import * as Sessions from "./people/Sessions.ts"
import * as CarriedErasures from "./transfer/CarriedErasures.ts"
import * as DryRunStore from "./transfer/DryRunStore.ts"
import * as Exporting from "./transfer/Exporting.ts"
import * as Importing from "./transfer/Importing.ts"
import * as ImportRun from "./transfer/ImportRun.ts"
import * as Restoring from "./transfer/Restoring.ts"

export { NewLanes } from "./ledger/LedgerContext.ts"
export * as ReplicaStore from "./ledger/ReplicaStore.ts"
export type { FoundPerson } from "./people/Resolving.ts"

/** Binds use cases to a context: the bound function has the same type parameters and arguments, without the context. */
const binder =
  (context: LedgerContext.LedgerContext) =>
  <Arguments extends ReadonlyArray<unknown>, Answer>(
    useCase: (...all: [...Arguments, LedgerContext.LedgerContext]) => Answer,
  ) =>
  (...given: Arguments): Answer =>
    useCase(...given, context)

/** The use cases that need nothing but the context. */
const bindAll = (context: LedgerContext.LedgerContext) => {
  const { store } = context
  const bound = binder(context)
  return {
    // The catalog. `setup` changes it.
    catalog: store.catalog.current,
    projectScope: bound(Organizations.projectScope),
    apiKey: bound(ApiKeys.use),
    found: Founding.found(context),
    foundWith: bound(Founding.foundWith),
    begin: bound(Founding.begin),
    firstProject: Founding.firstProject(context),
    setup: {
      createOrganization: bound(Organizations.create),
      updateOrganization: bound(Organizations.update),
      createProject: bound(Organizations.createProject),
      updateProject: bound(Organizations.updateProject),
      createKey: bound(ApiKeys.create),
      updateKey: bound(ApiKeys.update),
      revokeKey: bound(ApiKeys.revoke),
      secretAgain: bound(ApiKeys.secretAgain),
      keyUses: store.catalog.keyUses,
      createType: bound(ConsentTypes.create),
      updateType: bound(ConsentTypes.update),
      removeType: bound(ConsentTypes.remove),
      cancelVersion: bound(ConsentTypes.cancelVersion),
      document: bound(ConsentTypes.documentOf),
      documents: bound(ConsentTypes.documentsOf),
    },
    // Events
    record: bound(Recording.record),
    recordNeeded: bound(NeededDeclines.recordNeeded),
    review: bound(Recording.review),
    event: bound(Listing.event),
    list: bound(Listing.events),
    listEntries: bound(Listing.entries),
    beginImport: bound(ImportRun.make),
    importBlock: bound(Importing.importBlock),
    restoreBlock: bound(Restoring.restoreBlock),
    export: bound(Exporting.open),
    erasuresOf: bound(CarriedErasures.list),
    bringErasures: bound(CarriedErasures.bring),
    // Questions about a person
    find: bound(Resolving.find),
    state: bound(SeveralPeople.state),
    decisions: bound(SeveralPeople.decisions),
    timeline: bound(Reading.timeline),
    personTimeline: bound(PersonTimeline.of),
    statePage: bound(AnswerPages.state),
    decisionsPage: bound(AnswerPages.decisions),
    // Visitors and the identity of people
    openSession: bound(Sessions.open),
    liveSession: bound(Sessions.live),
    endedSession: bound(Sessions.ended),
    useSession: bound(Sessions.use),
    keepProfile: bound(Profiles.keep),
    aliasOf: bound(ProvenIdentifier.aliasOf),
    identify: bound(Identifying.identify),
    identifiedBefore: bound(Identifying.identifiedBefore),
    areOne: bound(Joins.areOne),
    counted: bound(Joins.counted),
    person: bound(PersonFacts.of),
    heldData: bound(HeldData.of),
    personPositions: bound(PersonFacts.positions),
    undoJoin: bound(PersonFacts.undo),
    releaseIdentifier: bound(Releasing.release),
    renameAccounts: bound(Renaming.rename),
    reviewRenames: bound(Renaming.review),
    // Erasure
    erase: bound(Erasing.erase),
    eraseByIdentifier: bound(ErasingByIdentifier.erase),
    erasure: bound(Erasing.erasureOf),
    erasures: bound(ErasurePages.page),
    erasurePreview: bound(ErasurePreview.of),
    retention: bound(Retention.run),
    replayErasures: ErasureReplay.replay(context),
    scrub: store.personal.scrub,
    // The store and its keys
    tendKeys: bound(KeyEpochs.tend),
    aheadMillis: ClockCheck.aheadMillis(context),
    ends: bound(Positions.ends),
    reached: bound(Positions.reached),
    ready: store.ready,
    isReplica: store.isReplica === true,
  }
}

/** The use cases. */
export interface UseCases extends Readonly<ReturnType<typeof bindAll>> {
  /** A ledger that records into an empty scratch store: its outcomes are those that the real ledger would have. */
  readonly dryRun: (scratch: LedgerStore["Service"]) => UseCases
}

/** The ledger. */
export class Ledger extends Context.Service<Ledger, UseCases>()("assent/ledger/Ledger") {}

const make = (context: LedgerContext.LedgerContext): UseCases => ({
  ...bindAll(context),
  dryRun: (scratch) => make(LedgerContext.ofDryRun(DryRunStore.over(context.store, scratch), context)),
})

/**
 * The ledger over a store, with the keys and the cryptography it is given. Fails if the keys do not open an
 * organization of the store.
 */
export const layer: Layer.Layer<
  Ledger,
  KeysUnavailable | StoreUnavailable,
  LedgerStore | Keys | SecureRandom.SecureRandom | Mac.Mac | Digest.Digest | Aead.Aead
> = Layer.effect(Ledger, Effect.map(LedgerContext.make, make))
