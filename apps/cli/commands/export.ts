/**
 * `assent export`: writes the events of a project to a file, which `import --restore` can read.
 */
import { Effect, Option, Schema } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as RecordedColumns from "../../../adapters/files/RecordedColumns.ts"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import * as RowReader from "../../../adapters/files/RowReader.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Uuid } from "../../../core/formats/Fields.ts"
import * as ErasureFile from "../ErasureFile.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as ProjectFlag from "../ProjectFlag.ts"

const flags = {
  ...ProjectFlag.flags,
  out: Flags.outputPath("out", "Where to write; by default standard output").pipe(Flag.optional),
  types: Flags.outputPath("types", "Where to write the consent types with their history, as types.json").pipe(
    Flag.optional,
  ),
  erasures: Flags.outputPath("erasures", "Where to write who was erased, for import --restore --erasures").pipe(
    Flag.optional,
  ),
  format: Flag.Literals("format", RowReader.formats).pipe(
    Flag.withDescription("By default csv for a file that ends in .csv, else ndjson"),
    Flag.optional,
  ),
  concordId: Flag.String("concord-id").pipe(
    Flag.withMetavar("<uuid>"),
    Flag.withDescription("Only this person, and those it is joined with"),
    Flag.filter(Schema.is(Uuid), () => "a UUID"),
    Flag.optional,
  ),
  from: Flags.windowEdge("from", "Only what was true from then on, by consentDate").pipe(Flag.optional),
  until: Flags.windowEdge("until", "Only what was true before, by consentDate").pipe(Flag.optional),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const validate = ({
  erasures,
  from,
  keys,
  out,
  store,
  types,
  until,
}: Flagged): Effect.Effect<void, CliError.ValidationError> => {
  const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))
  if (Option.exists(out, (path) => path.endsWith(".gz"))) {
    return refuse("--out: pack it yourself: assent export | gzip > file.gz")
  }
  if (Option.isSome(from) && Option.isSome(until) && until.value <= from.value) {
    return refuse(`--until: must be after --from, which is ${Instant.format(from.value)}`)
  }
  return Flags.refuseOverwriting({
    outputs: [Flags.named("--out", out), Flags.named("--types", types), Flags.named("--erasures", erasures)],
    inputs: [{ name: "--keys", at: keys }],
    store: { name: store.name, at: store.url },
  })
}

const openOutput = Effect.fnUntraced(function* (out: Option.Option<string>) {
  if (Option.isNone(out)) return { write: Output.write, commit: Effect.void }
  return yield* Replacement.make(out.value)
})

/** Writes the types of a project, with their history, those that were deleted too: they may have refusals. */
const writeTypes = Effect.fnUntraced(function* ({ types }: ProjectScope, path: string) {
  const file = yield* Replacement.make(path)
  yield* file.write(`${JSON.stringify(Exchange.typesToFile([...types.byId.values()]))}\n`)
  yield* file.commit
})

const write = Effect.fnUntraced(function* (scope: ProjectScope, given: Flagged) {
  const ledger = yield* Ledger
  const { concordId, from, until } = given
  const reading = yield* ledger.export(scope, {
    ...(Option.isSome(concordId) && { concordId: concordId.value.toLowerCase() }),
    ...(Option.isSome(from) && { startDate: from.value }),
    ...(Option.isSome(until) && { endDate: until.value }),
  })
  const file = yield* openOutput(given.out)
  const progress = yield* Progress.makeWithLines
  const isCsv =
    Option.getOrElse(given.format, () => RowReader.formatOf(Option.getOrElse(given.out, () => ""))) === "csv"
  if (isCsv) yield* file.write(RecordedColumns.header)
  let done = 0
  for (;;) {
    const page = yield* reading.next
    if (page === undefined) break
    const bodies = page.events.map(({ body }) => body)
    const text = isCsv ? RecordedColumns.write(bodies) : bodies.map((body) => `${body}\n`).join("")
    if (text !== "") yield* file.write(text)
    done += page.seen
    yield* progress.show({ what: "events read", done, share: reading.total === 0 ? 1 : done / reading.total })
  }
  yield* progress.clear
  yield* file.commit
  if (Option.isSome(given.types)) yield* writeTypes(scope, given.types.value)
  // Read last, so that everyone whose events are erased in the file is in it.
  if (Option.isSome(given.erasures)) yield* ErasureFile.write(scope.organization, given.erasures.value)
}, Effect.scoped)

/** The command. */
export const command = Command.make("export", flags, (given) =>
  ProjectFlag.withProject(given, (scope) => write(scope, given)),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    { command: "assent export --out events.ndjson", description: "Everything, one event a line" },
    {
      command: "assent export --from 2025-01-01 --until 2026-01-01 --format csv | gzip > 2025.csv.gz",
      description: "What was true in one year, as CSV",
    },
  ]),
)
