/**
 * `assent import`: imports the history of another system, or restores an export.
 */
import { Effect, identity, Option, Schema } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import type { MissingColumn } from "../../../adapters/files/Columns.ts"
import * as Delimiter from "../../../adapters/files/Delimiter.ts"
import * as Mapping from "../../../adapters/files/Mapping.ts"
import * as MappingFile from "../../../adapters/files/MappingFile.ts"
import * as RecordedColumns from "../../../adapters/files/RecordedColumns.ts"
import * as RowMapper from "../../../adapters/files/RowMapper.ts"
import * as Source from "../../../adapters/files/Source.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as DateCheck from "../../../core/transfer/DateCheck.ts"
import * as ImportRun from "../../../core/transfer/ImportRun.ts"
import * as Intake from "../../../core/transfer/Intake.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Uuid } from "../../../core/formats/Fields.ts"
import * as Candidate from "../../simulate/Candidate.ts"
import * as Store from "../../Store.ts"
import * as ErasureFile from "../ErasureFile.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as RejectedRows from "../RejectedRows.ts"
import * as RowFile from "../RowFile.ts"
import * as ScratchStore from "../ScratchStore.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as TallyTable from "../TallyTable.ts"

/**
 * The exit code if a row was rejected, other than by `--keep-refusals`; or a dry run found no row with a column of the
 * mapping, or too many dates of refusals that would be replaced.
 */
const someRejected = 2

const acceptFlag = "--accept-replaced-dates"

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("NDJSON or CSV, gzip or not; - reads standard input")),
  ...ProjectFlag.flags,
  format: RowFile.formatFlag,
  delimiter: Flags.delimiter,
  map: Flags.path("map", "mapping.json: how the columns of another system become our members").pipe(Flag.optional),
  rejected: Flags.outputPath("rejected", "Where to write what is wrong, one fault a line: NDJSON").pipe(Flag.optional),
  submitter: Flag.String("submitter").pipe(
    Flag.withMetavar("<uuid>"),
    Flag.withDescription("Who is named as the submitter; by default the organization"),
    Flag.filter(Schema.is(Uuid), () => "a UUID"),
    Flag.optional,
  ),
  restore: Flag.Boolean("restore").pipe(
    Flag.withDefault(false),
    Flag.withDescription("The file is an export: events keep their ids, people and dates"),
  ),
  erasures: Flags.path("erasures", "With --restore: an erasure log, or what export --erasures wrote").pipe(
    Flag.optional,
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Say what would happen, and record nothing"),
  ),
  keepRefusals: Flag.Boolean("keep-refusals").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Leave out the rows after which a refusal would no longer stand, and name them"),
  ),
  acceptReplacedDates: Flag.Boolean("accept-replaced-dates").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Import even if more than 1 % of the refusals have dates that cannot be recorded"),
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Write what became of the rows as JSON"),
  ),
}

interface Given {
  readonly keys: string | undefined
  readonly file: string
  readonly erasures: Option.Option<string>
  readonly map: Option.Option<string>
  readonly rejected: Option.Option<string>
  readonly store: StoreFlag.ChosenStore
  readonly restore: boolean
}

const validate = ({
  erasures,
  file,
  keys,
  map,
  rejected,
  restore,
  store,
}: Given): Effect.Effect<void, CliError.ValidationError> => {
  const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))
  if (restore && Option.isSome(map)) return refuse("--map is of no use with --restore: an export has our members")
  if (!restore && Option.isSome(erasures))
    return refuse("--erasures goes with --restore: only an export has people that were erased")
  return Option.contains(map, Source.standardInput) && file === Source.standardInput
    ? refuse("only one of the file and --map can be standard input (-)")
    : Flags.refuseOverwriting({
        outputs: [Flags.named("--rejected", rejected)],
        inputs: [
          { name: "FILE", at: file },
          { name: "--keys", at: keys },
          Flags.named("--map", map),
          Flags.named("--erasures", erasures),
        ],
        store: { name: store.name, at: store.url },
      })
}

/** The mapping of the file; of an export `undefined`, because it has our members. */
const mappingOf = Effect.fnUntraced(function* ({ map, restore }: Pick<Given, "map" | "restore">) {
  if (restore) return undefined
  return Option.isNone(map) ? Mapping.none : yield* Effect.flatMap(Source.open(map.value), MappingFile.read)
})

/**
 * Runs an import into a temporary store, which is removed afterwards. The ledger is not changed, and memory stays
 * bounded.
 */
const asDryRun = <A, E, R>(importing: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    return yield* Effect.provideService(importing, Ledger, ledger.dryRun(yield* ScratchStore.store))
  })

const describe = ({ detail, pointer }: MissingColumn): string => `${pointer}: ${detail}`

/** The warnings about a file that has been read. */
const warningsOf = (
  { recognized }: RowFile.RowFile,
  mapper: RowMapper.RowMapper | undefined,
  unseen: ReadonlyArray<MissingColumn>,
): ReadonlyArray<string> => {
  const delimiter = recognized()
  return [
    ...(delimiter === undefined ? [] : [Delimiter.notice(delimiter)]),
    ...unseen.map(describe),
    ...(mapper?.warnings() ?? []),
  ]
}

/** The most consent types that a warning lists. */
const maxTypes = 10

/** A warning that lists the consent types of the project, if a row names another one. */
const typesOf = ({ types: { all } }: ProjectScope, { faults }: Pick<Intake.ImportTally, "faults">) => {
  if ((faults["unknown_consent_type"] ?? 0) === 0) return []
  const shown = all.slice(0, maxTypes).map(Candidate.nameOf)
  const more = all.length > maxTypes ? " and more" : ""
  return [`the consent types of the project are ${shown.length === 0 ? "none" : shown.join(", ")}${more}`]
}

type Flagged = Command.Command.Config.Infer<typeof flags>

/** Whether no row of a mapping is a refusal, because all of them have another state. */
const isWithoutRefusals = ({ members }: Mapping.Mapping): boolean => {
  const source = members.get("consentState")
  return source !== undefined && "value" in source && source.value !== "declined"
}

/**
 * Reads a file before it is imported, and fails if too many refusals would be dated by the import; a dry run foresees
 * it. Returns whether it was read; standard input can be read only once, so the import looks at its dates block by
 * block.
 */
const checkDates = Effect.fnUntraced(function* (
  scope: ProjectScope,
  given: Flagged,
  mapping: Mapping.Mapping | undefined,
  foresee: (stop: ImportRun.ReplacedDates) => void,
) {
  const isOnce = given.file === Source.standardInput
  if (mapping === undefined || isOnce || given.acceptReplacedDates) return false
  if (isWithoutRefusals(mapping)) return true
  const { map, ...header } = RowMapper.make(mapping, true)
  const file = yield* RowFile.open({ ...given, header })
  const progress = yield* Progress.makeWithLines
  const report = (done: number) => progress.show({ what: "rows checked", done, share: file.share() })
  const counts = yield* DateCheck.run(file.rows, { ...scope, map, report })
  yield* progress.clear
  if (ImportRun.hasTooManyReplaced(counts)) {
    const stop = new ImportRun.ReplacedDates(counts)
    if (!given.dryRun) return yield* stop
    foresee(stop)
  }
  return true
})

/** Brings the erasures of a file into the ledger; returns what is erased, for a restore. */
const bringErasures = Effect.fnUntraced(function* ({ organization }: ProjectScope, { erasures, restore }: Given) {
  if (!restore) return {}
  const carried = Option.isNone(erasures) ? [] : yield* ErasureFile.read(erasures.value)
  const ledger = yield* Ledger
  return { erased: yield* ledger.bringErasures(organization, carried) }
})

const importRows = Effect.fnUntraced(function* (scope: ProjectScope, given: Flagged) {
  const mapping = yield* mappingOf(given)
  let stop: ImportRun.ReplacedDates | undefined
  const foresee = (found: ImportRun.ReplacedDates) => void (stop ??= found)
  const isChecked = yield* checkDates(scope, given, mapping, foresee)
  const mapper = mapping === undefined ? undefined : RowMapper.make(mapping)
  const file = yield* RowFile.open({ ...given, header: mapper ?? RecordedColumns.headerCheck })
  const faults = yield* RejectedRows.open(given.rejected)
  const progress = yield* Progress.makeWithLines
  const importing = Effect.gen(function* () {
    const ledger = yield* Ledger
    return yield* Intake.run(
      file.rows,
      {
        ...scope,
        ...(yield* bringErasures(scope, given)),
        submitter: Option.getOrElse(given.submitter, () => scope.organization.id),
        isRestore: given.restore,
        map: mapper?.map ?? RecordedColumns.read,
        ...(mapping?.sharedContacts !== undefined && { sharedContacts: mapping.sharedContacts }),
        keepRefusals: given.keepRefusals,
        acceptReplacedDates: given.acceptReplacedDates || isChecked,
        foresee,
        report: (rejections, { rows: done }) =>
          Effect.andThen(faults.write(rejections), progress.show({ what: "rows taken in", done, share: file.share() })),
      },
      ledger,
    )
  })
  const tally = yield* importing.pipe(given.dryRun ? asDryRun : identity)
  yield* progress.clear
  yield* faults.commit
  const unseen = mapper?.unseen() ?? []
  const isRefused =
    tally.rejected > (tally.faults["refusal_kept"] ?? 0) || (given.dryRun && unseen.length > 0) || stop !== undefined
  const warnings = [...warningsOf(file, mapper, unseen), ...typesOf(scope, tally)]
  return {
    tally,
    isRefused,
    unread: mapper?.unread() ?? [],
    warnings: stop === undefined ? warnings : [...warnings, `${stop.message} (${acceptFlag})`],
  }
}, Effect.scoped)

/** The command. */
export const command = Command.make(
  "import",
  flags,
  Effect.fnUntraced(function* (given) {
    const { dryRun, json, store } = given
    yield* StoreFlag.printIfFromEnvironment(store)
    const { project, tally, isRefused, unread, warnings } = yield* ProjectFlag.withProject(given, (scope) =>
      Effect.map(importRows(scope, given), (imported) => ({ project: scope.project.id, ...imported })),
    )
    yield* Effect.forEach(warnings, Output.warn, { discard: true })
    const ledger = { store: Store.redact(store.url), project }
    yield* Output.write(
      json
        ? `${JSON.stringify({ dryRun, ...ledger, ...tally, ...(warnings.length > 0 && { warnings }), ...(unread.length > 0 && { unread }) }, undefined, 2)}\n`
        : TallyTable.write(tally, ledger, dryRun, unread),
    )
    if (isRefused) {
      yield* Effect.sync(() => {
        process.exitCode = someRejected
      })
    }
  }),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    {
      command: "assent import history.csv.gz --map mapping.json --rejected rejected.ndjson --dry-run",
      description: "See what would become of a file",
    },
    { command: "assent import --restore events.ndjson", description: "Take an export back as it was" },
  ]),
)
