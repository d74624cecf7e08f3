/**
 * `assent data-systems import`: takes over the data systems of a manifest of fideslang.
 */
import { readFile, stat } from "node:fs/promises"
import { Effect } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { BadInput } from "../../../adapters/files/BadInput.ts"
import * as ManifestText from "../../../adapters/fideslang/ManifestText.ts"
import type { ImportedManifest } from "../../../core/fideslang/FidesImport.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Organization } from "../../../core/model/Catalog.ts"
import * as OrganizationFlag from "../OrganizationFlag.ts"
import * as Output from "../Output.ts"
import * as Table from "../Table.ts"

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("The manifest: .yml, .yaml or .json")),
  ...OrganizationFlag.flags,
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Say what would happen, and change nothing"),
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON")),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const bytesOf = (path: string) =>
  Effect.tryPromise({
    try: async () => {
      // Read only if it can be a manifest, because any file may be named.
      const { size } = await stat(path)
      return size > ManifestText.maxBytes ? new Uint8Array(size) : new Uint8Array(await readFile(path))
    },
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason"
      const reason =
        code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a directory" : `cannot be read (${code})`
      return new CliError.ValidationError({ message: `${path}: ${reason}` })
    },
  })

const counted = ({ systems }: ImportedManifest, outcome: ImportedManifest["systems"][number]["outcome"]) =>
  systems.filter((system) => system.outcome === outcome).length

/** A manifest of which nothing was taken over. */
const notImported = (file: string, problems: BadInput["problems"]) =>
  new BadInput({ file, problems, isCutShort: false })

/** The name of a family in words: `dataCategory` is "data category". */
const words = (family: string): string => family.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** What happened, as text. */
const textOf = (imported: ImportedManifest): string => {
  const { attributes, dryRun, systems, unmapped } = imported
  const changes = systems.filter(({ outcome }) => outcome !== "unchanged")
  const counts = [
    `${Table.count(counted(imported, "created"))} created`,
    `${Table.count(counted(imported, "changed"))} changed`,
    `${Table.count(counted(imported, "unchanged"))} as before`,
  ]
  return [
    ...changes.map(({ fidesKey, members, name, outcome }) => {
      const what = members.length === 0 ? "" : `: ${members.join(", ")}`
      return `${outcome}  ${name} (${fidesKey})${what}`
    }),
    ...attributes.map(({ family, name }) => `created  ${words(family)} ${name}`),
    ...unmapped.map(({ because, count, member }) => `not taken over  ${member} (${Table.count(count)}×): ${because}`),
    `${dryRun ? "would be: " : ""}data systems: ${counts.join(", ")}; attributes: ${Table.count(attributes.length)} created`,
  ].join("\n")
}

const run = Effect.fnUntraced(function* (organization: Organization, { dryRun, file, json }: Flagged) {
  const bytes = yield* bytesOf(file)
  const manifest = yield* Effect.mapError(ManifestText.read(bytes), (error) =>
    error._tag === "YamlMissing"
      ? new CliError.ValidationError({ message: `assent data-systems import ${error.reason}` })
      : notImported(file, [{ where: error.line === undefined ? "" : `line ${error.line}`, reason: error.reason }]),
  )
  yield* Output.info(`${file}: read ${Table.count(bytes.length)} bytes`)
  const ledger = yield* Ledger
  const outcome = yield* ledger.importSystems(organization, manifest, { dryRun })
  if (outcome._tag === "Changed") {
    const text = json ? JSON.stringify(outcome.value, undefined, 2) : Table.printable(textOf(outcome.value))
    return yield* Output.write(`${text}\n`)
  }
  const faults = outcome._tag === "Refused" ? outcome.faults : outcome._tag === "Conflict" ? [outcome.fault] : []
  const problems = faults.map(({ code, detail, field }) => {
    if (field !== "") return { where: `/${field}`, reason: detail }
    return {
      where: "",
      reason: code === "invalid" ? "is no manifest: it needs system, a list of data systems" : detail,
    }
  })
  return yield* notImported(file, problems)
})

const imports = Command.make("import", flags, (given) =>
  OrganizationFlag.withOrganization(given, (organization) => run(organization, given)),
).pipe(
  Command.withDescription("Take over the data systems of a manifest of fideslang; the same again changes nothing"),
  Command.withExamples([
    { command: "assent data-systems import systems.yml --dry-run", description: "What would happen" },
    { command: "assent data-systems import systems.yml", description: "All of it, or nothing" },
  ]),
)

/** The command. */
export const command = Command.make("data-systems").pipe(Command.withSubcommands([imports]))
