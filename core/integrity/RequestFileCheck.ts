/**
 * Checks the files of compliance requests: those of the facts are attached and have the bytes that the facts say, and
 * every chunk belongs to a file. What is encrypted is not opened, so the digest of a file is not compared.
 */
import { Effect } from "effect"
import type { AttachedFile } from "../compliance/ComplianceState.ts"
import type { Next, Row, StoreDamaged } from "../ports/LedgerRows.ts"
import { chunkBytes } from "../ports/RequestFileStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as TableReader from "../transfer/TableReader.ts"
import type { Findings } from "./Findings.ts"
import * as SealedForm from "./SealedForm.ts"

/** A request, in the order in which requests are read. */
type Place = Pick<Row<"request_file">, "lane" | "request">

/** The place of a file, or of a request with an empty `file`, which comes before all of its files. */
type FilePlace = Pick<Row<"request_file">, "lane" | "request" | "file">

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compare = (a: FilePlace, b: FilePlace): number =>
  a.lane - b.lane || compareText(a.request, b.request) || compareText(a.file, b.file)

const isOf = (row: Place | undefined, { lane, request }: Place): boolean =>
  row !== undefined && row.lane === lane && row.request === request

/** The chunks of a file, counted while they are read. */
interface Counted {
  readonly bytes: number
  readonly isGapless: boolean
}

/** Reads the chunks of one file after the other. */
const makeChunks = Effect.fnUntraced(function* (next: Next<"file_chunk">, findings: Findings) {
  const chunk = yield* TableReader.reader(next)
  const note = ({ file, lane, ordinal }: Row<"file_chunk">, what: string) =>
    findings.note({ table: "file_chunk", lane, what: `chunk ${ordinal} of file ${file}: ${what}` })
  const passTo = Effect.fnUntraced(function* (place: FilePlace | undefined) {
    for (let row = chunk.row; row !== undefined; row = chunk.row) {
      if (place !== undefined && compare(row, place) >= 0) return
      note(row, "there is no such file")
      yield* chunk.advance
    }
  })
  const count = Effect.fnUntraced(function* (place: FilePlace) {
    yield* passTo(place)
    let [bytes, ordinal, isGapless] = [0, 0, true]
    for (let row = chunk.row; row !== undefined && compare(row, place) === 0; row = chunk.row) {
      if (!SealedForm.isWhole(row)) note(row, "is not what was encrypted")
      // All chunks before this one are full.
      isGapless &&= row.ordinal === ordinal && bytes === ordinal * chunkBytes
      bytes += (row.encrypted.length - SealedForm.digits.tag) / 2
      ordinal += 1
      yield* chunk.advance
    }
    return { bytes, isGapless } satisfies Counted as Counted
  })
  return { count, finish: passTo(undefined) }
})

/** Checks the files of one request after the other, and those of no request. */
export interface RequestFileCheck {
  /** `files`: those of the facts. Without a key they were removed with what is personal of the request. */
  readonly check: (
    request: Place,
    files: ReadonlyArray<AttachedFile>,
    hasKey: boolean,
  ) => Effect.Effect<void, StoreUnavailable | StoreDamaged>
  readonly finish: Effect.Effect<void, StoreUnavailable | StoreDamaged>
}

/** What is wrong with a file that is attached. */
const faultOf = (file: AttachedFile | undefined, { bytes, isGapless }: Counted, hasKey: boolean) => {
  if (file === undefined) return "is attached, and no fact says so"
  if (!hasKey) return "has no key"
  if (!isGapless) return "a chunk is missing"
  return bytes === file.size ? undefined : `has ${bytes} bytes, and ${file.size} by its fact`
}

/** Begins to read the files and their chunks. */
export const make = Effect.fnUntraced(function* (
  files: Next<"request_file">,
  chunkRows: Next<"file_chunk">,
  findings: Findings,
) {
  const file = yield* TableReader.reader(files)
  const chunks = yield* makeChunks(chunkRows, findings)
  const note = (lane: number, id: string, what: string) =>
    findings.note({ table: "request_file", lane, what: `file ${id}: ${what}` })
  const passTo = Effect.fnUntraced(function* (place: FilePlace | undefined) {
    for (let row = file.row; row !== undefined; row = file.row) {
      if (place !== undefined && compare(row, place) >= 0) return
      note(row.lane, row.file, "there is no such request")
      yield* chunks.count(row)
      yield* file.advance
    }
  })
  const check: RequestFileCheck["check"] = Effect.fnUntraced(function* (request, attached, hasKey) {
    yield* passTo({ ...request, file: "" })
    const missing = new Map(attached.map((each) => [each.file, each]))
    for (let row = file.row; row !== undefined && isOf(row, request); row = file.row) {
      const counted = yield* chunks.count(row)
      const fault = row.is_attached ? faultOf(missing.get(row.file), counted, hasKey) : undefined
      if (fault !== undefined) note(row.lane, row.file, fault)
      if (row.is_attached) missing.delete(row.file)
      yield* file.advance
    }
    if (hasKey)
      for (const id of missing.keys()) note(request.lane, id, "is missing, and a fact says that it is attached")
  })
  return {
    check,
    finish: Effect.andThen(passTo(undefined), chunks.finish),
  } satisfies RequestFileCheck as RequestFileCheck
})
