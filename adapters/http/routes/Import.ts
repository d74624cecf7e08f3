/**
 * Imports rows while they arrive: in bounded memory, and at the rate at which the store writes them.
 */
import { Data, Effect, identity, Option, Result, Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Project } from "../../../core/model/Catalog.ts"
import type { ReplacedDates } from "../../../core/transfer/ImportRun.ts"
import * as Intake from "../../../core/transfer/Intake.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import { LedgerStore, type StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as BadRows from "../../files/BadRows.ts"
import { type MissingColumn, MissingColumns } from "../../files/Columns.ts"
import * as Delimiter from "../../files/Delimiter.ts"
import * as Gunzip from "../../files/Gunzip.ts"
import * as Mapping from "../../files/Mapping.ts"
import * as RowMapper from "../../files/RowMapper.ts"
import * as RowReader from "../../files/RowReader.ts"
import * as MemoryStore from "../../memory/MemoryStore.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as ImportWire from "../api/ImportWire.ts"
import * as FairTurns from "../server/FairTurns.ts"
import * as LoadShedding from "../server/LoadShedding.ts"
import * as ImportWorth from "./ImportWorth.ts"
import * as PathScope from "../server/PathScope.ts"
import { CurrentAccount } from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"
import * as Shares from "../server/Shares.ts"
import { StillAllowed } from "../server/StillAllowed.ts"

/** The query of an import: how its rows are read. */
export interface Query {
  readonly dryRun?: "true" | "false"
  readonly keepRefusals?: "true" | "false"
  readonly acceptReplacedDates?: "true" | "false"
  readonly delimiter?: string
  readonly map?: string
}

const formatOf = (request: HttpServerRequest.HttpServerRequest): Option.Option<RowReader.RowFormat["format"]> => {
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  return Option.fromUndefinedOr(RowReader.formats.find((format) => ImportWire.mediaTypes[format] === mediaType))
}

/** The accepted values of `content-encoding`. It may be missing, because gzip is recognized by the first byte. */
const encodings: ReadonlySet<string> = new Set(["", "identity", "gzip", "x-gzip"])

const unsupported = new Answer.HttpProblem({
  status: 415,
  detail: `send the rows as ${Object.values(ImportWire.mediaTypes).join(" or ")}, packed with gzip or not`,
})

const badMap = (errors: ReadonlyArray<{ readonly code: string; readonly detail: string }>) =>
  new Answer.HttpProblem({
    status: 400,
    detail: "the query is not valid",
    errors: errors.map(({ code, detail }) => ({ parameter: "map", code, detail })),
  })

const mappingOf = ({ map }: Query): Effect.Effect<Mapping.Mapping, Answer.HttpProblem> => {
  if (map === undefined) return Effect.succeed(Mapping.none)
  const parsed = Result.try((): unknown => JSON.parse(map))
  if (Result.isFailure(parsed)) return Effect.fail(badMap([{ code: "invalid", detail: "is not JSON" }]))
  return Effect.mapError(Effect.fromResult(Mapping.decode(parsed.success)), (violations) =>
    badMap(violations.map(({ code, detail, pointer }) => ({ code, detail: `${pointer}: ${detail}` }))),
  )
}

/** The columns of the mapping that the rows do not have. `done` says what was recorded. */
const missingColumns = (columns: ReadonlyArray<MissingColumn>, done: string) =>
  new Answer.HttpProblem({
    status: 422,
    detail: `the mapping names columns that the rows do not have; ${done}`,
    errors: columns.map(({ detail, pointer }) => ({
      parameter: "map",
      code: "missing_column",
      detail: pointer === "" ? detail : `${pointer}: ${detail}`,
    })),
  })

const cutShort = (error: BadRows.BadRows | unknown, rows: number): Answer.HttpProblem => {
  const reason = error instanceof BadRows.BadRows ? error.message : "the body ended too soon"
  const detail = `${reason}; of what came before, ${rows} rows were taken in: send the whole again, and none is recorded twice`
  return new Answer.HttpProblem({ status: 422, detail, errors: [{ pointer: "", code: "unreadable", detail: reason }] })
}

const ended = (reason: string, rows: number): Answer.HttpProblem =>
  new Answer.HttpProblem({
    status: 422,
    detail: `${reason}; of what came before, ${rows} rows were taken in: correct the file, and send the whole again`,
    errors: [{ pointer: "", code: "worthless", detail: reason }],
    headers: { connection: "close" },
  })

const acceptParameter = "`acceptReplacedDates=true`"

const stopped = ({ message }: ReplacedDates, rows: number): Answer.HttpProblem =>
  new Answer.HttpProblem({
    status: 422,
    detail: `${message} (${acceptParameter}); of what came before, ${rows} rows were taken in`,
    errors: [{ pointer: "/consentDate", code: "dates_replaced", detail: message }],
    headers: { connection: "close" },
  })

const tooManyDry = new Answer.HttpProblem({
  status: 413,
  detail: `a dry run here takes at most ${ImportWire.maxDryRows} rows: send a part, or use assent import --dry-run`,
  headers: { connection: "close" },
})

/** Runs an import against a store in memory, so that nothing is recorded in the ledger. */
const asDryRun = <A, E, R>(importing: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const memory = yield* LedgerStore
    return yield* Effect.provideService(importing, Ledger, ledger.dryRun(memory))
  }).pipe(Effect.provide(MemoryStore.layer, { local: true }))

/** The positions after the last row; none if the store is unavailable, because the rows are recorded nevertheless. */
const positionHeaders = Effect.fnUntraced(function* (project: Project) {
  const ledger = yield* Ledger
  return Positions.headers(yield* Effect.orElseSucceed(ledger.ends(project), () => PositionsOf.none))
})

/** How many imports may be open: most of them wait for their clients, which may take as long as they want. */
export const openMax: Shares.Bounds = { each: 8, inAll: 64 }

/** How many blocks are worked on at a time, for all imports together. */
const blocksMax = 4

/** The imports of a server. */
export interface Imports {
  readonly take: Shares.TakeShare
  readonly inTurn: FairTurns.InTurn
}

/** The imports of a new server. */
export const make = (): Imports => ({ take: Shares.make(openMax), inTurn: FairTurns.make(blocksMax) })

const tooManyOpen = new Answer.HttpProblem({
  status: 503,
  detail: `too many imports are open, of which an organization may have ${openMax.each}; nothing was done; try again`,
  headers: { "retry-after": "1", connection: "close" },
})

/** The key may not import any more; raised before a block. */
class NotAllowed extends Data.TaggedError("NotAllowed")<{ readonly problem: Answer.HttpProblem }> {}

const cutOff = ({ detail, headers, status }: Answer.HttpProblem, rows: number): Answer.HttpProblem =>
  new Answer.HttpProblem({
    status,
    detail: `${detail}; of what came before, ${rows} rows were taken in`,
    headers: { ...headers, connection: "close" },
  })

/** Imports rows while fewer imports are open than {@link openMax}, without a place in `LoadShedding`. */
export const rows = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  query: Query,
  { inTurn, take }: Imports,
) {
  const { organization } = yield* CurrentKey
  const giveBack = take(organization.id)
  if (giveBack === undefined) return yield* tooManyOpen
  // Its blocks take turns instead. Between them it waits for its client.
  LoadShedding.giveUp(request.source)
  return yield* Effect.ensuring(importRows(request, query, inTurn(organization.id)), Effect.sync(giveBack))
})

/** Imports the rows of a request, and answers how many were recorded and what is wrong with the others. */
const importRows = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  query: Query,
  inTurn: ReturnType<FairTurns.InTurn>,
) {
  const { key, scope } = yield* PathScope.current
  const stillAllowed = Effect.catchTag(yield* StillAllowed, "HttpProblem", (problem) =>
    Effect.fail(new NotAllowed({ problem })),
  )
  const format = formatOf(request)
  const encoding = (request.headers["content-encoding"] ?? "").trim().toLowerCase()
  if (Option.isNone(format) || !encodings.has(encoding)) return yield* unsupported
  const mapping = yield* mappingOf(query)
  const isDryRun = query.dryRun === "true"
  const rejections: Array<Intake.Rejection> = []
  let rowCount = 0
  const { pace } = yield* CurrentAccount
  const worth = ImportWorth.make()
  const arriving = request.stream.pipe(
    Stream.tap(({ byteLength }) => pace({ bytes: byteLength })),
    Stream.tap(worth.packed),
  )
  const mapper = RowMapper.make(mapping)
  let delimiter: string | undefined
  let stop: ReplacedDates | undefined
  const read = RowReader.read(Stream.tap(Gunzip.ifPacked(arriving), worth.unpacked), {
    format: format.value,
    header: mapper,
    onBlank: worth.blank,
    onDelimiter: (recognized) => void (delimiter = recognized),
    ...(query.delimiter !== undefined && { delimiter: query.delimiter }),
  }).pipe(Stream.tap(({ length }) => pace({ items: length, ...(!isDryRun && { writes: length }) })))
  const stream = Stream.mapError(read, (error) =>
    error instanceof ImportWorth.Worthless || error instanceof MissingColumns
      ? error
      : ({ _tag: "CutShort", error } as const),
  )
  const intake: Intake.Intake<Answer.HttpProblem | NotAllowed | ImportWorth.Worthless | StoreUnavailable> = {
    ...scope,
    submitter: key.id,
    isRestore: false,
    map: mapper.map,
    ...(mapping.sharedContacts !== undefined && { sharedContacts: mapping.sharedContacts }),
    keepRefusals: query.keepRefusals === "true",
    acceptReplacedDates: query.acceptReplacedDates === "true",
    foresee: (found) => void (stop ??= found),
    inTurn: (work) => inTurn(Effect.flatMap(stillAllowed, (now) => work(now ?? scope))),
    report: (found, tally) =>
      Effect.gen(function* () {
        rowCount = tally.rows
        rejections.push(...found.slice(0, ImportWire.maxRejections - rejections.length))
        if (isDryRun && rowCount > ImportWire.maxDryRows) return yield* tooManyDry
        yield* worth.imported(tally)
      }),
  }
  const tally = yield* Effect.flatMap(Ledger, (ledger) => Intake.run(stream, intake, ledger)).pipe(
    isDryRun ? asDryRun : identity,
    Effect.catchTags({
      MissingColumns: ({ columns }) => Effect.fail(missingColumns(columns, "nothing was recorded")),
      CutShort: ({ error }) => Effect.fail(cutShort(error, rowCount)),
      Worthless: ({ reason }) => Effect.fail(ended(reason, rowCount)),
      ReplacedDates: (error) => Effect.fail(stopped(error, rowCount)),
      NotAllowed: ({ problem }) => Effect.fail(cutOff(problem, rowCount)),
    }),
  )
  const unseen = mapper.unseen()
  if (isDryRun && unseen.length > 0) return yield* missingColumns(unseen, "this was a dry run")
  const warnings = [
    ...(delimiter === undefined ? [] : [Delimiter.notice(delimiter)]),
    ...unseen.map(({ detail, pointer }) => `${pointer}: ${detail}`),
    ...mapper.warnings(),
    ...(stop === undefined ? [] : [`${stop.message} (${acceptParameter})`]),
  ]
  const headers = isDryRun ? {} : yield* positionHeaders(scope.project)
  return Answer.json(
    JSON.stringify({ dryRun: isDryRun, ...tally, ...(warnings.length > 0 && { warnings }), rejections }),
    200,
    headers,
  )
})
