/**
 * The ledger: every use case over the store, as one service that adapters and embedding programs call.
 *
 * Outcomes of the domain are values; the only error is a store that cannot answer now.
 */
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import { Digest, Mac, SecureRandom } from "effect/crypto"
import * as CatalogOf from "./model/Catalog.ts"
import type { ApiKey, Catalog, ListedType, Organization, Project, Site } from "./model/Catalog.ts"
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
import type * as Configuring from "./catalog/CatalogChange.ts"
import * as ConsentTypes from "./catalog/ConsentTypes.ts"
import * as Exporting from "./transfer/Exporting.ts"
import * as Founding from "./catalog/Founding.ts"
import * as Horizon from "./ledger/AnswerHorizon.ts"
import * as Identifiers from "./ledger/Identifiers.ts"
import * as Identifying from "./people/Identifying.ts"
import * as Importing from "./transfer/Importing.ts"
import * as Listing from "./ledger/Listing.ts"
import { type Means, NewLanes } from "./ledger/LedgerContext.ts"
import type * as Paging from "./ledger/Paging.ts"
import * as Organizations from "./catalog/Organizations.ts"
import { type Asked, ends, reached } from "./ledger/Positions.ts"
import * as Profiles from "./people/Profiles.ts"
import * as Reading from "./ledger/Reading.ts"
import * as Recording from "./ledger/Recording.ts"
import * as Rehearsal from "./transfer/DryRunStore.ts"
import type * as Requests from "./ledger/Idempotency.ts"
import * as Restoring from "./transfer/Restoring.ts"
import * as Sessions from "./people/Sessions.ts"

/** The person that identifiers name: one, nobody, or what is wrong with them. */
export type Found =
  | {
      readonly _tag: "Found"
      readonly concordId: string | undefined
      /** The hash of the identifier, but for a `concordId`: a question by it is about whom it named when it is asked about. */
      readonly alias?: string
    }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

type Answer<A> = Effect.Effect<A, StoreUnavailable>
type Repeat = Exclude<Requests.Repeat, { _tag: "Repeated" }>

/** A request that makes an entry, and how its answer is written. */
interface Making<Value> {
  readonly keyed?: Requests.Keyed
  readonly answer: (value: Value) => string
}

/** Setting up: organizations, projects, keys and consent types. */
export interface Setup {
  readonly createOrganization: (
    by: Organization,
    fields: Organizations.OrganizationFields,
    request: Making<Organizations.Founded>,
  ) => Answer<Configuring.Outcome<Organizations.Founded>>
  readonly updateOrganization: (
    organization: Organization,
    fields: Partial<Organizations.OrganizationFields>,
  ) => Answer<Configuring.Outcome<Organization>>
  readonly createProject: (
    organization: Organization,
    fields: Organizations.ProjectFields,
    request: Making<Project>,
  ) => Answer<Configuring.Outcome<Project>>
  readonly updateProject: (
    project: Project,
    fields: Partial<Organizations.ProjectFields>,
  ) => Answer<Configuring.Outcome<Project>>
  readonly createKey: (
    organization: Organization,
    fields: ApiKeys.KeyFields,
    request: Making<ApiKeys.Made>,
  ) => Answer<Configuring.Outcome<ApiKeys.Made>>
  readonly updateKey: (
    organization: Organization,
    id: string,
    change: ApiKeys.KeyChange,
  ) => Answer<Configuring.Outcome<ApiKey>>
  readonly revokeKey: (organization: Organization, id: string) => Answer<Configuring.Outcome<ApiKey>>
  /** The secret that a repeated request to make a key is answered with, by the key's id. */
  readonly secretAgain: (organization: Organization, id: string, keyed: Requests.Keyed) => Effect.Effect<string>
  /** When each key was last used, by its id. */
  readonly keyUses: Answer<ReadonlyMap<string, Instant>>
  readonly createType: (
    site: Site,
    fields: ConsentTypes.TypeFields,
    request: Making<ListedType>,
  ) => Answer<Configuring.Outcome<ListedType>>
  readonly updateType: (
    project: Project,
    id: string,
    change: ConsentTypes.TypeChange,
  ) => Answer<Configuring.Outcome<ListedType>>
  /** Archives a type that has events; one that has none is listed nowhere any more. */
  readonly removeType: (project: Project, id: string) => Answer<Configuring.Outcome<ListedType>>
  /** The document of a version, if it has one. */
  readonly document: (type: ListedType, version: CatalogOf.ListedVersion) => Answer<string | undefined>
}

export { NewLanes } from "./ledger/LedgerContext.ts"
export * as Replica from "./ledger/ReplicaStore.ts"

/** The use cases. */
export interface UseCases {
  /** The project of an id with what belongs to it; nothing for an unknown one. */
  readonly site: (projectId: string) => Answer<Option.Option<Site>>
  /** The API key of a secret, unless it has expired or is revoked; its use is noted. */
  readonly apiKey: (secret: string) => Answer<Option.Option<ApiKey>>

  /** Records events, all of a request or none, durably. */
  readonly record: (request: Recording.RecordRequest) => Answer<Recording.RecordOutcome | Repeat>
  /** Everything that is wrong with a request to record. Records nothing. */
  readonly review: (request: Recording.RecordRequest) => Answer<ReadonlyArray<Recording.Violation>>
  /** Gives an answer that records nothing, for a request with a key the same one each time. */
  readonly answerOnce: <E, R>(
    site: Site,
    keyed: Requests.Keyed | undefined,
    answer: Effect.Effect<string, E, R>,
  ) => Effect.Effect<Recording.OnceOutcome, E | StoreUnavailable, R>
  /** Takes in what another system knows: records what is good of a block, and names the rest. */
  readonly importBlock: (block: Importing.Block) => Answer<Importing.Imported>
  /** Takes recorded events back as they were. */
  readonly restoreBlock: (block: Restoring.RestoredBlock) => Answer<ReadonlyArray<Restoring.RestoreFate>>
  /** A ledger that records into an empty scratch store in place of its own: what it says of blocks is what would become of them. */
  readonly rehearsal: (scratch: LedgerStore["Service"]) => UseCases
  /** Reads a project's events in the order in which they were learnt. */
  readonly export: (site: Site, query: Exporting.ExportQuery) => Answer<Exporting.Export>
  /** The event of an id in a project. */
  readonly event: (project: Project, id: string) => Answer<StoredEvent | undefined>
  /** One page of a project's events. `asker` is who its cursors are good for. */
  readonly list: (site: Site, asker: string, query: Listing.EventQuery) => Answer<Paging.ListOutcome<StoredEvent>>
  /** One page of what is set up. `purpose` names the list and who asks. */
  readonly listEntries: <Item extends CatalogOf.Entry & { readonly name: string }>(
    organization: Organization,
    purpose: unknown,
    all: ReadonlyArray<Item>,
    query: Listing.EntryQuery,
  ) => Effect.Effect<Paging.ListOutcome<Item>>

  /** Whom an identifier names. Never makes a person. */
  readonly find: (site: Site, identifiers: PersonIdentifiers) => Answer<Found>
  /** The decisions in force, each with the event that decides. */
  readonly state: (question: Reading.Question) => Answer<Reading.State>
  /** A decision for every type of the project. */
  readonly decisions: (question: Reading.Question) => Answer<Reading.About<Reading.Answered>>
  /** Every decision that differs from the one before it. */
  readonly timeline: (question: Omit<Reading.Question, "at">) => Answer<Reading.About<Reading.Answered>>

  /** Opens a session. */
  readonly openSession: (opening: Sessions.Opening) => Answer<Sessions.Opened | Repeat>
  /** The live session of a token. */
  readonly liveSession: (project: Project, token: string) => Answer<Option.Option<Session>>
  /** The session of a token that has ended lately: for requests that may come again after they have ended it. */
  readonly endedSession: (project: Project, token: string) => Answer<Option.Option<Session>>
  /** Uses a live session, which makes it last longer. */
  readonly useSession: (session: Session) => Answer<Session>

  /** The alias of an identifier that was proven; nothing for one that is none. */
  readonly aliasOf: (site: Site, identifier: Identifying.Proven) => Effect.Effect<Option.Option<Identifying.Alias>>
  /** Identifies a visitor by an identifier that was proven. */
  readonly identify: (
    request: Identifying.Identification,
  ) => Answer<Identifying.Identified | Identifying.ProofUsed | Repeat>
  /** The answer to a request to identify that was answered before, if it was. */
  readonly identifiedBefore: (
    organization: Organization,
    keyed: Requests.Keyed | undefined,
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
  readonly keepProfile: (request: Profiles.Telling) => Answer<Profiles.Told | Repeat>

  readonly setup: Setup
  /** Sets up the demonstration on an empty store; nothing where something is set up already. */
  readonly found: Answer<Option.Option<Founding.Founded>>
  /** How far the log of a project has come: behind everything that was recorded. */
  readonly ends: (project: Project) => Answer<Positions>
  /** Whether the store has come as far as an answer before has seen, or comes there soon. */
  readonly reached: (of: Asked, asked: Positions) => Answer<"Reached" | "Behind" | "Foreign">
  /** Succeeds while events can be recorded; on a replica, while questions can be answered. */
  readonly ready: Answer<void>
  /** Everything that is set up. */
  readonly catalog: Answer<Catalog>
}

/** The ledger. */
export class Ledger extends Context.Service<Ledger, UseCases>()("assent/ledger/Ledger") {}

const makeSetup = (means: Means): Setup => ({
  createOrganization: (by, fields, request) => Organizations.create(by, fields, request, means),
  updateOrganization: (organization, fields) => Organizations.update(organization, fields, means),
  createProject: (organization, fields, request) => Organizations.createProject(organization, fields, request, means),
  updateProject: (project, fields) => Organizations.updateProject(project, fields, means),
  createKey: (organization, fields, request) => ApiKeys.create(organization, fields, request, means),
  updateKey: (organization, id, change) => ApiKeys.update(organization, id, change, means),
  revokeKey: (organization, id) => ApiKeys.revoke(organization, id, means),
  secretAgain: (organization, id, keyed) => ApiKeys.secretAgain(organization, id, keyed, means),
  keyUses: means.store.keyUses,
  createType: (site, fields, request) => ConsentTypes.create(site, fields, request, means),
  updateType: (project, id, change) => ConsentTypes.update(project, id, change, means),
  removeType: (project, id) => ConsentTypes.remove(project, id, means),
  document: (type, version) => ConsentTypes.documentOf(type, version, means),
})

const find = Effect.fnUntraced(function* (
  { organization, project }: Site,
  identifiers: PersonIdentifiers,
  { hasherOf, store }: Means,
) {
  const person = Identifiers.normalize(identifiers)
  if ("faults" in person) return { _tag: "Refused", faults: person.faults } as Found
  const { concordId } = person.identifiers
  if (concordId !== undefined) return { _tag: "Found", concordId } as Found
  const hasher = yield* hasherOf(organization)
  const [alias] = yield* hasher.aliases(person.identifiers, project)
  const { hash } = alias!
  const [named] = yield* store.peopleByAlias(organization, [hash])
  return { _tag: "Found", concordId: named?.concordId, alias: hash } as Found
})

/** What a ledger keeps in mind of its own requests, of which there were none yet. */
const unused = () => ({ horizon: Horizon.make(), remembered: new Map(), underWay: new Set<string>() })

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
  } satisfies Means as Means
})

/** The use cases with one ledger's means. */
const make = (means: Means): UseCases => {
  const { store } = means
  const keyUses = new Map<string, Instant>()
  return Ledger.of({
    site: (projectId) =>
      Effect.map(store.catalog, (catalog) => Option.fromUndefinedOr(CatalogOf.site(catalog, projectId.toLowerCase()))),
    apiKey: (secret) => ApiKeys.use(secret, keyUses, means),
    record: (request) => Recording.record(request, means),
    review: (request) => Recording.review(request, means),
    answerOnce: (site, keyed, answer) => Recording.answerOnce(site, keyed, answer, means),
    importBlock: (block) => Importing.importBlock(block, means),
    restoreBlock: (block) => Restoring.restoreBlock(block, means),
    rehearsal: (scratch) => make({ ...means, ...unused(), store: Rehearsal.over(store, scratch) }),
    export: (site, query) => Exporting.open(site, query, means),
    event: (project, id) => Effect.map(store.eventsById(project, [id]), ([event]) => event),
    list: (site, asker, query) => Listing.events(site, asker, query, means),
    listEntries: (organization, purpose, all, query) => Listing.entries(organization, purpose, all, query, means),
    find: (site, identifiers) => find(site, identifiers, means),
    state: (question) => Reading.state(question, means),
    decisions: (question) => Reading.decisions(question, means),
    timeline: (question) => Reading.timeline(question, means),
    openSession: (opening) => Sessions.open(opening, means),
    liveSession: (project, token) => Sessions.live(project, token, means),
    endedSession: (project, token) => Sessions.ended(project, token, means),
    useSession: (session) => Sessions.use(session, means),
    aliasOf: (site, identifier) => Identifying.aliasOf(site, identifier, means),
    identify: (request) => Identifying.identify(request, means),
    identifiedBefore: (organization, keyed) => Identifying.identifiedBefore(organization, keyed, means),
    person: (organization, concordId) => Identifying.person(organization, concordId, means),
    undoJoin: (organization, concordId, joinId, submitter) =>
      Identifying.undo(organization, concordId, joinId, submitter, means),
    keepProfile: (request) => Profiles.keep(request, means),
    setup: makeSetup(means),
    found: store.isReplica === true ? Effect.succeed(Option.none()) : Founding.found(means),
    ends: (project) => ends(project, means),
    reached: (of, asked) => reached(of, asked, means),
    ready: store.ready,
    catalog: store.catalog,
  })
}

/** The ledger over a store, with the randomness and hashing it is given. */
export const layer: Layer.Layer<Ledger, never, LedgerStore | SecureRandom.SecureRandom | Mac.Mac | Digest.Digest> =
  Layer.effect(Ledger, Effect.map(makeMeans, make))
