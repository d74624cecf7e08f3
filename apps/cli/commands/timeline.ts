/**
 * `assent timeline`: what one person said, what counts and why, as a story on a terminal, as lines of JSON or as a
 * page.
 *
 * The whole timeline of the person is held in memory to be sorted.
 */
import { Clock, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type { PersonTimeline } from "../../../core/people/PersonTimeline.ts"
import * as Store from "../../Store.ts"
import * as Flags from "../Flags.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as PersonFlag from "../PersonFlag.ts"
import * as PersonTimelines from "../PersonTimelines.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as TimelineText from "../TimelineText.ts"

const { refuse } = PersonTimelines

const isTrue = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withDescription(description))

const flags = {
  store: StoreFlag.optional(
    "The ledger as a store: sqlite:PATH or postgres://…; by default ASSENT_STORE, where --events is left out",
    StoreFlag.kept,
  ),
  keys: KeysFlag.flag,
  project: ProjectFlag.flags.project,
  ...PersonFlag.flags,
  ...Flags.ledger,
  events: Flags.path("events", "The ledger as a file: events.ndjson").pipe(Flag.optional),
  person: Flag.String("person").pipe(
    Flag.withMetavar("<concordId>"),
    Flag.withDescription("The concordId of the person, with --events"),
    Flag.optional,
  ),
  at: Flags.at,
  region: Flag.String("region").pipe(
    Flag.withMetavar("<id|none>"),
    Flag.withDescription("The region whose rules count, or none; by default that of the person's latest session"),
    Flag.optional,
  ),
  html: Flags.outputPath("html", "A page to read in a browser, to print or to send: one HTML file").pipe(Flag.optional),
  json: isTrue(
    "json",
    "Write the changes of the answers as JSON, one a line; the default where no terminal reads them",
  ),
  text: isTrue("text", "Write the story in words; the default on a terminal"),
  showIdentifier: isTrue(
    "show-identifier",
    "Print the identifier that the person was asked by; by default only its kind",
  ),
}

type Given = Command.Command.Config.Infer<typeof flags>

/** Adds the ledger of the variable `ASSENT_STORE`, if the command line names none. */
const withLedger = (given: Given) =>
  Option.isSome(given.store) || Option.isSome(given.events)
    ? Effect.succeed(given)
    : Effect.map(StoreFlag.fromEnvironment(StoreFlag.kept), (store) => ({ ...given, store }))

const validateFiles = (events: string, given: Given) => {
  if (Option.isSome(given.region)) return refuse("--region: is for a store, because files know no regions")
  const named = PersonFlag.named(given).find(([, value]) => Option.isSome(value))
  if (named !== undefined) return refuse(`${named[0]}: is for a store; with --events give the person as --person`)
  if (Option.isNone(given.person))
    return refuse("--person: is missing; with --events it names the person by its concordId")
  return Flags.validate({ ...given, events })
}

const validateStore = ({ person, rules, types }: Given) => {
  if (Option.isSome(person))
    return refuse("--person: comes with --events; with a store give --concord-id or an identifier")
  return Option.isSome(types) || Option.isSome(rules)
    ? refuse("--types and --rules come with --events; a store has its own types")
    : Effect.void
}

const validate = (given: Given) => {
  const { events, json, store, text } = given
  if (json && text) return refuse("give one of --json and --text")
  if (Option.isNone(store) && Option.isNone(events)) {
    return refuse(`give the ledger: --store or ${Store.variable}, or --events for files`)
  }
  if (Option.isSome(store) && Option.isSome(events)) return refuse("give the ledger once: either --store or --events")
  const ofLedger = Option.isSome(events) ? validateFiles(events.value, given) : validateStore(given)
  return Effect.andThen(
    ofLedger,
    Flags.refuseOverwriting({
      outputs: [Flags.named("--html", given.html)],
      inputs: [
        Flags.named("--events", events),
        Flags.named("--types", given.types),
        Flags.named("--rules", given.rules),
        { name: "--keys", at: given.keys },
      ],
      ...(Option.isSome(store) && { store: { name: store.value.name, at: store.value.url } }),
    }),
  )
}

const ask = Effect.fnUntraced(function* (given: Given) {
  const { at, events, keys, knownAt, person, project, region, showIdentifier, store } = given
  if (Option.isSome(store)) {
    return yield* ProjectFlag.withProject({ keys, project, store: store.value }, (scope) =>
      PersonTimelines.ofStore(scope, given, { at, knownAt, region }, showIdentifier),
    )
  }
  const now = yield* Clock.currentTimeMillis
  const flags = { ...given, events: Option.getOrElse(events, () => "") }
  const concordId = Option.getOrElse(person, () => "")
  return yield* PersonTimelines.ofFiles(
    flags,
    concordId,
    Option.getOrElse(at, () => now),
    Flags.knownAt(given, now),
  )
})

/** Every change of an answer as lines of JSON, by instant and then by type. */
const lines = ({ concordId, region, types }: PersonTimeline): string =>
  types
    .flatMap(({ changes, type }) =>
      changes.map((change) => Exchange.decisionToLine(concordId, type, change, region?.id)),
    )
    .toSorted((a, b) =>
      a.at < b.at ? -1 : a.at > b.at ? 1 : a.consentType < b.consentType ? -1 : a.consentType > b.consentType ? 1 : 0,
    )
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("")

const writePage = Effect.fnUntraced(function* (path: string, { askedBy, timeline }: PersonTimelines.Asked) {
  const page = yield* Effect.promise(() => import("../../../adapters/report/timeline/TimelinePage.ts"))
  const file = yield* Replacement.make(path)
  yield* file.write(page.write(timeline, askedBy))
  yield* file.commit
  yield* Output.info(`${path}: is the timeline as a page`)
}, Effect.scoped)

/** The lines of a terminal are no longer than this, because longer ones are hard to read. */
const widthMax = 100

const warnings = ({ types, ...timeline }: PersonTimeline, given: Given): string | undefined => {
  const flag = Option.isSome(given.person) ? "--person: " : ""
  if (timeline.concordId === undefined) {
    return "the identifier names no one, as known at that instant; of an erased person ask by --concord-id"
  }
  const isSilent = types.every(({ changes, events }) => events.length === 0 && changes.length === 0)
  if (!isSilent) return undefined
  return timeline.erased === undefined ? `${flag}no event about this person is known` : "the person was erased"
}

/** The command. */
export const command = Command.make(
  "timeline",
  flags,
  Effect.fnUntraced(function* (all) {
    const given = yield* withLedger(all)
    const asked = yield* ask(given)
    const { askedBy, timeline } = asked
    const warning = warnings(timeline, given)
    if (warning !== undefined) yield* Output.warn(warning)
    if (Option.exists(given.knownAt, (knownAt) => knownAt > timeline.knownAt)) {
      yield* Output.warn("--known-at is ahead of the clock, and is read as now")
    }
    const isStory = given.text || (process.stdout.isTTY === true && !given.json)
    const width = Math.min(widthMax, Math.max(60, process.stdout.columns ?? widthMax))
    yield* Output.write(isStory ? TimelineText.write(timeline, askedBy, width) : lines(timeline))
    if (Option.isSome(given.html)) yield* writePage(given.html.value, asked)
  }),
).pipe(
  (command) => Command.validate(command, (given) => Effect.flatMap(withLedger(given), validate)),
  Command.withExamples([
    {
      command: "assent timeline --store sqlite:./data/assent.db --email - --html person.html < address.txt",
      description: "What a person said and what counts, on the terminal and as a page for an auditor",
    },
    {
      command:
        "assent timeline --person 018f3a2b-0000-7000-8000-000000000001 --types types.json --events events.ndjson",
      description: "How one person's answers came about, and when they will lapse",
    },
  ]),
)
