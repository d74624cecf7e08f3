/**
 * `assent people`: shows what is held about a person, selects those that a simulation names, releases an
 * identifier, and renames accounts.
 */
import { Effect, Option, Schema } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Instant from "../../../core/engine/Instant.ts"
import { expectedReason, Reason } from "../../../core/formats/Fields.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import { releasableKinds } from "../../../core/model/People.ts"
import type * as Releasing from "../../../core/people/Releasing.ts"
import type { Rejection } from "../../../core/transfer/Intake.ts"
import * as RenameIntake from "../../../core/transfer/RenameIntake.ts"
import * as Store from "../../Store.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as PersonFlag from "../PersonFlag.ts"
import * as Progress from "../Progress.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as RejectedRows from "../RejectedRows.ts"
import * as RowFile from "../RowFile.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"
import { data } from "./peopleData.ts"
import { select } from "./peopleSelect.ts"

/** The exit code if a row was rejected, or the identifier names no one. */
const notDone = 2

const setExitCode = Effect.sync(() => {
  process.exitCode = notDone
})

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON"))

const submitter = PersonFlag.uuid("submitter", "Who is named as the submitter; by default the organization")

const renameFlags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("CSV or NDJSON with userId and newUserId, gzip or not; - reads standard input"),
  ),
  ...ProjectFlag.flags,
  format: RowFile.formatFlag,
  rejected: Flags.outputPath("rejected", "Where to write what is wrong, one fault a line: NDJSON").pipe(Flag.optional),
  submitter,
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Say what would happen, and rename nothing"),
  ),
  json,
}

/** The columns that the file must have. */
const header: RowFile.RowFileOptions["header"] = {
  isRead: (name) => RenameIntake.columns.some((column) => column === name),
  missing: (names) =>
    RenameIntake.columns
      .filter((column) => !names.includes(column))
      .map((column) => ({ pointer: "", detail: `the file has no column ${column}` })),
}

type RenameFlags = Command.Command.Config.Infer<typeof renameFlags>

const renameRows = Effect.fnUntraced(function* ({ organization }: ProjectScope, given: RenameFlags) {
  const file = yield* RowFile.open({ ...given, delimiter: Option.none(), restore: false, header })
  const faults = yield* RejectedRows.open(given.rejected)
  const progress = yield* Progress.makeWithLines
  const intake = {
    organization,
    submitter: Option.getOrElse(given.submitter, () => organization.id).toLowerCase(),
    isDryRun: given.dryRun,
    report: (rejections: ReadonlyArray<Rejection>, { rows: done }: RenameIntake.RenameTally) =>
      Effect.andThen(faults.write(rejections), progress.show({ what: "accounts read", done, share: file.share() })),
  }
  const tally = yield* RenameIntake.run(file.rows, intake, yield* Ledger)
  yield* progress.clear
  yield* faults.commit
  return tally
}, Effect.scoped)

const renamesAsText = (
  { rejected, renamed, renamedBefore, rows }: RenameIntake.RenameTally,
  isDryRun: boolean,
): string =>
  Table.write(
    ["accounts", "rows"],
    [
      [isDryRun ? "would be renamed" : "renamed", Table.count(renamed)],
      ["renamed before", Table.count(renamedBefore)],
      ["rejected", Table.count(rejected)],
      ["in all", Table.count(rows)],
    ],
  )

const rename = Command.make(
  "rename",
  renameFlags,
  Effect.fnUntraced(function* (given) {
    const { dryRun, store } = given
    yield* StoreFlag.printIfFromEnvironment(store)
    const tally = yield* ProjectFlag.withProject(given, (scope) => renameRows(scope, given))
    const shown = { dryRun, store: Store.redact(store.url), ...tally }
    yield* Output.write(given.json ? `${JSON.stringify(shown, undefined, 2)}\n` : `${renamesAsText(tally, dryRun)}\n`)
    if (tally.rejected > 0) yield* setExitCode
  }),
).pipe(
  (command) =>
    Command.validate(command, ({ file, keys, rejected, store }) =>
      Flags.refuseOverwriting({
        outputs: [Flags.named("--rejected", rejected)],
        inputs: [
          { name: "FILE", at: file },
          { name: "--keys", at: keys },
        ],
        store: { name: store.name, at: store.url },
      }),
    ),
  Command.withDescription("Give accounts other userIds, by a fact each; run it again after any interruption"),
  Command.withExamples([
    { command: "assent people rename accounts.csv --dry-run", description: "See which rows would be rejected" },
  ]),
)

const releaseFlags = {
  ...ProjectFlag.flags,
  ...PersonFlag.identifiers,
  concordId: PersonFlag.uuid("concord-id", "The person that it must name; by default whichever it names"),
  reason: Flag.String("reason").pipe(
    Flag.withDescription(`Kept in the fact: ${expectedReason}; nothing personal`),
    Flag.filter(Schema.is(Reason), () => expectedReason),
  ),
  submitter,
  json,
}

type ReleaseFlags = Command.Command.Config.Infer<typeof releaseFlags>

/** The identifier to release; fails unless exactly one is given. */
const identifierOf = (given: ReleaseFlags, { project }: ProjectScope) =>
  Effect.map(PersonFlag.oneOf(releasableKinds, given), (found): Releasing.Identifier => ({ ...found, project }))

/** The identifier names no one, or another person; nothing was released. */
const releaseIdentifier = Effect.fnUntraced(function* (scope: ProjectScope, given: ReleaseFlags) {
  const ledger = yield* Ledger
  const { organization } = scope
  return yield* ledger.releaseIdentifier(organization, {
    ...Option.match(given.concordId, { onNone: () => ({}), onSome: (id) => ({ concordId: id.toLowerCase() }) }),
    identifier: yield* identifierOf(given, scope),
    reason: given.reason,
    submitter: Option.getOrElse(given.submitter, () => organization.id).toLowerCase(),
    answer: () => "",
  })
})

const release = Command.make(
  "release",
  releaseFlags,
  Effect.fnUntraced(function* (given) {
    yield* StoreFlag.printIfFromEnvironment(given.store)
    const outcome = yield* ProjectFlag.withProject(given, (scope) => releaseIdentifier(scope, given))
    if (outcome._tag === "Refused") {
      const message = outcome.faults.map(({ detail }) => detail).join("; ")
      return yield* new CliError.ValidationError({ message: `the identifier cannot be read: ${message}` })
    }
    if (outcome._tag !== "Released") {
      yield* Output.error("the identifier names no one, or not that person: nothing was released")
      return yield* setExitCode
    }
    const { dateCreated, id, member } = outcome.fact
    const shown = { id, concordId: member, dateCreated: Instant.format(dateCreated) }
    return yield* Output.write(
      given.json
        ? `${JSON.stringify(shown)}\n`
        : `released from ${member} by the fact ${id}: it names no one from now on\n`,
    )
  }),
).pipe(
  Command.withDescription("Free an address, a number or an account id: it names no one from now on"),
  Command.withExamples([
    {
      command: 'assent people release --email - --reason "the mailbox has another owner" < address.txt',
      description: "Without the address in the history of the shell",
    },
  ]),
)

/** The command. */
export const command = Command.make("people").pipe(Command.withSubcommands([data, select, release, rename]))
