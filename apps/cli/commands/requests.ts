/**
 * `assent requests`: which compliance requests are due, and what has happened to one. Nothing personal is shown unless
 * it is asked for.
 */
import { Effect, Option } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Instant from "../../../core/engine/Instant.ts"
import type { ComplianceFact } from "../../../core/compliance/ComplianceFact.ts"
import type { ComplianceRequest } from "../../../core/compliance-requests/ComplianceRequest.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as LedgerSystem from "../../../core/data-systems/LedgerSystem.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as FactWords from "../FactWords.ts"
import * as Output from "../Output.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if a request is overdue, or there is no such request. */
const notDone = 2

const setExitCode = Effect.sync(() => {
  process.exitCode = notDone
})

/** The most requests that `due` lists. */
const maxListed = 1000

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON"))

const dueFlags = { ...ProjectFlag.flags, json }

/**
 * The requests of a project that are open and have a clock: the earliest due date first, then those that are paused.
 */
const dueOf = Effect.fnUntraced(function* ({ organization, project }: ProjectScope) {
  const { compliance } = yield* Ledger
  const query = { dueBefore: "9999-12-31", isLapsed: false, sort: "dueDate", order: "asc", limit: maxListed } as const
  const listed = yield* compliance.list(organization, [project], "cli", query)
  return listed._tag === "Listed" ? listed : yield* Effect.die(listed)
})

const dueItem = ({ clock, id, state, status }: ComplianceRequest) => ({
  id,
  request: state.request,
  status,
  regulation: state.clock,
  dueDate: clock.dueDate,
  daysLeft: clock.daysLeft,
  paused: clock.isPaused,
  overdue: clock.isOverdue,
})

const daysText = (days: number | undefined): string => (days === undefined ? "" : String(days))

const dueAsText = (requests: ReadonlyArray<ComplianceRequest>, total: number): string => {
  if (total === 0) return "no open request has a clock"
  const rows = requests.map(({ clock, id, state, status }) => [
    clock.dueDate ?? "paused",
    daysText(clock.daysLeft),
    state.request,
    status,
    id,
  ])
  const more = total > requests.length ? `\n… and ${Table.count(total - requests.length)} more` : ""
  return `${Table.write(["due", "days left", "request", "status", "id"], rows)}${more}`
}

const due = Command.make(
  "due",
  dueFlags,
  Effect.fnUntraced(function* (given) {
    const { items, total } = yield* ProjectFlag.withProject(given, dueOf)
    const shown = { total, items: items.map(dueItem) }
    yield* Output.write(given.json ? `${JSON.stringify(shown, undefined, 2)}\n` : `${dueAsText(items, total)}\n`)
    if (items.some(({ clock }) => clock.isOverdue)) yield* setExitCode
  }),
).pipe(
  Command.withDescription(
    "List the open requests of a project by their due date, then those whose clock is paused; ends with 2 if one is overdue",
  ),
  Command.withExamples([
    { command: "assent requests due", description: "Once a day, by a timer that mails a failure" },
  ]),
)

const showFlags = {
  id: Argument.String("id").pipe(Argument.withDescription("The id of the request")),
  ...ProjectFlag.flags,
  personal: Flag.Boolean("personal").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Show what is personal as well: who asked, and every note"),
  ),
  json,
}

/** A request with its facts, and the names of API keys and data systems by their ids. */
interface Shown {
  readonly request: ComplianceRequest
  readonly facts: ReadonlyArray<ComplianceFact>
  readonly names: FactWords.Names
}

/** A request of a project with its facts, in their order; fails if the project has no such request. */
const requestOf = Effect.fnUntraced(function* (scope: ProjectScope, id: string) {
  const { catalog, compliance } = yield* Ledger
  const found = yield* compliance.find(scope, id)
  if (Option.isNone(found)) return yield* new CliError.ValidationError({ message: "the project has no such request" })
  const query = { complianceRequestId: id, limit: maxListed }
  const listed = yield* compliance.events(scope.organization, [scope.project], "cli", query)
  const facts = listed._tag === "Listed" ? listed.items.map(({ fact }) => fact) : []
  const { apiKeys, dataSystems } = yield* catalog
  const systems = [LedgerSystem.of(scope.organization), ...(dataSystems.get(scope.organization.id) ?? [])]
  const names = new Map([...apiKeys.values(), ...systems].map(({ id, name }) => [id, name]))
  const shown: Shown = { request: found.value, facts: facts.toSorted((a, b) => a.ordinal - b.ordinal), names }
  return shown
})

const clockText = ({ clock }: ComplianceRequest): string => {
  const { daysLeft, dueDate, isLate, isOverdue, isPaused } = clock
  if (isPaused) return `paused, ${daysText(daysLeft)} days left`
  if (dueDate === undefined) return "no law sets a time"
  return `due ${dueDate}${isOverdue ? ", overdue" : isLate ? ", answered late" : ""}`
}

/** Leaves out the hashes of codes and links, which tell a reader nothing. */
const withoutHashes = (name: string, value: unknown): unknown => (/hash$/i.test(name) ? undefined : value)

/** Facts as lines: the instant, what caused it, and what it says. */
const linesOf = (facts: ReadonlyArray<ComplianceFact>, names: FactWords.Names): ReadonlyArray<string> => {
  const actors = facts.map(({ by }) => FactWords.actor(by, names))
  const width = Math.max(...actors.map(({ length }) => length))
  return facts.map((fact, index) => {
    const { at, on } = fact
    // The day that counts for the clock, where it is another one than in UTC.
    const day = Instant.format(at).startsWith(on) ? "" : ` (${on})`
    return `${FactWords.time(at)}${day}  ${actors[index]!.padEnd(width)}  ${FactWords.said(fact, names)}`
  })
}

/** The tasks that are not done, where the request is open. */
const openTasks = ({ state, status }: ComplianceRequest, names: FactWords.Names): ReadonlyArray<string> => {
  const open = status === "resolved" ? [] : state.tasks.filter(({ result }) => result === undefined)
  const called = open.map(({ dataSystem }) => names.get(dataSystem) ?? dataSystem)
  return open.length === 0 ? [] : [`to be done: ${called.join(", ")}`]
}

const showAsText = ({ facts, names, request }: Shown, isPersonal: boolean): string => {
  const { id, privateData, state, status } = request
  const clock = `${state.clock}: ${clockText(request)}`
  const head = [`${id}  ${state.request}  ${status}`, clock, ...openTasks(request, names)]
  const personal = isPersonal && privateData !== undefined ? ["", JSON.stringify(privateData, withoutHashes, 2)] : []
  return [...head, "", ...linesOf(facts, names), ...personal].join("\n")
}

const show = Command.make(
  "show",
  showFlags,
  Effect.fnUntraced(function* (given) {
    const found = yield* ProjectFlag.withProject(given, (scope) => requestOf(scope, given.id))
    if (!given.json) return yield* Output.write(`${showAsText(found, given.personal)}\n`)
    const { facts, request } = found
    const { privateData } = request
    const dated = facts.map((fact) => ({ ...fact, at: Instant.format(fact.at) }))
    const shown = { ...dueItem(request), facts: dated, ...(given.personal && { privateData }) }
    return yield* Output.write(`${JSON.stringify(shown, withoutHashes, 2)}\n`)
  }),
).pipe(Command.withDescription("Show a request with everything that has happened to it"))

/** The command. */
export const command = Command.make("requests").pipe(Command.withSubcommands([due, show]))
