/**
 * `assent erase`: erases a person, or the people whose retention is over.
 */
import { Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import { releasableKinds } from "../../../core/model/People.ts"
import * as ErasureNotice from "../../../core/people/ErasureNotice.ts"
import type { ErasedPerson, LogUnavailable } from "../../../core/people/Erasing.ts"
import type { Refusal } from "../../../core/people/ErasingByIdentifier.ts"
import type { ErasurePreview } from "../../../core/people/ErasurePreview.ts"
import type { RetentionCounts } from "../../../core/people/Retention.ts"
import { erasureReasons } from "../../../core/ports/PersonalStore.ts"
import * as ErasureLogFile from "../../ErasureLogFile.ts"
import * as ErasureLogFlag from "../ErasureLogFlag.ts"
import * as Output from "../Output.ts"
import * as PersonFlag from "../PersonFlag.ts"
import * as Progress from "../Progress.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if nothing was erased. */
const notDone = 2

/** The exit code if the log of erasures cannot be written. */
const failed = 1

const setExitCode = (code: number) =>
  Effect.sync(() => {
    process.exitCode = code
  })

const flags = {
  ...ProjectFlag.flags,
  ...PersonFlag.flags,
  erasureLog: ErasureLogFlag.flag,
  confirm: PersonFlag.uuid(
    "confirm",
    "The person's own id again, because an erasure cannot be undone; left out: only count",
  ),
  reason: Flag.Literals("reason", erasureReasons).pipe(
    Flag.withDescription("Why it is erased; by default request"),
    Flag.optional,
  ),
  retention: Flag.Boolean("retention").pipe(
    Flag.withDefault(false),
    Flag.withDescription(
      "Erase the people of the project's organization whose retention is over, in place of one person",
    ),
  ),
  dryRun: Flag.Boolean("dry-run").pipe(Flag.withDefault(false), Flag.withDescription("Only count, and erase nothing")),
  submitter: PersonFlag.uuid("submitter", "Who is named as the submitter; by default the organization"),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON")),
}

type EraseFlags = Command.Command.Config.Infer<typeof flags>

const writeJson = (value: unknown) => Output.write(`${JSON.stringify(value, undefined, 2)}\n`)

const previewAsText = ({ concordId, events, identifiers, members }: ErasurePreview): string =>
  [
    Table.write(
      ["of the person", "count"],
      [
        ["people counted as one", Table.count(members.length)],
        ["identifiers that name them", Table.count(identifiers)],
        ["events, which stay without personal data", Table.count(events)],
      ],
    ),
    `nothing was erased: to erase it, give --confirm ${concordId}`,
    "",
  ].join("\n")

const showPreview = Effect.fnUntraced(function* (preview: ErasurePreview, { json }: EraseFlags) {
  const { concordId, events, identifiers, members } = preview
  yield* json
    ? writeJson({ concordId, members: members.length, identifiers, events })
    : Output.write(previewAsText(preview))
  yield* setExitCode(notDone)
})

const erasedAsText = ({ erasure, notPromised, unreadableInBackupsFrom: from }: ErasedPerson): string => {
  const { destroyed, id, members, recordedAt } = erasure
  const rows = Object.entries(destroyed).map(([kind, count]) => [kind, Table.count(count)])
  const backups = from === undefined ? [] : [ErasureNotice.inBackups(from)]
  const done = `erased at ${Instant.format(recordedAt)} by the erasure ${id}: ${members.join(", ")}`
  return [done, Table.write(["destroyed", "rows"], rows), ...backups, ...notPromised, ""].join("\n")
}

const showErased = (erased: ErasedPerson, { json }: EraseFlags) => {
  const { erasure, isScrubbed, notPromised, unreadableInBackupsFrom: from } = erased
  const { destroyed, id, members, reason, recordedAt, submitter } = erasure
  const shown = {
    id,
    members,
    erasedAt: Instant.format(recordedAt),
    submitter,
    reason,
    destroyed,
    isScrubbed,
    notPromised,
  }
  const backups = from !== undefined && { unreadableInBackupsFrom: Instant.format(from) }
  return json ? writeJson({ ...shown, ...backups }) : Output.write(erasedAsText(erased))
}

const explain = Effect.fnUntraced(function* (outcome: Refusal | LogUnavailable, given: EraseFlags) {
  if (outcome._tag === "ConfirmNeeded") return yield* showPreview(outcome, given)
  if (outcome._tag === "Refused") {
    const message = `the identifier cannot be read: ${outcome.faults.map(({ detail }) => detail).join("; ")}`
    return yield* new CliError.ValidationError({ message })
  }
  const messages = {
    NotNamed: "the identifier names no one: nothing was erased",
    NotConfirmed: "--confirm: the identifier names another person: nothing was erased",
    ContactShared: "several people share it: nothing was erased; name the account, or use --concord-id",
    LogUnavailable: "the log of erasures cannot be written: nothing was erased",
  }
  yield* Output.error(messages[outcome._tag])
  return yield* setExitCode(outcome._tag === "LogUnavailable" ? failed : notDone)
})

const submitterOf = ({ submitter }: EraseFlags, { organization }: ProjectScope): string =>
  Option.getOrElse(submitter, () => organization.id).toLowerCase()

const reasonOf = ({ reason }: EraseFlags) => Option.getOrElse(reason, () => "request" as const)

const eraseById = Effect.fnUntraced(function* (scope: ProjectScope, concordId: string, given: EraseFlags) {
  const ledger = yield* Ledger
  const { organization } = scope
  const confirm = Option.getOrUndefined(given.confirm)?.toLowerCase()
  if (given.dryRun || confirm === undefined) {
    const preview = Option.getOrUndefined(yield* ledger.erasurePreview(organization, concordId))
    if (preview !== undefined && !("destroyed" in preview)) return yield* showPreview(preview, given)
    if (preview === undefined) {
      yield* Output.error("there is no such person: nothing was erased")
      return yield* setExitCode(notDone)
    }
  } else if (confirm !== concordId) {
    yield* Output.error("--confirm: expected the id of the person that is to be erased: nothing was erased")
    return yield* setExitCode(notDone)
  }
  const outcome = yield* ledger.erase(organization, {
    concordId,
    submitter: submitterOf(given, scope),
    reason: reasonOf(given),
  })
  if (outcome._tag === "Erased") return yield* showErased(outcome, given)
  if (outcome._tag === "LogUnavailable") return yield* explain(outcome, given)
  yield* Output.error("there is no such person: nothing was erased")
  return yield* setExitCode(notDone)
})

const eraseOne = Effect.fnUntraced(function* (scope: ProjectScope, given: EraseFlags) {
  const { kind, value } = yield* PersonFlag.oneOf([...releasableKinds, "concordId"], given)
  if (kind === "concordId") return yield* eraseById(scope, value.toLowerCase(), given)
  const ledger = yield* Ledger
  const confirm = given.dryRun ? undefined : Option.getOrUndefined(given.confirm)?.toLowerCase()
  const outcome = yield* ledger.eraseByIdentifier(scope.organization, {
    identifier: { kind, value, project: scope.project },
    submitter: submitterOf(given, scope),
    reason: reasonOf(given),
    ...(confirm !== undefined && { confirm }),
  })
  if (outcome._tag === "Erased") return yield* showErased(outcome, given)
  // Only a request with an idempotency key can have these outcomes.
  if (outcome._tag === "Reused" || outcome._tag === "UnderWay") return undefined
  return yield* explain(outcome, given)
})

const countsAsText = ({ examined, guests, people }: RetentionCounts, isDryRun: boolean): string =>
  `${Table.write(
    [isDryRun ? "would be erased" : "erased", "people"],
    [
      ["guests", Table.count(guests)],
      ["people who were identified", Table.count(people)],
      ["examined", Table.count(examined)],
    ],
  )}\n`

const eraseByRetention = Effect.fnUntraced(function* (scope: ProjectScope, given: EraseFlags) {
  const ledger = yield* Ledger
  const progress = yield* Progress.makeWithLines
  const outcome = yield* ledger.retention({
    organization: scope.organization,
    submitter: submitterOf(given, scope),
    isDryRun: given.dryRun,
    report: ({ examined }) => progress.show({ what: "people examined", done: examined, share: undefined }),
  })
  yield* progress.clear
  if (outcome._tag === "LogUnavailable") return yield* explain(outcome, given)
  const { _tag, ...counts } = outcome
  return yield* given.json
    ? writeJson({ isDryRun: given.dryRun, ...counts })
    : Output.write(countsAsText(counts, given.dryRun))
}, Effect.scoped)

/** Fails where `--retention` comes with a flag about one person, because it erases everyone whose time is over. */
const validate = (given: EraseFlags): Effect.Effect<void, CliError.ValidationError> => {
  const { confirm, reason } = given
  const aboutOne = [...PersonFlag.named(given), ["--confirm", confirm], ["--reason", reason]] as const
  const [name] = aboutOne.find(([, value]) => Option.isSome<unknown>(value)) ?? []
  if (!given.retention || name === undefined) return Effect.void
  const message = `${name}: --retention erases everyone whose retention is over: leave one out`
  return Effect.fail(new CliError.ValidationError({ message }))
}

/** The command. */
export const command = Command.make(
  "erase",
  flags,
  Effect.fnUntraced(function* (given) {
    yield* StoreFlag.printIfFromEnvironment(given.store)
    if (given.erasureLog === undefined && !given.dryRun) yield* Output.info(ErasureLogFile.notNamed)
    yield* ProjectFlag.withProject(given, (scope) =>
      given.retention ? eraseByRetention(scope, given) : eraseOne(scope, given),
    )
  }),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    {
      command: "assent erase --email - < address.txt",
      description: "Count what would be erased, and see the person's id",
    },
    {
      command: "assent erase --email - --confirm 0193a5b2-… < address.txt",
      description: "Erase it, with everybody who is joined with it",
    },
    { command: "assent erase --retention --dry-run", description: "Count the people whose retention is over" },
  ]),
)
