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
import * as Connectors from "./connectors/Connectors.ts"
import * as ConsentTypes from "./catalog/ConsentTypes.ts"
import * as ContactAddress from "./catalog/ContactAddress.ts"
import * as DataSystemAttributes from "./catalog/DataSystemAttributes.ts"
import * as MailTexts from "./mail-setup/MailTexts.ts"
import * as SenderAddresses from "./mail-setup/SenderAddresses.ts"
import * as SenderChecks from "./mail-setup/SenderChecks.ts"
import * as DataSystems from "./catalog/DataSystems.ts"
import * as CodeSending from "./compliance-requests/CodeSending.ts"
import * as ComplianceMetrics from "./compliance-requests/ComplianceMetrics.ts"
import * as ComplianceOpening from "./compliance-requests/ComplianceOpening.ts"
import * as ComplianceReading from "./compliance-requests/ComplianceReading.ts"
import * as ComplianceWork from "./compliance-requests/ComplianceWork.ts"
import * as RetentionLoop from "./compliance-requests/RetentionLoop.ts"
import * as SystemRemoval from "./compliance-requests/SystemRemoval.ts"
import * as TaskCallback from "./compliance-requests/TaskCallback.ts"
import * as RetentionSweep from "./compliance-requests/RetentionSweep.ts"
import * as FileIntake from "./compliance-requests/files/FileIntake.ts"
import * as RequestFiles from "./compliance-requests/files/RequestFiles.ts"
import * as RequesterPage from "./compliance-requests/RequesterPage.ts"
import * as Verifying from "./compliance-requests/Verifying.ts"
import * as PackageBuilding from "./compliance-requests/PackageBuilding.ts"
import * as Founding from "./catalog/Founding.ts"
import * as Organizations from "./catalog/Organizations.ts"
import * as ProjectLanguages from "./catalog/ProjectLanguages.ts"
import * as Translations from "./catalog/Translations.ts"
import * as Changes from "./feed/Changes.ts"
import * as AnswerPages from "./ledger/AnswerPages.ts"
import * as AskedRegion from "./ledger/AskedRegion.ts"
import * as ClockCheck from "./integrity/ClockCheck.ts"
import * as Scheduler from "./feed/Scheduler.ts"
import * as SchedulerLoop from "./feed/SchedulerLoop.ts"
import * as KeyEpochs from "./ledger/KeyEpochs.ts"
import * as LedgerContext from "./ledger/LedgerContext.ts"
import * as Listing from "./ledger/Listing.ts"
import * as NeededDeclines from "./ledger/NeededDeclines.ts"
import * as PersonHeads from "./ledger/PersonHeads.ts"
import * as Positions from "./ledger/Positions.ts"
import * as Reading from "./ledger/Reading.ts"
import * as Recording from "./ledger/Recording.ts"
import * as SeveralPeople from "./ledger/SeveralPeople.ts"
import * as MailMeter from "./outbox/MailMeter.ts"
import * as MailSender from "./outbox/MailSender.ts"
import * as TaskMeter from "./outbox/TaskMeter.ts"
import * as TaskSender from "./outbox/TaskSender.ts"
import * as Mails from "./outbox/Mails.ts"
import * as AnswerMetrics from "./counting/AnswerMetrics.ts"
import * as ConsentMetrics from "./counting/ConsentMetrics.ts"
import * as DayMetrics from "./counting/DayMetrics.ts"
import * as Counting from "./counting/Counting.ts"
import * as CountingLoop from "./counting/CountingLoop.ts"
import * as Recount from "./counting/Recount.ts"
import * as Erasing from "./people/Erasing.ts"
import * as ErasingByIdentifier from "./people/ErasingByIdentifier.ts"
import * as ErasurePages from "./people/ErasurePages.ts"
import * as ErasurePreview from "./people/ErasurePreview.ts"
import * as ErasureReplay from "./people/ErasureReplay.ts"
import * as HeldData from "./people/HeldData.ts"
import * as Identifying from "./people/Identifying.ts"
import * as Joins from "./ledger/Joins.ts"
import * as KnownContext from "./people/KnownContext.ts"
import * as PersonFacts from "./people/PersonFacts.ts"
import * as PersonTimeline from "./people/PersonTimeline.ts"
import * as Profiles from "./people/Profiles.ts"
import * as Releasing from "./people/Releasing.ts"
import * as Renaming from "./people/Renaming.ts"
import * as ProvenIdentifier from "./people/ProvenIdentifier.ts"
import * as Resolving from "./people/Resolving.ts"
import * as Retention from "./people/Retention.ts"
import * as Sessions from "./people/Sessions.ts"
import * as Publishing from "./regions/Publishing.ts"
import * as RegionLanguages from "./regions/RegionLanguages.ts"
import * as Regions from "./regions/Regions.ts"
import * as TrackerReports from "./trackers/TrackerReports.ts"
import * as Trackers from "./trackers/Trackers.ts"
import * as FidesImport from "./fideslang/FidesImport.ts"
import * as RecordReading from "./processing-records/RecordReading.ts"
import * as CarriedErasures from "./transfer/CarriedErasures.ts"
import * as DryRunStore from "./transfer/DryRunStore.ts"
import * as Exporting from "./transfer/Exporting.ts"
import * as Importing from "./transfer/Importing.ts"
import * as ImportRun from "./transfer/ImportRun.ts"
import * as Restoring from "./transfer/Restoring.ts"
import * as DeliveryLog from "./webhooks/DeliveryLog.ts"
import * as Replays from "./webhooks/Replays.ts"
import * as Sending from "./webhooks/Sending.ts"
import * as WebhookHealth from "./webhooks/WebhookHealth.ts"
import * as Webhooks from "./webhooks/Webhooks.ts"

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
    processingRecord: bound(RecordReading.of),
    importSystems: bound(FidesImport.run),
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
      giveTranslation: bound(Translations.give),
      takeTranslationBack: bound(Translations.takeBack),
      setLanguages: bound(ProjectLanguages.set),
      document: bound(ConsentTypes.documentOf),
      documents: bound(ConsentTypes.documentsOf),
    },
    // Data systems, and the attributes that describe them
    dataSystems: {
      create: bound(DataSystems.create),
      update: bound(DataSystems.update),
      remove: bound(SystemRemoval.remove),
      createAttribute: bound(DataSystemAttributes.create),
      updateAttribute: bound(DataSystemAttributes.update),
      removeAttribute: bound(DataSystemAttributes.remove),
      addressesOf: bound(ContactAddress.ofContacts),
    },
    // Senders of mails, and the words of mails
    senders: {
      all: bound(SenderAddresses.all),
      add: bound(SenderChecks.add),
      sendCode: bound(SenderChecks.sendCode),
      verify: bound(SenderChecks.verify),
      rename: bound(SenderAddresses.rename),
      remove: bound(SenderAddresses.remove),
    },
    mailTexts: {
      set: bound(MailTexts.set),
      preview: bound(MailTexts.preview),
      remove: bound(MailTexts.remove),
    },
    // Regions of the site client, and what is published of them
    regions: {
      create: bound(Regions.create),
      update: bound(Regions.update),
      remove: bound(Regions.remove),
      createLanguage: bound(RegionLanguages.create),
      updateLanguage: bound(RegionLanguages.update),
      removeLanguage: bound(RegionLanguages.remove),
      publish: bound(Publishing.publish),
      previewPublication: bound(Publishing.preview),
    },
    // Trackers of pages
    trackers: {
      create: bound(Trackers.create),
      update: bound(Trackers.update),
      remove: bound(Trackers.remove),
      takeReport: bound(TrackerReports.take),
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
    isRegion: bound(AskedRegion.isKnown),
    timeline: bound(Reading.timeline),
    personTimeline: bound(PersonTimeline.of),
    personHeads: bound(PersonHeads.of),
    statePage: bound(AnswerPages.state),
    decisionsPage: bound(AnswerPages.decisions),
    // The change feed
    changes: bound(Changes.page),
    followChanges: bound(Changes.follow),
    // Webhooks
    webhooks: {
      create: bound(Webhooks.create),
      update: bound(Webhooks.update),
      rotate: bound(Webhooks.rotate),
      remove: bound(Webhooks.remove),
      keys: bound(Webhooks.toldKeys),
      test: bound(Webhooks.test),
      health: bound(WebhookHealth.of),
      replay: bound(Replays.begin),
      tries: bound(DeliveryLog.tries),
      deadLetters: bound(DeliveryLog.deadLetters),
      run: bound(Sending.run),
    },
    // Visitors and the identity of people
    openSession: bound(Sessions.open),
    knowsContext: bound(KnownContext.of),
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
    // Compliance requests
    compliance: {
      open: bound(ComplianceOpening.open),
      change: bound(ComplianceWork.change),
      withdraw: bound(ComplianceWork.withdraw),
      takeFile: bound(FileIntake.take),
      attachFile: bound(RequestFiles.attach),
      discardFile: bound(RequestFiles.discard),
      removeFile: bound(RequestFiles.remove),
      findFile: bound(RequestFiles.find),
      downloadFile: bound(RequestFiles.download),
      package: bound(PackageBuilding.ask),
      buildPackages: PackageBuilding.run(context),
      list: bound(ComplianceReading.list),
      find: bound(ComplianceReading.find),
      listOfVisitor: bound(ComplianceReading.listOfVisitor),
      findOfVisitor: bound(ComplianceReading.findOfVisitor),
      events: bound(ComplianceReading.events),
      sendCode: bound(CodeSending.send),
      sendCodeToVisitor: bound(CodeSending.sendToVisitor),
      verifyByCode: bound(Verifying.byCode),
      verifyByToken: bound(Verifying.byToken),
      page: bound(RequesterPage.see),
      actOnPage: bound(RequesterPage.act),
      downloadOnPage: bound(RequesterPage.download),
      measure: ComplianceMetrics.measure(context),
      /** Does what time does to requests: once, or again and again until its scope closes. */
      sweep: RetentionSweep.sweep(context),
      runSweeps: RetentionLoop.run(context),
    },
    // Mails
    mails: {
      run: bound(MailSender.run),
      counts: store.outbox.counts("mail"),
      list: bound(Mails.list),
      show: bound(Mails.show),
      retry: bound(Mails.retry),
      cancel: bound(Mails.cancel),
      bounced: bound(Mails.bounced),
      measure: MailMeter.measure(context),
    },
    // Connectors and tasks of data systems
    connectors: {
      set: bound(Connectors.set),
      remove: bound(Connectors.remove),
      rotate: bound(Connectors.rotate),
      keyOf: bound(Connectors.keyOf),
    },
    tasks: {
      run: bound(TaskSender.run),
      takeCallback: bound(TaskCallback.take),
      measure: TaskMeter.measure(context),
    },
    // Erasure
    erase: bound(Erasing.erase),
    eraseByIdentifier: bound(ErasingByIdentifier.erase),
    erasure: bound(Erasing.erasureOf),
    erasures: bound(ErasurePages.page),
    erasurePreview: bound(ErasurePreview.of),
    retention: bound(Retention.run),
    replayErasures: ErasureReplay.replay(context),
    scrub: store.personal.scrub,
    // What happens without an event
    scheduler: {
      /** Makes one pass over everything that is due now. */
      tick: Scheduler.tick({}, context),
      /** Ticks until its scope closes. */
      run: (options: SchedulerLoop.RunOptions) => SchedulerLoop.run(options, context),
    },
    // Metrics
    metrics: {
      days: bound(DayMetrics.of),
      consent: bound(ConsentMetrics.of),
      answers: bound(AnswerMetrics.of),
      /** Counts everything that was not counted yet. */
      count: Counting.all(context),
      recount: bound(Recount.run),
      /** Counts until its scope closes. */
      run: bound(CountingLoop.run),
    },
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
