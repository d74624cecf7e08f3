/**
 * `assent people select`: writes the rows of a company's own list whose people a simulation concerns,
 * such as those that must be asked again.
 */
import { Clock, Effect, Option, Stream } from "effect"
import { CliError, Command, Argument, Flag } from "effect/cli"
import * as Mapping from "../../../adapters/files/Mapping.ts"
import * as MappingFile from "../../../adapters/files/MappingFile.ts"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import * as RowMapper from "../../../adapters/files/RowMapper.ts"
import * as RowReader from "../../../adapters/files/RowReader.ts"
import * as Source from "../../../adapters/files/Source.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as DiffRead from "../../../core/formats/DiffRead.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { FileRow } from "../../../core/transfer/Intake.ts"
import * as Selecting from "../../../core/transfer/Selecting.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as RejectedRows from "../RejectedRows.ts"
import * as RowFile from "../RowFile.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if a row, or a line of the differences, could not be read. */
const someUnread = 2

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("The list: CSV or NDJSON, as it was imported")),
  ...ProjectFlag.flags,
  format: RowFile.formatFlag,
  delimiter: Flags.delimiter,
  map: Flags.path("map", "mapping.json of the import").pipe(Flag.optional),
  diff: Flags.path("diff", "diff.ndjson, as simulate --out wrote it over this ledger"),
  concern: Flag.Literals("concern", DiffRead.concerns).pipe(
    Flag.withDefault("must-be-asked-again" as const),
    Flag.withDescription("Which people; by default must-be-asked-again"),
  ),
  at: Flags.at,
  out: Flags.outputPath("out", "Where to write the rows; its owner alone may read it"),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const everyColumn: RowFile.RowFileOptions["header"] = { isRead: () => true, missing: () => [] }

const readDiff = Effect.fnUntraced(function* ({ concern, diff }: Flagged, at: Instant.Instant) {
  const concerned: Selecting.Concerned = new Map()
  const options = { file: diff, format: Option.some("ndjson" as const), delimiter: Option.none(), restore: false }
  const { rows } = yield* RowFile.open({ ...options, header: everyColumn })
  const faults = yield* RejectedRows.open(Option.none())
  let unread = 0
  yield* Stream.runForEach(rows, (block) => {
    const rejections = Selecting.addLines(block, { at, concern }, concerned)
    unread += rejections.length
    return faults.write(rejections)
  })
  if (unread > 0) {
    return yield* new CliError.ValidationError({
      message: "--diff: is not a file that simulate --out wrote; nothing was selected",
    })
  }
  return concerned
})

const csvField = (field: string, delimiter: string): string =>
  /["\r\n]/.test(field) || field.includes(delimiter) ? `"${field.replaceAll('"', '""')}"` : field

/** Writes rows as they were read; of CSV with its header. A byte order mark tells spreadsheets that it is UTF-8. */
const writerOf = (isCsv: boolean, delimiter: () => string) => {
  const record = (fields: ReadonlyArray<string>): string =>
    `${fields.map((field) => csvField(field, delimiter())).join(delimiter())}\r\n`
  return {
    header: (names: ReadonlyArray<string>) => `\uFEFF${record(names)}`,
    row: ({ text }: FileRow) => (isCsv ? record(JSON.parse(text)) : `${text}\n`),
  }
}

type Tally = Record<"chosen" | "further" | "refused" | "unconcerned" | "unknown" | "skipped" | "unread", number>

const selectRows = Effect.fnUntraced(function* (scope: ProjectScope, given: Flagged, at: Instant.Instant) {
  const concerned = yield* readDiff(given, at)
  const mapping = Option.isNone(given.map)
    ? Mapping.none
    : yield* Effect.flatMap(Source.open(given.map.value), MappingFile.read)
  const mapper = RowMapper.make(mapping)
  let header: ReadonlyArray<string> | undefined
  const file = yield* RowFile.open({
    ...given,
    restore: false,
    header: { isRead: mapper.isRead, missing: (names) => mapper.missing((header = names)) },
  })
  const out = yield* Replacement.make(given.out)
  const faults = yield* RejectedRows.open(Option.none())
  const progress = yield* Progress.makeWithLines
  const ledger = yield* Ledger
  const tally: Tally = { chosen: 0, further: 0, refused: 0, unconcerned: 0, unknown: 0, skipped: 0, unread: 0 }
  const isCsv = Option.getOrElse(given.format, () => RowReader.formatOf(given.file)) === "csv"
  const writer = writerOf(isCsv, () => Option.getOrElse(given.delimiter, () => file.recognized() ?? ","))
  let isBegun = false
  const begin = Effect.suspend(() => {
    if (isBegun || header === undefined) return Effect.void
    isBegun = true
    return out.write(writer.header(header))
  })
  let done = 0
  const take = Effect.fnUntraced(function* (block: ReadonlyArray<FileRow>) {
    yield* begin
    let chosen = ""
    for (const row of block) {
      const fate = yield* Selecting.choose(
        row,
        { ...scope, concern: given.concern, map: mapper.map },
        concerned,
        ledger,
      )
      tally[typeof fate === "string" ? fate : "unread"]++
      if (fate === "chosen") chosen += writer.row(row)
      else if (typeof fate !== "string") yield* faults.write(fate.map((fault) => ({ line: row.line, ...fault })))
    }
    if (chosen !== "") yield* out.write(chosen)
    yield* progress.show({ what: "rows looked up", done: (done += block.length), share: file.share() })
  })
  yield* Stream.runForEach(file.rows, take)
  yield* progress.clear
  yield* out.commit
  const missing = [...concerned.values()].filter((isChosen) => !isChosen).length
  return { tally, answers: concerned.size, missing }
}, Effect.scoped)

type Selected = Effect.Success<ReturnType<typeof selectRows>>

const asText = ({ answers, missing, tally }: Selected, { concern, out }: Flagged, at: Instant.Instant): string => {
  const rows = [
    [`written to ${out}`, tally.chosen],
    ["more rows of the same people", tally.further],
    ["must be asked, but have said no by now", tally.refused],
    ["not concerned, or only a part of those named", tally.unconcerned],
    ["name no one in this ledger", tally.unknown],
    ["left out by the mapping", tally.skipped],
    ["cannot be read", tally.unread],
  ] as const
  const shown = rows.filter(([, count], index) => index === 0 || count > 0)
  return `${[
    Table.write(
      [`${concern} at ${Instant.format(at)}`, "rows"],
      shown.map(([name, count]) => [name, Table.count(count)]),
    ),
    `answers that are concerned: ${Table.count(answers)}; without a row in the list: ${Table.count(missing)}`,
  ].join("\n\n")}\n`
}

/** The command. */
export const select = Command.make(
  "select",
  flags,
  Effect.fnUntraced(function* (given) {
    yield* StoreFlag.printIfFromEnvironment(given.store)
    const now = yield* Clock.currentTimeMillis
    const at = Option.getOrElse(given.at, () => now)
    const selected = yield* ProjectFlag.withProject(given, (scope) => selectRows(scope, given, at))
    if (selected.answers === 0) {
      yield* Output.warn("no line of --diff holds at this instant: simulate a window that has it, or give --at")
    }
    yield* Output.write(asText(selected, given, at))
    if (selected.tally.unread > 0) yield* Effect.sync(() => void (process.exitCode = someUnread))
  }),
).pipe(
  (command) =>
    Command.validate(command, ({ diff, file, keys, map, out, store }) =>
      Flags.refuseOverwriting({
        outputs: [{ name: "--out", at: out }],
        inputs: [
          { name: "FILE", at: file },
          { name: "--diff", at: diff },
          { name: "--keys", at: keys },
          Flags.named("--map", map),
        ],
        store: { name: store.name, at: store.url },
      }),
    ),
  Command.withDescription(
    "Write the rows of your own list whose people a simulation concerns, such as those to ask again",
  ),
  Command.withExamples([
    {
      command: "assent people select list.csv --map mapping.json --diff diff.ndjson --out ask-again.csv",
      description: "Everyone that must be asked again now",
    },
  ]),
)
