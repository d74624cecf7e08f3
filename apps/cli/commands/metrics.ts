/**
 * `assent metrics`: what was counted of a project by day, as bars on a terminal and as a page with charts; or counted
 * afresh and compared.
 */
import { Clock, Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import * as MissingPackage from "../../../adapters/support/MissingPackage.ts"
import type { DayMetrics } from "../../../core/counting/DayMetrics.ts"
import type { Recounted } from "../../../core/counting/Recount.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as MetricCount from "../../../core/metrics/MetricCount.ts"
import type { DayRange } from "../../../core/metrics/MetricPeriod.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Flags from "../Flags.ts"
import * as MetricsQuestion from "../MetricsQuestion.ts"
import * as MetricsTable from "../MetricsTable.ts"
import * as Output from "../Output.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if a recount finds a difference. */
const notDone = 2

const flags = {
  ...ProjectFlag.flags,
  days: Flag.Int("days").pipe(
    Flag.withDefault(28),
    Flag.filter(
      (days) => days >= 1 && days <= 400,
      () => "expected 1 to 400 days",
    ),
    Flag.withDescription("How many days to show, today included"),
  ),
  recount: Flag.Boolean("recount").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Count the log afresh and compare; ends with 2 if a count differs"),
  ),
  html: Flags.outputPath("html", "Also write a page with charts, to read, print and keep; ends in .html").pipe(
    Flag.optional,
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON")),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

const itemOf = ({ day, events, isFinalized, requests, sessions }: DayMetrics) => ({
  date: MetricsTable.dateOf(day),
  finalized: isFinalized,
  complianceRequests: { created: requests.created, stateCount: requests.standing, stateChanged: requests.entered },
  consentEvents: events,
  sessions,
})

const recountedAsText = ({ differences, events, facts }: Recounted): string => {
  const counted = `${Table.count(events)} events and ${Table.count(facts)} facts of compliance requests were counted`
  if (differences.length === 0) return `${counted}: every count agrees`
  const rows = differences.map(({ counted: is, day, family, kept, key }) => [
    MetricsTable.dateOf(day),
    family,
    key,
    Table.count(kept),
    Table.count(is),
  ])
  return `${counted}: ${Table.count(differences.length)} counts differ\n\n${Table.write(["day", "of", "key", "kept", "counted"], rows)}`
}

const recount = Effect.fnUntraced(function* ({ project }: ProjectScope, isJson: boolean) {
  const { metrics } = yield* Ledger
  const found = yield* metrics.recount(project)
  yield* Output.write(`${isJson ? JSON.stringify(found, undefined, 2) : recountedAsText(found)}\n`)
  if (found.differences.length > 0) {
    yield* Effect.sync(() => {
      process.exitCode = notDone
    })
  }
})

/** The optional packages that draw the page. */
const drawing = ["@observablehq/plot", "linkedom"]

/** Loads what draws the page. This is done first, so that a missing package stops the command at once. */
const loadPage = Effect.catchDefect(
  Effect.promise(async () => (await import("../../../adapters/report/metrics/MetricsPage.ts")).write),
  (defect) => {
    const missing = MissingPackage.nameOf(defect)
    if (missing === undefined) return Effect.die(defect)
    const names = new Set([...MissingPackage.missingOf(drawing), missing])
    return refuse(`--html: ${MissingPackage.reason([...names])}`)
  },
)

const writePage = Effect.fnUntraced(function* (
  path: string,
  scope: ProjectScope,
  range: DayRange,
  days: ReadonlyArray<DayMetrics>,
) {
  const write = yield* loadPage
  const file = yield* Replacement.make(path)
  yield* file.write(write(yield* MetricsQuestion.ask(scope, range, days)))
  yield* file.commit
  yield* Output.info(`${path}: has the metrics as a page`)
}, Effect.scoped)

const isCounted = ({ events, isFinalized, requests, sessions }: DayMetrics): boolean =>
  isFinalized || events.created + events.read + requests.created + sessions.created > 0

/** Lines of a pipe are as long as those of a terminal that most tools assume. */
const defaultWidth = 80

const show = Effect.fnUntraced(function* (scope: ProjectScope, { days: length, html, json }: Flagged) {
  const { metrics } = yield* Ledger
  const today = MetricCount.dayOf(yield* Clock.currentTimeMillis)
  const range = { from: today + 1 - length, to: today + 1 }
  // No range of one project up to 400 days is too long.
  const days = (yield* metrics.days([scope.project], range))!
  if (!days.some(isCounted)) {
    yield* Output.warn(
      "nothing was counted on these days: counts are made while a server runs, or a program has the ledger open",
    )
  }
  if (Option.isSome(html)) yield* writePage(html.value, scope, range, days)
  const width = process.stdout.columns ?? defaultWidth
  const text = json ? JSON.stringify({ items: days.map(itemOf) }, undefined, 2) : MetricsTable.write(days, width)
  yield* Output.write(`${text}\n`)
})

const validate = ({ html, keys, recount, store }: Flagged) =>
  recount && Option.isSome(html)
    ? refuse("--html: is for the counts that are kept; leave out --recount")
    : Flags.refuseOverwriting({
        outputs: [Flags.named("--html", html)],
        inputs: [{ name: "--keys", at: keys }],
        store: { name: store.name, at: store.url },
      })

/** The command. */
export const command = Command.make("metrics", flags, (given) =>
  ProjectFlag.withProject(given, (scope) => (given.recount ? recount(scope, given.json) : show(scope, given))),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    { command: "assent metrics --days 7", description: "The last week of the only project" },
    { command: "assent metrics --days 90 --html metrics.html", description: "A page with charts of the last 90 days" },
    { command: "assent metrics --recount", description: "After a restored backup: do the counts agree with the log?" },
  ]),
)
