/**
 * `assent simulate`: compares the answers of a whole ledger with those under other rules or other versions of the
 * texts.
 */
import { Clock, Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Source from "../../../adapters/files/Source.ts"
import type * as Comparison from "../../../core/engine/Comparison.ts"
import type { Summary } from "../../../core/simulation/Summary.ts"
import type { Input, Plan } from "../../simulate/Plan.ts"
import * as RulesInput from "../../simulate/RulesInput.ts"
import * as Run from "../../simulate/Run.ts"
import * as FailOn from "../FailOn.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as SummaryTable from "../SummaryTable.ts"

/** The exit codes of this command in addition to the common ones. */
const changed = 1
const limitExceeded = 3

const flags = {
  store: StoreFlag.optional(
    "The ledger as a store: sqlite:PATH or postgres://…; by default ASSENT_STORE, where --events is left out",
    StoreFlag.kept,
  ),
  events: Flags.path("events", "The ledger as a file: events.ndjson").pipe(Flag.optional),
  types: Flags.path("types", "types.json, with --events; without it every type has the default rules").pipe(
    Flag.optional,
  ),
  baseline: Flags.path("baseline", "rules.json in force before; by default the types' own rules").pipe(Flag.optional),
  candidate: Flags.path("candidate", "rules.json in force after, or a rule pack such as pack:cnil@2020-09").pipe(
    Flag.optional,
  ),
  candidateTypes: Flags.path("candidate-types", "types.json in force after; types it leaves out stay as they are").pipe(
    Flag.optional,
  ),
  from: Flags.windowEdge("from", "The first instant that is looked at"),
  until: Flags.windowEdge("until", "The first instant that is not"),
  out: Flags.outputPath("out", "diff.ndjson: every interval on which an answer differs").pipe(Flag.optional),
  report: Flags.outputPath("report", "A report to read in a browser: one HTML file").pipe(Flag.optional),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the summary as JSON")),
  exitCode: Flag.Boolean("exit-code").pipe(
    Flag.withDefault(false),
    Flag.withDescription(`Exit with ${changed} when anything changes`),
  ),
  failOn: FailOn.flag(limitExceeded),
}

interface Given {
  readonly store: Option.Option<StoreFlag.ChosenStore>
  readonly events: Option.Option<string>
  readonly types: Option.Option<string>
  readonly baseline: Option.Option<string>
  readonly candidate: Option.Option<string>
  readonly candidateTypes: Option.Option<string>
  readonly out: Option.Option<string>
  readonly report: Option.Option<string>
}

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

/** Adds the ledger of the variable `ASSENT_STORE`, if the command line names none. */
const withLedger = <G extends Given>(given: G): Effect.Effect<G, CliError.ValidationError> =>
  Option.isSome(given.store) || Option.isSome(given.events)
    ? Effect.succeed(given)
    : Effect.map(StoreFlag.fromEnvironment(StoreFlag.kept), (store) => ({ ...given, store }))

const validate = (given: Given): Effect.Effect<void, CliError.ValidationError> => {
  if (Option.isSome(given.store) === Option.isSome(given.events)) {
    return refuse(
      Option.isNone(given.store)
        ? "give the ledger: --store, --events, or the variable ASSENT_STORE, which is not set"
        : "give the ledger once: either --store or --events",
    )
  }
  if (Option.isSome(given.store) && Option.isSome(given.types)) {
    return refuse("--types comes with --events; a store has its own types")
  }
  if (Option.isNone(given.candidate) && Option.isNone(given.candidateTypes)) {
    return refuse("give what is to be tried: --candidate, --candidate-types or both")
  }
  const inputs = [given.events, given.types, given.baseline, given.candidate, given.candidateTypes]
  if (inputs.flatMap(Option.toArray).filter((path) => path === Source.standardInput).length > 1) {
    return refuse("only one input can be standard input (-)")
  }
  return Flags.refuseOverwriting({
    outputs: [Flags.named("--out", given.out), Flags.named("--report", given.report)],
    inputs: [
      Flags.named("--events", given.events),
      Flags.named("--types", given.types),
      Flags.named("--baseline", given.baseline),
      Flags.named("--candidate", given.candidate),
      Flags.named("--candidate-types", given.candidateTypes),
    ],
    ...(Option.isSome(given.store) && { store: { name: given.store.value.name, at: given.store.value.url } }),
  })
}

const input = ({ store, events }: Given): Input =>
  Option.isSome(store)
    ? { _tag: "Store", ...store.value }
    : { _tag: "Events", path: Option.getOrElse(events, () => "") }

const readIfGiven = <A, E, R>(
  path: Option.Option<string>,
  read: (path: string) => Effect.Effect<A, E, R>,
): Effect.Effect<A | undefined, E, R> =>
  Option.isSome(path) ? read(path.value) : Effect.succeed<A | undefined>(undefined)

const planOf = Effect.fnUntraced(function* (given: Given & Comparison.Window) {
  const knownAt = yield* Clock.currentTimeMillis
  const types = yield* readIfGiven(given.types, RulesInput.types)
  const baseline = yield* readIfGiven(given.baseline, RulesInput.rules)
  const candidate = yield* readIfGiven(given.candidate, RulesInput.rules)
  const candidateTypes = yield* readIfGiven(given.candidateTypes, RulesInput.types)
  const plan: Plan = {
    input: input(given),
    ...(types !== undefined && { types }),
    ...(baseline !== undefined && { baseline }),
    ...(candidate !== undefined && { candidate }),
    ...(candidateTypes !== undefined && { candidateTypes }),
    from: given.from,
    until: given.until,
    knownAt,
    ...(Option.isSome(given.out) && { out: given.out.value }),
    ...(Option.isSome(given.report) && { report: given.report.value }),
  }
  return plan
})

const simulate = Effect.fnUntraced(function* (plan: Plan) {
  const progress = yield* Progress.makeWithLines
  const summary: Summary = yield* Run.run(plan, progress.show)
  yield* progress.clear
  return summary
}, Effect.scoped)

/** The command. */
export const command = Command.make(
  "simulate",
  flags,
  Effect.fnUntraced(function* ({ json, exitCode, failOn, ...given }) {
    const plan = yield* planOf(yield* withLedger(given))
    const summary = yield* simulate(plan)
    for (const warning of summary.warnings) yield* Output.warn(warning)
    yield* Output.write(json ? `${JSON.stringify(summary, undefined, 2)}\n` : SummaryTable.write(summary))
    const exceeded = Option.match(failOn, {
      onNone: () => undefined,
      onSome: (limit) => FailOn.exceeded(limit, summary),
    })
    if (exceeded !== undefined) yield* Output.error(exceeded)
    const code = exceeded !== undefined ? limitExceeded : exitCode && summary.changed.pairs > 0 ? changed : 0
    yield* Effect.sync(() => {
      process.exitCode = code
    })
  }),
).pipe(
  (command) => Command.validate(command, (given) => Effect.flatMap(withLedger(given), validate)),
  Command.withExamples([
    {
      command:
        "assent simulate --events events.ndjson --types types.json --candidate six-months.json --from 2026-01-01 --until 2028-01-01 --out diff.ndjson",
      description: "What if consent lasted six months?",
    },
    {
      command:
        "assent simulate --store sqlite:./data/assent.db --candidate pack:cnil@2020-09 --from 2026-01-01 --until 2027-01-01 --fail-on lost-permission=0.5%",
      description: "Fail a build when more than one person in 200 would lose a permission",
    },
  ]),
)
