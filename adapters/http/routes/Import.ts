/**
 * Imports rows while they arrive: in bounded memory, and at the rate at which the store writes them.
 */
import { Effect, identity, Option, Result, Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Project } from "../../../core/model/Catalog.ts"
import * as Intake from "../../../core/transfer/Intake.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import * as BadRows from "../../files/BadRows.ts"
import * as Gunzip from "../../files/Gunzip.ts"
import * as Mapping from "../../files/Mapping.ts"
import * as RowReader from "../../files/RowReader.ts"
import * as MemoryStore from "../../memory/MemoryStore.ts"
import * as ImportWire from "../api/ImportWire.ts"
import * as PathScope from "../server/PathScope.ts"
import { CurrentAccount } from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"

/** The query of an import: how its rows are read. */
export interface Query {
  readonly dryRun?: "true" | "false"
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
  if (map === undefined) return Effect.succeed({})
  const parsed = Result.try((): unknown => JSON.parse(map))
  if (Result.isFailure(parsed)) return Effect.fail(badMap([{ code: "invalid", detail: "is not JSON" }]))
  return Effect.mapError(Effect.fromResult(Mapping.decode(parsed.success)), (violations) =>
    badMap(violations.map(({ code, detail, pointer }) => ({ code, detail: `${pointer}: ${detail}` }))),
  )
}

const cutShort = (error: BadRows.BadRows | unknown, rows: number): Answer.HttpProblem => {
  const reason = error instanceof BadRows.BadRows ? error.message : "the body ended too soon"
  const detail = `${reason}; of what came before, ${rows} rows were taken in: send the whole again, and none is recorded twice`
  return new Answer.HttpProblem({ status: 422, detail, errors: [{ pointer: "", code: "unreadable", detail: reason }] })
}

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

/** Imports the rows of a request, and answers how many were recorded and what is wrong with the others. */
export const rows = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, query: Query) {
  const { key, scope } = yield* PathScope.current
  const format = formatOf(request)
  const encoding = (request.headers["content-encoding"] ?? "").trim().toLowerCase()
  if (Option.isNone(format) || !encodings.has(encoding)) return yield* unsupported
  const mapping = yield* mappingOf(query)
  const isDryRun = query.dryRun === "true"
  const rejections: Array<Intake.Rejection> = []
  let rowCount = 0
  const { pace } = yield* CurrentAccount
  const bytes = Stream.tap(request.stream, ({ byteLength }) => pace({ bytes: byteLength }))
  const read = RowReader.read(Gunzip.ifPacked(bytes), {
    format: format.value,
    ...(query.delimiter !== undefined && { delimiter: query.delimiter }),
  }).pipe(
    Stream.mapArrayEffect((rows) =>
      Effect.as(pace({ items: rows.length, ...(!isDryRun && { writes: rows.length }) }), rows),
    ),
  )
  const stream = Stream.mapError(read, (error) => ({ _tag: "CutShort", error }) as const)
  const intake: Intake.Intake<Answer.HttpProblem> = {
    ...scope,
    submitter: key.id,
    isRestore: false,
    map: Mapping.apply(mapping),
    report: (found, { rows }) =>
      Effect.sync(() => {
        rowCount = rows
        rejections.push(...found.slice(0, ImportWire.maxRejections - rejections.length))
      }).pipe(Effect.andThen(isDryRun && rows > ImportWire.maxDryRows ? tooManyDry : Effect.void)),
  }
  const tally = yield* Effect.flatMap(Ledger, (ledger) => Intake.run(stream, intake, ledger)).pipe(
    isDryRun ? asDryRun : identity,
    Effect.catchTag("CutShort", ({ error }) => Effect.fail(cutShort(error, rowCount))),
  )
  const headers = isDryRun ? {} : yield* positionHeaders(scope.project)
  return Answer.json(JSON.stringify({ dryRun: isDryRun, ...tally, rejections }), 200, headers)
})
