/**
 * `assent verify`: checks that a ledger is consistent.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { Digest } from "effect/crypto"
import type * as AliasCheck from "../../../core/integrity/AliasCheck.ts"
import type { Finding } from "../../../core/integrity/Findings.ts"
import * as Verifying from "../../../core/integrity/Verifying.ts"
import * as Store from "../../Store.ts"
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
const earlier = ({ placeholders, unknownKinds }: Verifying.Report): ReadonlyArray<string> => [
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

/** Writes the report for a terminal: the projects, the tables, and what is wrong. */
const asText = (report: Verifying.Report): string => {
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
    `${Table.count(events)} events of ${Table.count(people)} people, digest ${digest}`,
    ...earlier(report),
    ...(isWhole
      ? ["the ledger is whole"]
      : [findingsOf(report).join("\n"), found === 1 ? "1 thing is wrong" : `${Table.count(found)} things are wrong`]),
  ]
  return `${parts.join("\n\n")}\n`
}

const verify = Effect.fnUntraced(function* (url: string, rebuildsJoined: boolean) {
  const digest = yield* Digest.Digest
  if (rebuildsJoined) yield* (yield* Store.rows(url)).rebuildJoined
  const progress = yield* Progress.makeWithLines
  const report = yield* Verifying.verify(yield* Store.rows(url), digest, (done, total) =>
    progress.show({ what: "events read", done, share: total === 0 ? 1 : done / total }),
  )
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
    json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the report as JSON")),
  },
  Effect.fnUntraced(function* ({ json, rebuildJoined, store }) {
    const report = yield* Effect.provide(verify(store.url, rebuildJoined), NodeCrypto.layer)
    yield* Output.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : asText(report))
    if (report.isWhole) return
    yield* Effect.sync(() => {
      process.exitCode = notWhole
    })
  }),
).pipe(
  Command.withDescription("Check that a ledger is whole: its log, its heads, and what it is looked up by"),
  Command.withExamples([
    { command: "assent verify --store sqlite:./data/assent.db", description: "Nothing is changed; exit 1 where not" },
  ]),
)
