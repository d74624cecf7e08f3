/**
 * The ledger: every use case over the store, as one service that adapters and embedding programs call.
 *
 * Outcomes of the domain are values; the only error is a store that cannot answer now.
 */
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import { Digest, Mac, SecureRandom } from "effect/crypto"
import * as CatalogOf from "./model/Catalog.ts"
import type { ApiKey, Catalog, ListedType, Organization, Project, ProjectScope } from "./model/Catalog.ts"
import type { Instant } from "./engine/Instant.ts"
import type { Identifiers as PersonIdentifiers } from "./model/People.ts"
import {
  LedgerStore,
  type Positions,
  type Session,
  type StoredEvent,
  type StoreUnavailable,
} from "./ports/LedgerStore.ts"
import * as ApiKeys from "./catalog/ApiKeys.ts"
import type * as CatalogChange from "./catalog/CatalogChange.ts"
import * as ConsentTypes from "./catalog/ConsentTypes.ts"
import * as Exporting from "./transfer/Exporting.ts"
import * as Founding from "./catalog/Founding.ts"
import * as AnswerHorizon from "./ledger/AnswerHorizon.ts"
import * as Identifiers from "./ledger/Identifiers.ts"
import * as Identifying from "./people/Identifying.ts"
import * as Importing from "./transfer/Importing.ts"
import * as Listing from "./ledger/Listing.ts"
import { type LedgerContext, NewLanes } from "./ledger/LedgerContext.ts"
import type * as Paging from "./ledger/Paging.ts"
import * as Organizations from "./catalog/Organizations.ts"
import { type LaneOwners, ends, reached } from "./ledger/Positions.ts"
import * as Profiles from "./people/Profiles.ts"
import * as Reading from "./ledger/Reading.ts"
import * as Recording from "./ledger/Recording.ts"
import * as DryRunStore from "./transfer/DryRunStore.ts"
import type * as Idempotency from "./ledger/Idempotency.ts"
import * as Restoring from "./transfer/Restoring.ts"
import * as Sessions from "./people/Sessions.ts"

/** The person that identifiers name: one, nobody, or what is wrong with them. */
export type FoundPerson =
  | {
      readonly _tag: "Found"
      readonly concordId: string | undefined
      /** The hash of the identifier, but for a `concordId`: a question by it is about whom it named when it is asked about. */
      readonly alias?: string
    }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

type Answer<A> = Effect.Effect<A, StoreUnavailable>
type Repeat = Exclude<Idempotency.Repeat, { _tag: "Repeated" }>

/** A request that makes an entry, and how its answer is written. */
interface Making<Value> {
  readonly idempotency?: Idempotency.IdempotentRequest
  readonly answer: (value: Value) => string
}

/** Setting up: organizations, projects, keys and consent types. */
export interface Setup {
  readonly createOrganization: (
    by: Organization,
    fields: Organizations.OrganizationFields,
    request: Making<Organizations.CreatedOrganization>,
  ) => Answer<CatalogChange.CatalogOutcome<Organizations.CreatedOrganization>>
  readonly updateOrganization: (
    organization: Organization,
    fields: Partial<Organizations.OrganizationFields>,
  ) => Answer<CatalogChange.CatalogOutcome<Organization>>
  readonly createProject: (
    organization: Organization,
    fields: Organizations.ProjectFields,
    request: Making<Project>,
  ) => Answer<CatalogChange.CatalogOutcome<Project>>
  readonly updateProject: (
    project: Project,
    fields: Partial<Organizations.ProjectFields>,
  ) => Answer<CatalogChange.CatalogOutcome<Project>>
  readonly createKey: (
    organization: Organization,
    fields: ApiKeys.KeyFields,
    request: Making<ApiKeys.CreatedKey>,
  ) => Answer<CatalogChange.CatalogOutcome<ApiKeys.CreatedKey>>
  readonly updateKey: (
    organization: Organization,
    id: string,
    change: ApiKeys.KeyChange,
  ) => Answer<CatalogChange.CatalogOutcome<ApiKey>>
  readonly revokeKey: (organization: Organization, id: string) => Answer<CatalogChange.CatalogOutcome<ApiKey>>
  /** The secret that a repeated request to make a key is answered with, by the key's id. */
  readonly secretAgain: (
    organization: Organization,
    id: string,
    idempotency: Idempotency.IdempotentRequest,
  ) => Effect.Effect<string>
  /** When each key was last used, by its id. */
  readonly keyUses: Answer<ReadonlyMap<string, Instant>>
  readonly createType: (
    scope: ProjectScope,
    fields: ConsentTypes.TypeFields,
    request: Making<ListedType>,
  ) => Answer<CatalogChange.CatalogOutcome<ListedType>>
  readonly updateType: (
    project: Project,
    id: string,
    change: ConsentTypes.TypeChange,
  ) => Answer<CatalogChange.CatalogOutcome<ListedType>>
  /** Archives a type that has events; one that has none is listed nowhere any more. */
  readonly removeType: (project: Project, id: string) => Answer<CatalogChange.CatalogOutcome<ListedType>>
  /** The document of a version, if it has one. */
  readonly document: (type: ListedType, version: CatalogOf.ListedVersion) => Answer<string | undefined>
}

export { NewLanes } from "./ledger/LedgerContext.ts"
export * as ReplicaStore from "./ledger/ReplicaStore.ts"

/** The use cases. */
export interface UseCases {
  /** The project of an id with what belongs to it; nothing for an unknown one. */
  readonly projectScope: (projectId: string) => Answer<Option.Option<ProjectScope>>
  /** The API key of a secret, unless it has expired or is revoked; its use is noted. */
  readonly apiKey: (secret: string) => Answer<Option.Option<ApiKey>>

  /** Records events, all of a request or none, durably. */
  readonly record: (request: Recording.Batch) => Answer<Recording.RecordOutcome | Repeat>
  /** Everything that is wrong with a request to record. Records nothing. */
  readonly review: (request: Recording.Batch) => Answer<ReadonlyArray<Recording.ItemViolation>>
  /** Gives an answer that records nothing, for a request with a key the same one each time. */
  readonly answerOnce: <E, R>(
    scope: ProjectScope,
    idempotency: Idempotency.IdempotentRequest | undefined,
    answer: Effect.Effect<string, E, R>,
  ) => Effect.Effect<Recording.OnceOutcome, E | StoreUnavailable, R>
  /** Takes in what another system knows: records what is good of a block, and names the rest. */
  readonly importBlock: (block: Importing.Block) => Answer<Importing.Imported>
  /** Takes recorded events back as they were. */
  readonly restoreBlock: (block: Restoring.RestoredBlock) => Answer<ReadonlyArray<Restoring.RestoreFate>>
  /** A ledger that records into an empty scratch store in place of its own: what it says of blocks is what would become of them. */
  readonly dryRun: (scratch: LedgerStore["Service"]) => UseCases
  /** Reads a project's events in the order in which they were learnt. */
  readonly export: (scope: ProjectScope, query: Exporting.ExportQuery) => Answer<Exporting.Export>
  /** The event of an id in a project. */
  readonly event: (project: Project, id: string) => Answer<StoredEvent | undefined>
  /** One page of a project's events. `asker` is who its cursors are good for. */
  readonly list: (
    scope: ProjectScope,
    asker: string,
    query: Listing.EventQuery,
  ) => Answer<Paging.ListOutcome<StoredEvent>>
  /** One page of what is set up. `purpose` names the list and who asks. */
  readonly listEntries: <Item extends CatalogOf.Entry & { readonly name: string }>(
    organization: Organization,
    purpose: unknown,
    all: ReadonlyArray<Item>,
    query: Listing.EntryQuery,
  ) => Effect.Effect<Paging.ListOutcome<Item>>

  /** Whom an identifier names. Never makes a person. */
  readonly find: (scope: ProjectScope, identifiers: PersonIdentifiers) => Answer<FoundPerson>
  /** The decisions in force, each with the event that decides. */
  readonly state: (question: Reading.PersonQuestion) => Answer<Reading.State>
  /** A decision for every type of the project. */
  readonly decisions: (question: Reading.PersonQuestion) => Answer<Reading.PersonAnswer<Reading.TypeDecision>>
  /** Every decision that differs from the one before it. */
  readonly timeline: (
    question: Omit<Reading.PersonQuestion, "at">,
  ) => Answer<Reading.PersonAnswer<Reading.TypeDecision>>

  /** Opens a session. */
  readonly openSession: (opening: Sessions.Opening) => Answer<Sessions.Opened | Repeat>
  /** The live session of a token. */
  readonly liveSession: (project: Project, token: string) => Answer<Option.Option<Session>>
  /** The session of a token that has ended lately: for requests that may come again after they have ended it. */
  readonly endedSession: (project: Project, token: string) => Answer<Option.Option<Session>>
  /** Uses a live session, which makes it last longer. */
  readonly useSession: (session: Session) => Answer<Session>

  /** The alias of an identifier that was proven; nothing for one that is none. */
  readonly aliasOf: (
    scope: ProjectScope,
    identifier: Identifying.Proven,
  ) => Effect.Effect<Option.Option<Identifying.NormalizedAlias>>
  /** Identifies a visitor by an identifier that was proven. */
  readonly identify: (
    request: Identifying.Identification,
  ) => Answer<Identifying.Identified | Identifying.IdentityTokenUsed | Repeat>
  /** The answer to a request to identify that was answered before, if it was. */
  readonly identifiedBefore: (
    organization: Organization,
    idempotency: Idempotency.IdempotentRequest | undefined,
  ) => Answer<Option.Option<Identifying.Identified | Repeat>>
  /** Who a person is, and the facts that tell. */
  readonly person: (organization: Organization, concordId: string) => Answer<Identifying.PersonFacts>
  /** Undoes a join. */
  readonly undoJoin: (
    organization: Organization,
    concordId: string,
    joinId: string,
    submitter: string,
  ) => Answer<{ readonly _tag: "Undone" | "UndoneBefore" | "NoSuchJoin" }>
  /** Keeps what a visitor tells of itself. */
  readonly keepProfile: (request: Profiles.ProfileUpdate) => Answer<Profiles.ProfileOutcome | Repeat>

  readonly setup: Setup
  /** Sets up the demonstration on an empty store; nothing where something is set up already. */
  readonly found: Answer<Option.Option<Founding.Founded>>
  /** How far the log of a project has come: behind everything that was recorded. */
  readonly ends: (project: Project) => Answer<Positions>
  /** Whether the store has come as far as an answer before has seen, or comes there soon. */
  readonly reached: (of: LaneOwners, asked: Positions) => Answer<"Reached" | "Behind" | "Foreign">
  /** Succeeds while events can be recorded; on a replica, while questions can be answered. */
  readonly ready: Answer<void>
  /** Everything that is set up. */
  readonly catalog: Answer<Catalog>
}

/** The ledger. */
export class Ledger extends Context.Service<Ledger, UseCases>()("assent/ledger/Ledger") {}

const makeSetup = (context: LedgerContext): Setup => ({
  createOrganization: (by, fields, request) => Organizations.create(by, fields, request, context),
  updateOrganization: (organization, fields) => Organizations.update(organization, fields, context),
  createProject: (organization, fields, request) => Organizations.createProject(organization, fields, request, context),
  updateProject: (project, fields) => Organizations.updateProject(project, fields, context),
  createKey: (organization, fields, request) => ApiKeys.create(organization, fields, request, context),
  updateKey: (organization, id, change) => ApiKeys.update(organization, id, change, context),
  revokeKey: (organization, id) => ApiKeys.revoke(organization, id, context),
  secretAgain: (organization, id, idempotency) => ApiKeys.secretAgain(organization, id, idempotency, context),
  keyUses: context.store.catalog.keyUses,
  createType: (scope, fields, request) => ConsentTypes.create(scope, fields, request, context),
  updateType: (project, id, change) => ConsentTypes.update(project, id, change, context),
  removeType: (project, id) => ConsentTypes.remove(project, id, context),
  document: (type, version) => ConsentTypes.documentOf(type, version, context),
})

const find = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  identifiers: PersonIdentifiers,
  { hasherOf, store }: LedgerContext,
) {
  const person = Identifiers.normalize(identifiers)
  if ("faults" in person) return { _tag: "Refused", faults: person.faults } as FoundPerson
  const { concordId } = person.identifiers
  if (concordId !== undefined) return { _tag: "Found", concordId } as FoundPerson
  const hasher = yield* hasherOf(organization)
  const [alias] = yield* hasher.aliases(person.identifiers, project)
  const { hash } = alias!
  const [named] = yield* store.people.byAlias(organization, [hash])
  return { _tag: "Found", concordId: named?.concordId, alias: hash } as FoundPerson
})

/** What a ledger keeps in mind of its own requests, of which there were none yet. */
const unused = () => ({ answerHorizon: AnswerHorizon.make(), remembered: new Map(), underWay: new Set<string>() })

const makeMeans = Effect.gen(function* () {
  const mac = yield* Mac.Mac
  const digest = yield* Digest.Digest
  const hashers = new Map<string, Identifiers.Hasher>()
  const hasherOf = Effect.fnUntraced(function* (organization: Organization) {
    const known = hashers.get(organization.id)
    if (known !== undefined) return known
    const hasher = yield* Identifiers.hasher(mac, digest, organization)
    hashers.set(organization.id, hasher)
    return hasher
  })
  return {
    store: yield* LedgerStore,
    random: yield* SecureRandom.SecureRandom,
    digest,
    ...unused(),
    newLanes: yield* NewLanes,
    hasherOf,
    turn: yield* Semaphore.make(1),
  } satisfies LedgerContext
})

/** The use cases with one ledger's means. */
const make = (context: LedgerContext): UseCases => {
  const { store } = context
  const keyUses = new Map<string, Instant>()
  return Ledger.of({
    projectScope: (projectId) =>
      Effect.map(store.catalog.current, (catalog) =>
        Option.fromUndefinedOr(CatalogOf.scope(catalog, projectId.toLowerCase())),
      ),
    apiKey: (secret) => ApiKeys.use(secret, keyUses, context),
    record: (request) => Recording.record(request, context),
    review: (request) => Recording.review(request, context),
    answerOnce: (scope, idempotency, answer) => Recording.answerOnce(scope, idempotency, answer, context),
    importBlock: (block) => Importing.importBlock(block, context),
    restoreBlock: (block) => Restoring.restoreBlock(block, context),
    dryRun: (scratch) => make({ ...context, ...unused(), store: DryRunStore.over(store, scratch) }),
    export: (scope, query) => Exporting.open(scope, query, context),
    event: (project, id) => Effect.map(store.events.byId(project, [id]), ([event]) => event),
    list: (scope, asker, query) => Listing.events(scope, asker, query, context),
    listEntries: (organization, purpose, all, query) => Listing.entries(organization, purpose, all, query, context),
    find: (scope, identifiers) => find(scope, identifiers, context),
    state: (question) => Reading.state(question, context),
    decisions: (question) => Reading.decisions(question, context),
    timeline: (question) => Reading.timeline(question, context),
    openSession: (opening) => Sessions.open(opening, context),
    liveSession: (project, token) => Sessions.live(project, token, context),
    endedSession: (project, token) => Sessions.ended(project, token, context),
    useSession: (session) => Sessions.use(session, context),
    aliasOf: (scope, identifier) => Identifying.aliasOf(scope, identifier, context),
    identify: (request) => Identifying.identify(request, context),
    identifiedBefore: (organization, idempotency) => Identifying.identifiedBefore(organization, idempotency, context),
    person: (organization, concordId) => Identifying.person(organization, concordId, context),
    undoJoin: (organization, concordId, joinId, submitter) =>
      Identifying.undo(organization, concordId, joinId, submitter, context),
    keepProfile: (request) => Profiles.keep(request, context),
    setup: makeSetup(context),
    found: store.isReplica === true ? Effect.succeed(Option.none()) : Founding.found(context),
    ends: (project) => ends(project, context),
    reached: (of, asked) => reached(of, asked, context),
    ready: store.ready,
    catalog: store.catalog.current,
  })
}

/** The ledger over a store, with the randomness and hashing it is given. */
export const layer: Layer.Layer<Ledger, never, LedgerStore | SecureRandom.SecureRandom | Mac.Mac | Digest.Digest> =
  Layer.effect(Ledger, Effect.map(makeMeans, make))
