/**
 * `assent verify`: checks that a ledger is consistent.
 */
import { existsSync } from "node:fs"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Digest } from "effect/crypto"
import * as EarlierReport from "../../../adapters/files/EarlierReport.ts"
import * as Source from "../../../adapters/files/Source.ts"
import * as FileKeys from "../../../adapters/keys/FileKeys.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import type * as AliasCheck from "../../../core/integrity/AliasCheck.ts"
import type { Finding } from "../../../core/integrity/Findings.ts"
import * as Verifying from "../../../core/integrity/Verifying.ts"
import { Keys as KeysPort } from "../../../core/ports/Keys.ts"
import * as Keys from "../../Keys.ts"
import type { LaneDigest } from "../../../core/transfer/TableReader.ts"
import * as Store from "../../Store.ts"
import * as Flags from "../Flags.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if the ledger is not whole. */
const notWhole = 1

/** The place of a finding: `event: lane 4101, position 7`. */
const placeOf = ({ consentState, consentType, lane, person, position, table }: Finding): string => {
  const parts = [
    lane !== undefined && `lane ${lane}`,
    position !== undefined && `position ${position}`,
    person !== undefined && `person ${person}`,
    consentType !== undefined && `type ${consentType}`,
    consentState !== undefined && consentState,
  ].filter((part) => part !== false)
  return [table, parts.join(", ")].filter((part) => part !== "").join(": ")
}

const findingsOf = ({ findings, found }: Verifying.Report): ReadonlyArray<string> => [
  ...findings.map((finding) => `${placeOf(finding)}: ${finding.what}`),
  ...(found > findings.length ? [`and ${Table.count(found - findings.length)} more`] : []),
]

const placeholderOf = ({ concordId, kind, organization, project, value }: AliasCheck.Placeholder): string => {
  const scope = project === undefined ? `organization ${organization}` : `project ${project}`
  return `person ${concordId}, ${scope}: ${kind} ${JSON.stringify(value)}`
}

/** What an earlier version kept in another way, and the command that mends it. */
const ofEarlierVersion = ({ placeholders, unknownKinds }: Verifying.Report): ReadonlyArray<string> => [
  ...(unknownKinds === 0
    ? []
    : [
        `identifiers of unknown kind, from before kinds were kept: ${Table.count(unknownKinds)}\n` +
          "(recording them again with assent import fills the kind in, and keeps addresses in one spelling)",
      ]),
  ...(placeholders.length === 0
    ? []
    : [
        [
          "people that are named by a placeholder, which may stand for several people (assent people release frees it):",
          ...placeholders.map(placeholderOf),
        ].join("\n"),
      ]),
]

/** The epochs, with the backups that they open. */
const keysAsText = ({ keys }: Verifying.Report): string => {
  if (keys === undefined) {
    return (
      "no key file was found, so it was not checked that keys open the ledger, and no one was looked for that a\n" +
      `placeholder names (--keys, or ${Keys.variable})`
    )
  }
  const { backupsFrom, epochs } = keys
  const table = Table.write(
    ["epoch of keys", "began", "keys of people"],
    epochs.map(({ beganAt, destroyedAt, number, people }) => [
      `${number}${destroyedAt === undefined ? "" : " (destroyed)"}`,
      Instant.format(beganAt),
      Table.count(people),
    ]),
  )
  const since = backupsFrom === undefined ? "every backup" : `backups since ${Instant.format(backupsFrom)}`
  return `${table}\n\nwith these keys ${since} can show personal data`
}

/** The report as it is written as JSON. */
const asJson = ({ keys, ...report }: Verifying.Report) => ({
  ...report,
  ...(keys !== undefined && {
    keys: {
      epochs: keys.epochs.map(({ beganAt, destroyedAt, endedAt, number, people }) => ({
        epoch: number,
        people,
        beganAt: Instant.format(beganAt),
        ...(endedAt !== undefined && { endedAt: Instant.format(endedAt) }),
        ...(destroyedAt !== undefined && { destroyedAt: Instant.format(destroyedAt) }),
      })),
      ...(keys.backupsFrom !== undefined && { backupsFrom: Instant.format(keys.backupsFrom) }),
    },
  }),
})

/** The keys of a ledger: of the file that is named, or of the one next to a SQLite file, if it is there. */
const keysOf = (chosen: Keys.ChosenKeys): Layer.Layer<never> | Layer.Layer<KeysPort> => {
  const path = Keys.pathOf(chosen)
  if (path === undefined || (chosen.keys === undefined && !existsSync(path))) return Layer.empty
  return Layer.succeed(KeysPort, FileKeys.make(path))
}

const counted = (count: number, one: string, more: string): string =>
  `${Table.count(count)} ${count === 1 ? one : more}`

/** What a whole ledger shares with an earlier report. */
const beginning = (earlier: ReadonlyArray<LaneDigest>): string => {
  const events = earlier.reduce((sum, lane) => sum + lane.events, 0)
  return `the log begins with the ${counted(events, "event", "events")} of the earlier report`
}

/** Writes the report for a terminal: the projects, the tables, and what is wrong. */
const asText = (report: Verifying.Report, earlier: ReadonlyArray<LaneDigest> | undefined): string => {
  const { digest, events, found, isWhole, lanes, people, tables } = report
  const projects = [...Map.groupBy(lanes, ({ project }) => project ?? "no project")]
  const parts = [
    Table.write(
      ["project", "lanes", "events"],
      projects.map(([project, its]) => [
        project,
        Table.count(its.length),
        Table.count(its.reduce((sum, lane) => sum + lane.events, 0)),
      ]),
    ),
    Table.write(
      ["table", "rows"],
      tables.map(({ rows, table }) => [table, Table.count(rows)]),
    ),
    `${counted(events, "event", "events")} of ${counted(people, "person", "people")}, digest ${digest}`,
    keysAsText(report),
    ...ofEarlierVersion(report),
    ...(isWhole
      ? [...(earlier === undefined ? [] : [beginning(earlier)]), "the ledger is whole"]
      : [findingsOf(report).join("\n"), found === 1 ? "1 thing is wrong" : `${Table.count(found)} things are wrong`]),
  ]
  return `${parts.join("\n\n")}\n`
}

const verify = Effect.fnUntraced(function* (
  { name, url }: StoreFlag.ChosenStore,
  rebuildsJoined: boolean,
  earlier: ReadonlyArray<LaneDigest> | undefined,
) {
  const digest = yield* Digest.Digest
  const rows = yield* Store.rows(url, name)
  if (rebuildsJoined) yield* rows.rebuildJoined
  const progress = yield* Progress.makeWithLines
  const show = (done: number, total: number) =>
    progress.show({ what: "events read", done, share: total === 0 ? 1 : done / total })
  const report = yield* Verifying.verify(rows, digest, show, undefined, earlier)
  yield* progress.clear
  return report
}, Effect.scoped)

/** The command. */
export const command = Command.make(
  "verify",
  {
    store: StoreFlag.flag("The ledger to check", StoreFlag.kept),
    rebuildJoined: Flag.Boolean("rebuild-joined").pipe(
      Flag.withDefault(false),
      Flag.withDescription("First write again what is derived of joins, from the facts and the heads"),
    ),
    earlier: Flags.path(
      "earlier",
      "An earlier report (--json): the log must begin with the events that it counts",
    ).pipe(Flag.optional),
    keys: KeysFlag.flag,
    json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the report as JSON")),
  },
  Effect.fnUntraced(function* ({ earlier: file, json, keys, rebuildJoined, store }) {
    const earlier = Option.isNone(file) ? undefined : yield* Effect.flatMap(Source.open(file.value), EarlierReport.read)
    const given = Layer.merge(NodeCrypto.layer, keysOf({ store: store.url, keys }))
    const report = yield* Effect.provide(verify(store, rebuildJoined, earlier), given)
    yield* Output.write(json ? `${JSON.stringify(asJson(report), undefined, 2)}\n` : asText(report, earlier))
    if (report.isWhole) return
    yield* Effect.sync(() => {
      process.exitCode = notWhole
    })
  }),
).pipe(
  Command.withExamples([
    { command: "assent verify --store sqlite:./data/assent.db", description: "Nothing is changed; exit 1 where not" },
    {
      command: "assent verify --store sqlite:./data/assent.db --earlier report-2026.json",
      description: "Nothing that was there at the last audit is changed, replaced or gone",
    },
  ]),
)
