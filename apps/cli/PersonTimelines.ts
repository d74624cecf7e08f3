/**
 * The timeline of a person, from a store or from files, with the identifier that it was asked by.
 */
import { createHash } from "node:crypto"
import { Effect, Option, Stream } from "effect"
import { CliError } from "effect/cli"
import type { EventGroup } from "../../adapters/files/EventGroups.ts"
import type * as Source from "../../adapters/files/Source.ts"
import type { AskedBy } from "../../adapters/report/timeline/TimelinePage.ts"
import * as ConsentType from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Order from "../../core/engine/Order.ts"
import type { Rules } from "../../core/engine/Rules.ts"
import type { Terms } from "../../core/engine/Terms.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { PersonTimeline, TimelineEvent, TypeTimeline } from "../../core/people/PersonTimeline.ts"
import * as FileLedger from "./FileLedger.ts"
import type * as Flags from "./Flags.ts"
import * as PersonFlag from "./PersonFlag.ts"

/** A timeline, and the identifier that it was asked by. */
export interface Asked {
  readonly timeline: PersonTimeline
  readonly askedBy: AskedBy
}

/** The instants and the region of a question, as far as they are given. */
export interface Question {
  readonly at: Option.Option<Instant.Instant>
  readonly knownAt: Option.Option<Instant.Instant>
  /** The id of a region, or `none`. */
  readonly region: Option.Option<string>
}

/** The timeline of a person of a store. The identifier is kept only if it `isShown`. */
export const ofStore = Effect.fnUntraced(function* (
  scope: ProjectScope,
  given: Parameters<typeof PersonFlag.refer>[1],
  { at, knownAt, region: asked }: Question,
  isShown: boolean,
) {
  const ledger = yield* Ledger
  const region = Option.map(asked, (id) => id.toLowerCase())
  const until = Option.getOrUndefined(knownAt)
  if (Option.isSome(region) && !(yield* ledger.isRegion(scope.project, region.value, until))) {
    return yield* refuse("--region: is no region that is published; give its id, or none")
  }
  const { kind, reference, value } = yield* PersonFlag.refer(scope, given)
  const timeline = yield* ledger.personTimeline({
    organization: scope.organization,
    project: scope.project,
    ...reference,
    ...(Option.isSome(at) && { at: at.value }),
    ...(Option.isSome(knownAt) && { knownAt: knownAt.value }),
    ...(Option.isSome(region) && { region: region.value }),
  })
  const shown: Asked = { timeline, askedBy: { kind, ...(isShown && { value }) } }
  return shown
})

/** The rules of terms that differ from the default. */
const rulesOf = ({ maxAge, permits, precedence, recordedExpiration }: Terms): Rules => {
  const ages = Object.entries(maxAge).filter(([, age]) => age !== null)
  return {
    ...(ages.length > 0 && { maxAge: Object.fromEntries(ages) }),
    ...(precedence !== "explicit-first" && { precedence }),
    ...(recordedExpiration !== "honor" && { recordedExpiration }),
    ...(permits !== "implied" && { permits }),
  }
}

/** The members of a line that are shown and that no answer depends on, as far as the line has them. */
interface ShownMembers {
  readonly submitter?: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
}

const shownOf = (line: string | null): ShownMembers => {
  const members: { readonly [name: string]: unknown } = line === null ? {} : JSON.parse(line)
  const text = (name: keyof ShownMembers) => {
    const [value] = [members[name]].flat()
    return typeof value === "string" ? { [name]: value } : {}
  }
  return { ...text("submitter"), ...text("category"), ...text("subcategory"), ...text("label") }
}

const typeOf = ({ events, terms, type }: EventGroup, at: Instant.Instant): TypeTimeline => {
  const known = events.filter(({ dateCreated }) => dateCreated <= terms.knownAt)
  const shown = [...new Map(known.map((event) => [event.id, event])).values()].map(
    ({ line, ...event }): TimelineEvent => {
      const { submitter } = shownOf(line)
      return submitter === undefined ? event : { ...event, submitter }
    },
  )
  const { submitter: _, ...names } = shownOf(known.at(-1)?.line ?? null)
  const [first, ...changes] = Decision.follow(events, terms, Instant.min)
  const isNamed = type.category !== undefined || type.subcategory !== undefined || type.label !== undefined
  const { history: __, versions, ...rest } = ConsentType.knownAt(type, terms.knownAt)
  return {
    type: { ...rest, rules: rulesOf(terms) },
    ...(isNamed ? {} : { namedByEvents: names }),
    versions: versions
      .filter(({ dateCreated }) => dateCreated <= terms.knownAt)
      .toSorted((a, b) => a.version - b.version),
    decision: Decision.decide(events, terms, at),
    changes: first === undefined || first.status === "unknown" ? changes : [first, ...changes],
    events: shown.toSorted(Order.compare),
  }
}

/** The digests of inputs, which are computed while they are read. */
const digests = () => {
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  return {
    opened: (source: Source.Source): Source.Source => {
      const hash = createHash("sha256")
      hashes.set(source.name, hash)
      return { ...source, bytes: Stream.tap(source.bytes, (chunk) => Effect.sync(() => void hash.update(chunk))) }
    },
    all: () => [...hashes].map(([name, hash]) => ({ name, sha256: hash.digest("hex") })),
  }
}

/** The timeline of a person of files. */
export const ofFiles = Effect.fnUntraced(function* (
  flags: Flags.Ledger,
  concordId: string,
  at: Instant.Instant,
  knownAt: Instant.Instant,
) {
  const types: Array<TypeTimeline> = []
  const { all, opened } = digests()
  const question = { flags, knownAt, from: Instant.min, keepsLines: true, concordId, opened }
  yield* FileLedger.answerEach(question, (group) => {
    types.push(typeOf(group, at))
    return ""
  })
  const timeline: PersonTimeline = {
    concordId,
    at,
    knownAt,
    types: types.filter(({ changes, events }) => events.length > 0 || changes.length > 0),
    members: [concordId],
    facts: [],
    keyNames: new Map(),
    inputs: all(),
  }
  const asked: Asked = { timeline, askedBy: { kind: "concordId" } }
  return asked
})

/** Fails with a message about flags. */
export const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))
