/**
 * `assent register`: writes the record of processing activities (GDPR, article 30).
 */
import { Effect, Option, Stream } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import type { Unwritable } from "../../../adapters/files/BadInput.ts"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import * as RecordQuery from "../../../core/data-systems/RecordQuery.ts"
import type { RecordFormatName } from "../../../core/data-systems/RecordQuery.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Organization } from "../../../core/model/Catalog.ts"
import * as RecordFormat from "../../../core/processing-records/RecordFormat.ts"
import * as Flags from "../Flags.ts"
import * as OrganizationFlag from "../OrganizationFlag.ts"
import * as Output from "../Output.ts"
import * as RecordTable from "../RecordTable.ts"

/** The exit code if something that article 30 asks for is missing, and `--complete` was given. */
const notDone = 2

const flags = {
  ...OrganizationFlag.flags,
  as: Flag.Literals("as", RecordQuery.capacities).pipe(
    Flag.withDefault("controller"),
    Flag.withDescription("processor: what the organization does for others (article 30(2))"),
  ),
  by: Flag.Literals("by", RecordQuery.groupings).pipe(
    Flag.withDefault("activity"),
    Flag.withDescription("system: a row for each data system"),
  ),
  format: Flag.Literals("format", ["table", ...RecordQuery.formatNames]).pipe(
    Flag.withDescription("By default as the ending of --out says, else a table for a terminal"),
    Flag.optional,
  ),
  project: Flag.String("project").pipe(
    Flag.withMetavar("<id>"),
    Flag.withDescription("Only data systems that concern this project"),
    Flag.optional,
  ),
  out: Flags.outputPath("out", "Where to write; by default standard output").pipe(Flag.optional),
  complete: Flag.Boolean("complete").pipe(
    Flag.withDefault(false),
    Flag.withDescription("End with 2 if something is missing"),
  ),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

/** The format that the ending of a file says. */
const formatOf = (path: string): RecordFormatName | undefined =>
  RecordQuery.formatNames.find((name) => path.toLowerCase().endsWith(`.${RecordQuery.formats[name].ending}`)) ??
  (/\.yaml$/i.test(path) ? "fides" : undefined)

const wanted = ({ format, out }: Flagged): RecordFormatName | "table" | undefined =>
  Option.getOrElse(format, () => (Option.isSome(out) ? formatOf(out.value) : "table"))

const validate = (given: Flagged): Effect.Effect<void, CliError.ValidationError> => {
  const { keys, out, store } = given
  const format = wanted(given)
  if (format === undefined) {
    const endings = RecordQuery.formatNames.map((name) => `.${RecordQuery.formats[name].ending}`).join(", ")
    return refuse(`--format: say which, because --out ends with none of ${endings}; for a PDF, print the page (.html)`)
  }
  if (format === "xlsx" && Option.isNone(out) && process.stdout.isTTY) {
    return refuse("--out: name a file, because a workbook is no text")
  }
  return Flags.refuseOverwriting({
    outputs: [Flags.named("--out", out)],
    inputs: [{ name: "--keys", at: keys }],
    store: { name: store.name, at: store.url },
  })
}

type Failure = Output.OutputClosed | Output.OutputFailed | Unwritable

/** Where the record goes. */
interface Target {
  readonly write: (part: string | Uint8Array) => Effect.Effect<void, Failure>
  readonly commit: Effect.Effect<void, Failure>
}

const openOutput = Effect.fnUntraced(function* (out: Option.Option<string>) {
  const toStandardOutput: Target = { write: Output.write, commit: Effect.void }
  const target: Target = Option.isNone(out) ? toStandardOutput : yield* Replacement.make(out.value)
  return target
})

const run = Effect.fnUntraced(function* (organization: Organization, given: Flagged) {
  const ledger = yield* Ledger
  const { as, by, project } = given
  const format = wanted(given) ?? "table"
  const outcome = yield* ledger.processingRecord(organization, {
    as,
    by,
    format: format === "table" ? "json" : format,
    ...(Option.isSome(project) && { project: project.value.toLowerCase() }),
    withAddresses: true,
  })
  if (outcome._tag === "UnknownProject") return yield* refuse("--project: the organization has no such project")
  if (outcome._tag === "RecordTooLarge")
    return yield* refuse("--by: the record is too large: use --by system or --project")
  const { content } = outcome
  const { commit, write } = yield* openOutput(given.out)
  if (format === "table") yield* write(`${RecordTable.write(content)}\n`)
  else yield* Stream.runForEach(RecordFormat.write(format, content), (bytes) => write(bytes))
  if (format === "json" || format === "jsonld") yield* write("\n")
  yield* commit
  if (given.complete && content.systems.some(({ gaps }) => gaps.length > 0)) process.exitCode = notDone
}, Effect.scoped)

/** The command. */
export const command = Command.make("register", flags, (given) =>
  OrganizationFlag.withOrganization(given, (organization) => run(organization, given)),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    { command: "assent register", description: "On a terminal, with what is missing" },
    { command: "assent register --out record.html", description: "A page to print on A4, landscape" },
    { command: "assent register --by system --out record.xlsx", description: "A workbook with a row a data system" },
    { command: "assent register --complete", description: "In a check: ends with 2 if something is missing" },
  ]),
)
