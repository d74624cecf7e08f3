/**
 * The access package: everything that the ledger holds about the subject of a compliance request and everyone joined
 * with it, as one ZIP (GDPR, article 15).
 *
 * It is written while it is read, in pages, with other requests answered between two of them, so that memory does not
 * grow with what is held. The order of its files is fixed, and their time is the day of `knownAt`, so that the same
 * ledger makes the same bytes. `PersonalInventory.ts` says what is held; the same readers as those of access show it.
 */
import { Effect, Stream } from "effect"
import type { ComplianceState } from "../compliance/ComplianceState.ts"
import * as Instant from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as LanguageLookup from "../model/LanguageLookup.ts"
import * as HeldData from "../people/HeldData.ts"
import * as HeldEvents from "../people/HeldEvents.ts"
import type { HeldRequest } from "../people/HeldRequests.ts"
import * as JsonPages from "../people/JsonPages.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as PackagedRequest from "./PackagedRequest.ts"
import * as PackagedSystems from "./PackagedSystems.ts"
import * as PackagedTypes from "./PackagedTypes.ts"
import * as PackagePage from "./PackagePage.ts"
import * as PackageSummary from "./PackageSummary.ts"
import type { EntryName } from "./PackageWords.ts"
import * as ZipStream from "./ZipStream.ts"

/** A document that goes with the package. */
export interface PackagedFile {
  /** Without `/`. */
  readonly name: string
  readonly content: Stream.Stream<Uint8Array, StoreUnavailable>
}

/** What a package is made of. */
export interface PackageInput {
  readonly scope: ProjectScope
  readonly request: HeldRequest
  readonly state: ComplianceState
  /** The person that the request is about and everyone joined with it; `undefined`: nothing is held about anyone. */
  readonly people: HeldData.HeldPeople | undefined
  readonly files: ReadonlyArray<PackagedFile>
  readonly knownAt: Instant.Instant
}

/** The version of the form of packages. */
export const schema = "assent/access-package@1"

/** The most bytes of a package, and of one of its files before it is compressed. */
export const limits: ZipStream.ZipLimits = { zipped: 1024 ** 3, entry: 2 ** 32 - 2 }

/** What the manifest says is not in a package, if the organization has not described its data systems. */
const undescribed = [
  { name: "systems.json", reason: "the organization has described no data system in this ledger besides the ledger" },
]

const encoder = new TextEncoder()

/** Pages as the bytes of a JSON list, an item a line. */
const list = (pages: JsonPages.Pages): Stream.Stream<Uint8Array, StoreUnavailable> =>
  Stream.suspend(() => {
    let separator = "[\n"
    const parts = Stream.map(pages, (items) => {
      const text = items.map((item) => {
        const before = separator
        separator = ",\n"
        return before + item
      })
      return encoder.encode(text.join(""))
    })
    const end = Stream.suspend(() => Stream.succeed(encoder.encode(separator === "[\n" ? "[]\n" : "\n]\n")))
    return Stream.concat(parts, end)
  })

/** Pages as the bytes of NDJSON. */
const lines = (pages: JsonPages.Pages): Stream.Stream<Uint8Array, StoreUnavailable> =>
  Stream.map(pages, (items) => encoder.encode(items.map((item) => `${item}\n`).join("")))

const json = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value, undefined, 2)}\n`)

/** Notes each item of pages while they are read. */
const noting = <Item>(pages: JsonPages.Pages, note: (item: Item) => void): JsonPages.Pages =>
  Stream.tap(pages, (items) => Effect.sync(() => items.forEach((item) => note(JSON.parse(item) as Item))))

/** Items of pages with the member `project` in front. */
const ofProject = (pages: JsonPages.Pages, project: string): JsonPages.Pages =>
  Stream.map(pages, (items) => items.map((item) => `{"project":${JSON.stringify(project)},${item.slice(1)}`))

const isProfile = (item: string): boolean => (JSON.parse(item) as PackageSummary.NotedPart).kind === "profile"

const nothing: JsonPages.Pages = Stream.empty

/** The lists of a package, as pages. Without people they are empty. */
const listsOf = ({ people, request, state }: PackageInput, context: LedgerContext) => {
  const members = new Set(people?.members)
  const { compliance } = context.store
  const own = Effect.map(compliance.facts(request.project, request.stored.id), (facts) => [
    PackagedRequest.json(request, state, facts, members),
  ])
  const write = Effect.fnUntraced(function* (held: HeldRequest) {
    const facts = yield* compliance.facts(held.project, held.stored.id)
    return PackagedRequest.json(held, JSON.parse(held.stored.state) as ComplianceState, facts, members)
  })
  if (people === undefined) return { requests: Stream.fromEffect(own) }
  // The request itself stands in front, and is not written again.
  const isOther = (item: string) => (JSON.parse(item) as { readonly id: string }).id !== request.stored.id
  const others = Stream.map(HeldData.requests(people, write), (items) => items.filter(isOther))
  const projects = HeldEvents.projectsWith(people)
  return {
    ...HeldData.lists(people),
    requests: Stream.concat(Stream.fromEffect(own), others),
    events: Stream.flatMap(projects, (project) => HeldEvents.eventsOf(people, project)),
    decisions: Stream.flatMap(projects, (project) => ofProject(HeldEvents.decisionsOf(people, project), project.id)),
  }
}

/** The object of `joins.json`. */
const joins = (
  survivor: string | undefined,
  people: JsonPages.Pages,
  facts: JsonPages.Pages,
): Stream.Stream<Uint8Array, StoreUnavailable> => {
  const parts = [
    JsonPages.text(`{"concordId":${JSON.stringify(survivor ?? null)}`),
    JsonPages.member("people", people),
    JsonPages.member("facts", facts),
    JsonPages.text("}\n"),
  ]
  return Stream.map(Stream.flatten(Stream.fromIterable(parts)), ({ text }) => encoder.encode(text))
}

type Content = Stream.Stream<Uint8Array, StoreUnavailable>

/** The files that are read, in their order, but the documents, the page and the manifest. */
const read = (
  input: PackageInput,
  collector: PackageSummary.SummaryCollector,
  systems: PackagedSystems.PackagedSystems,
  context: LedgerContext,
): ReadonlyArray<readonly [name: EntryName, content: Content]> => {
  const lists = listsOf(input, context)
  const of = (name: Exclude<keyof HeldLists, "requests">) => ("people" in lists ? lists[name] : nothing)
  const parts = of("personalData")
  const types = Stream.unwrap(
    Effect.map(context.store.catalog.current, (catalog) => PackagedTypes.pages(catalog, collector.answered, context)),
  )
  return [
    ["events.ndjson", lines(noting(of("events"), collector.event))],
    ["decisions.json", list(noting(of("decisions"), collector.decision))],
    ["consent-types.json", list(types)],
    ["identifiers.json", list(noting(of("identifiers"), collector.identifier))],
    ["profile.json", list(Stream.map(noting(parts, collector.part), (items) => items.filter(isProfile)))],
    ["personal-data.json", list(parts)],
    ["sessions.json", list(noting(of("sessions"), collector.session))],
    ["joins.json", joins(input.people?.survivor, noting(of("people"), collector.person), of("facts"))],
    ["compliance-requests.json", list(noting(lists.requests, collector.request))],
    ["erasures.json", list(noting(of("erasures"), collector.erasure))],
    ["systems.json", list(systems.pages)],
  ]
}

type HeldLists = Extract<ReturnType<typeof listsOf>, { readonly people: unknown }>

/** The name of a consent type as people are shown it last, or its label. */
const namesOf = Effect.fnUntraced(function* ({ store }: Pick<LedgerContext, "store">) {
  const { consentTypes } = yield* store.catalog.current
  return (project: string, id: string): string => {
    const type = consentTypes.get(project)?.byId.get(id)
    const name = type?.versions.at(-1)?.name ?? ""
    return name === "" ? (type?.label ?? id) : name
  }
})

/** An entry that is added to the list of those that were written, once its last byte was read. */
const written = (
  name: string,
  content: Content,
  entries: Array<PackageSummary.WrittenEntry>,
  { runningSha256 }: Pick<LedgerContext, "runningSha256">,
): ZipStream.ZipEntry<StoreUnavailable> => {
  const digested = Stream.suspend(() => {
    const sha256 = runningSha256()
    let size = 0
    const noted = Stream.tap(content, (bytes) =>
      Effect.sync(() => {
        sha256.add(bytes)
        size += bytes.length
      }),
    )
    const end = Effect.sync(() => entries.push({ name, size, sha256: sha256.hex() }))
    return Stream.concat(noted, Stream.drain(Stream.fromEffect(end)))
  })
  return { name, content: digested }
}

/** The manifest, which lists all files but itself. */
const manifestOf = (
  { knownAt, people, request, scope: { organization }, state }: PackageInput,
  { isDescribed }: PackagedSystems.PackagedSystems,
  entries: ReadonlyArray<PackageSummary.WrittenEntry>,
) => ({
  schema,
  organization: { id: organization.id, name: organization.name },
  project: request.project.id,
  request: request.stored.id,
  concordId: people?.survivor ?? null,
  isAnythingHeld: people !== undefined,
  language: state.language,
  knownAt: Instant.format(knownAt),
  entries: entries.map(({ name, sha256, size }) => ({ name, size, sha256 })),
  notIncluded: isDescribed ? [] : undescribed,
})

/** All files of a package, in their order. */
const entriesOf = (
  input: PackageInput,
  nameOf: PackagePage.PageInput["nameOf"],
  systems: PackagedSystems.PackagedSystems,
  context: LedgerContext,
): Stream.Stream<ZipStream.ZipEntry<StoreUnavailable>> => {
  const { files, knownAt, people, request, scope, state } = input
  const collector = PackageSummary.collect()
  const entries: Array<PackageSummary.WrittenEntry> = []
  const page = Stream.suspend(() => {
    const of = { id: request.stored.id, state }
    const { organization, project } = scope
    const languages = LanguageLookup.ofProject(project, state.language)
    const summary = collector.summary()
    const isKnown = people !== undefined
    const text = PackagePage.write({ organization, request: of, languages, isKnown, knownAt, nameOf, summary, entries })
    return Stream.succeed(encoder.encode(text))
  })
  const documents = files.map(({ content, name }, index) => [`files/${index + 1} ${name}`, content] as const)
  const all = [...read(input, collector, systems, context), ...documents, ["index.html", page] as const]
  const manifest = Stream.suspend(() => Stream.succeed(json(manifestOf(input, systems, entries))))
  return Stream.fromIterable([
    ...all.map(([name, content]) => written(name, content, entries, context)),
    { name: "manifest.json", content: manifest },
  ])
}

/** The bytes of a package, which fail once there are more of them than `within` allows. */
export const make = (
  input: PackageInput,
  context: LedgerContext,
  within: ZipStream.ZipLimits = limits,
): Stream.Stream<Uint8Array, StoreUnavailable | ZipStream.ZipTooLarge> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const nameOf = yield* namesOf(context)
      const systems = yield* PackagedSystems.of(yield* context.store.catalog.current, input.scope)
      return ZipStream.make(entriesOf(input, nameOf, systems, context), input.knownAt, within)
    }),
  )
