/**
 * `assent scan`: visits pages with the Chromium of the machine, says what they load and keep before anyone has acted,
 * and notes it as found in a project.
 */
import { Effect, Option } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Chromium from "../../../adapters/chromium/Chromium.ts"
import * as PageScan from "../../../adapters/chromium/PageScan.ts"
import * as TrackerNames from "../../../core/browser/TrackerNames.ts"
import { needsOf, type SeenTracker, type TrackerRule } from "../../../core/browser/TrackerRules.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import { trackersOf } from "../../../core/model/Tracker.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

const flags = {
  url: Argument.String("url").pipe(
    Argument.withDescription("The address of a page, http or https; several are visited one after another"),
    Argument.variadic({ min: 1, max: 100 }),
  ),
  store: StoreFlag.optional(
    "The ledger that notes what is found: sqlite:PATH or postgres://…; left out, nothing is noted, also with ASSENT_STORE",
    StoreFlag.kept,
  ),
  keys: KeysFlag.flag,
  project: ProjectFlag.flags.project,
  browser: Flag.String("browser").pipe(
    Flag.withMetavar("<path>"),
    Flag.withDescription("The Chromium or Chrome to start; by default the one of the PATH"),
    Flag.optional,
  ),
  watch: Flag.Int("watch").pipe(
    Flag.withMetavar("<seconds>"),
    Flag.withDefault(3),
    Flag.filter(
      (seconds) => seconds >= 0 && seconds <= 300,
      () => "from 0 to 300",
    ),
    Flag.withDescription("How long each page is watched after it has loaded"),
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write what was found as JSON")),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const loadMillis = 30_000

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

const addresses = Effect.fnUntraced(function* (given: ReadonlyArray<string>) {
  const wrong = given.find((each) => !URL.canParse(each) || !/^https?:$/.test(new URL(each).protocol))
  if (wrong !== undefined) return yield* refuse(`<url>: expected an http or https address, such as https://example.com`)
  return given.map((each) => new URL(each))
})

const visitAll = Effect.fnUntraced(function* ({ browser, url, watch }: Flagged) {
  const urls = yield* addresses(url)
  const executable = Option.getOrElse(browser, Chromium.find)
  if (executable === undefined) return yield* refuse("--browser: there is no Chromium in the PATH: name one")
  const progress = yield* Progress.make
  const chromium = yield* Chromium.start(executable)
  const found: Array<SeenTracker> = []
  for (const [index, page] of urls.entries()) {
    const show = (done: number) =>
      Effect.runSync(progress.show({ what: `requests of ${page.host}`, done, share: index / urls.length }))
    found.push(...(yield* PageScan.scan(chromium, page, { loadMillis, watchMillis: watch * 1000, onRequest: show })))
  }
  yield* progress.clear
  return [...new Map(found.map((seen) => [JSON.stringify(seen), seen])).values()]
}, Effect.scoped)

/** What was found, as a project knows it. */
interface Found extends SeenTracker {
  readonly pattern: string
  /** Left out: no project was named, or no rule of it decides. */
  readonly category?: TrackerRule["category"]
}

const foundOf = (seen: SeenTracker, rules: ReadonlyArray<TrackerRule>): Found => {
  const needs = needsOf(seen, rules, [])
  return { ...seen, pattern: TrackerNames.patternOf(seen), ...(needs !== undefined && { category: needs.category }) }
}

const textOf = (all: ReadonlyArray<Found>): string =>
  all
    .map(({ category = "not known", pattern, type, domain }) =>
      [type.padEnd(15), category.padEnd(18), pattern.startsWith(domain) ? pattern : `${pattern} (${domain})`].join(
        "  ",
      ),
    )
    .join("\n")

const write = Effect.fnUntraced(function* (all: ReadonlyArray<Found>, noted: number | undefined, { json }: Flagged) {
  if (json) {
    const answer = { count: all.length, ...(noted !== undefined && { noted }), items: all }
    return yield* Output.write(`${JSON.stringify(answer, undefined, 2)}\n`)
  }
  if (all.length > 0) yield* Output.write(`${Table.printable(textOf(all))}\n`)
  const ofProject = noted === undefined ? "" : `; ${Table.count(noted)} new to the project`
  return yield* Output.info(`found: ${Table.count(all.length)}${ofProject}`)
})

const note = Effect.fnUntraced(function* (scope: ProjectScope, seen: ReadonlyArray<SeenTracker>) {
  const ledger = yield* Ledger
  const rules = trackersOf(yield* ledger.catalog, scope.project)
  const { found } = yield* ledger.trackers.takeReport(scope, seen)
  return { noted: found, rules }
})

const run = Effect.fnUntraced(function* (given: Flagged) {
  const { keys, project, store } = given
  const into = Option.map(store, (each) => ({ keys, project, store: each }))
  // A ledger that cannot be opened fails before the pages are visited. It is not held open meanwhile.
  if (Option.isSome(into)) yield* ProjectFlag.withProject(into.value, () => Effect.void)
  const seen = yield* visitAll(given)
  if (Option.isNone(into)) {
    return yield* write(
      seen.map((each) => foundOf(each, [])),
      undefined,
      given,
    )
  }
  const { noted, rules } = yield* ProjectFlag.withProject(into.value, (scope) => note(scope, seen))
  return yield* write(
    seen.map((each) => foundOf(each, rules)),
    noted,
    given,
  )
})

/** The command. */
export const command = Command.make("scan", flags, run).pipe(
  Command.withDescription("Visit pages with Chromium, and say what they load and keep before anyone has acted"),
  Command.withExamples([
    { command: "assent scan https://example.com", description: "What a page loads from elsewhere, and keeps" },
    {
      command: "assent scan https://example.com/ https://example.com/shop --store sqlite:./ledger.db",
      description: "The same of two pages, noted as trackers without a category",
    },
  ]),
)
