/**
 * The ledger: every use case over the store, as one service that adapters and embedding programs call.
 *
 * Outcomes of the domain are values; the only error is a store that cannot answer now.
 */
import { Context, Effect, Layer, Option } from "effect"
import { Digest, Mac, SecureRandom } from "effect/crypto"
import type { ApiKey, Catalog, Organization, Project, ProjectTypes } from "../Catalog.ts"
import type { Identifiers as PersonIdentifiers } from "../People.ts"
import { LedgerStore, type Session, type StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Founding from "./Founding.ts"
import * as Horizon from "./Horizon.ts"
import * as Identifiers from "./Identifiers.ts"
import * as Reading from "./Reading.ts"
import * as Recording from "./Recording.ts"
import * as Sessions from "./Sessions.ts"

/** A project, whose it is, and its consent types. */
export interface Site {
  readonly organization: Organization
  readonly project: Project
  readonly types: ProjectTypes
}

/** The person that identifiers name: one, nobody, or what is wrong with them. */
export type Found =
  | { readonly _tag: "Found"; readonly concordId: string | undefined }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/** The use cases. */
export class Ledger extends Context.Service<
  Ledger,
  {
    /** The project of an id with what belongs to it; nothing for an unknown one. */
    readonly site: (projectId: string) => Effect.Effect<Option.Option<Site>, StoreUnavailable>
    /** The API key of a secret; nothing for an unknown one. */
    readonly apiKey: (secret: string) => Effect.Effect<Option.Option<ApiKey>, StoreUnavailable>
    /** Records events, all of a request or none, durably. */
    readonly record: (request: Recording.RecordRequest) => Effect.Effect<Recording.RecordOutcome, StoreUnavailable>
    /** Everything that is wrong with a request to record. Records nothing. */
    readonly review: (
      request: Recording.RecordRequest,
    ) => Effect.Effect<ReadonlyArray<Recording.Violation>, StoreUnavailable>
    /** Whom an identifier names. Never makes a person. */
    readonly find: (site: Site, identifiers: PersonIdentifiers) => Effect.Effect<Found, StoreUnavailable>
    /** The decisions in force, each with the event that decides. */
    readonly state: (question: Reading.Question) => Effect.Effect<ReadonlyArray<Reading.InForce>, StoreUnavailable>
    /** A decision for every type of the project. */
    readonly decisions: (question: Reading.Question) => Effect.Effect<ReadonlyArray<Reading.Answered>, StoreUnavailable>
    /** Every decision that differs from the one before it. */
    readonly timeline: (
      question: Omit<Reading.Question, "at">,
    ) => Effect.Effect<ReadonlyArray<Reading.Answered>, StoreUnavailable>
    /** One page of a person's events, and how many match in all. */
    readonly page: LedgerStore["Service"]["page"]
    /** Opens a session. */
    readonly openSession: (opening: Sessions.Opening) => Effect.Effect<Sessions.Opened, StoreUnavailable>
    /** The live session of a token; using it makes it last longer. */
    readonly useSession: (project: Project, token: string) => Effect.Effect<Option.Option<Session>, StoreUnavailable>
    /** Sets up the demonstration on an empty store; nothing where something is set up already. */
    readonly found: Effect.Effect<Option.Option<Founding.Founded>, StoreUnavailable>
    /** Succeeds while events can be recorded. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
    /** Everything that is set up. */
    readonly catalog: Effect.Effect<Catalog, StoreUnavailable>
  }
>()("assent/ledger/Ledger") {}

/** The ledger over a store, with the randomness and hashing it is given. */
export const layer: Layer.Layer<Ledger, never, LedgerStore | SecureRandom.SecureRandom | Mac.Mac | Digest.Digest> =
  Layer.effect(
    Ledger,
    Effect.gen(function* () {
      const store = yield* LedgerStore
      const random = yield* SecureRandom.SecureRandom
      const mac = yield* Mac.Mac
      const digest = yield* Digest.Digest
      const means = { store, random, digest, horizon: Horizon.make(), remembered: new Map<string, Session>() }

      const hashers = new Map<string, Identifiers.Hasher>()
      const hasherOf = Effect.fnUntraced(function* (organization: Organization) {
        const known = hashers.get(organization.id)
        if (known !== undefined) return known
        const hasher = yield* Identifiers.hasher(mac, organization)
        hashers.set(organization.id, hasher)
        return hasher
      })

      const site = (projectId: string) =>
        Effect.map(store.catalog, (catalog) => {
          const project = catalog.projects.get(projectId.toLowerCase())
          if (project === undefined) return Option.none<Site>()
          const organization = catalog.organizations.get(project.organization)!
          return Option.some<Site>({ organization, project, types: catalog.consentTypes.get(project.id)! })
        })

      const apiKey = Effect.fnUntraced(function* (secret: string) {
        const hash = yield* Sessions.hashToken(digest, secret)
        return Option.fromUndefinedOr((yield* store.catalog).apiKeys.get(hash))
      })

      const find = Effect.fnUntraced(function* ({ organization, project }: Site, identifiers: PersonIdentifiers) {
        const person = Identifiers.normalize(identifiers)
        if ("faults" in person) return { _tag: "Refused", faults: person.faults } as const
        const { concordId } = person.identifiers
        if (concordId !== undefined) return { _tag: "Found", concordId } as const
        const hasher = yield* hasherOf(organization)
        const [alias] = yield* hasher.aliases(person.identifiers, project)
        const [named] = yield* store.peopleByAlias(organization, [alias!.hash])
        return { _tag: "Found", concordId: named } as const
      })

      return Ledger.of({
        site,
        apiKey,
        record: (request) =>
          Effect.flatMap(hasherOf(request.organization), (hasher) => Recording.record(request, { ...means, hasher })),
        review: (request) =>
          Effect.flatMap(hasherOf(request.organization), (hasher) => Recording.review(request, { ...means, hasher })),
        find,
        state: (question) => Reading.state(question, means),
        decisions: (question) => Reading.decisions(question, means),
        timeline: (question) => Reading.timeline(question, means),
        page: store.page,
        openSession: (opening) =>
          Effect.flatMap(hasherOf(opening.organization), (hasher) => Sessions.open(opening, means, hasher)),
        useSession: (project, token) => Sessions.use(project, token, means),
        found: Founding.found(means),
        ready: store.ready,
        catalog: store.catalog,
      })
    }),
  )
