/**
 * Every line that DuckDB reads as plain is read by the strict reader, too, as the same event: DuckDB may only be
 * faster.
 */
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { BadTableError } from "../../adapters/duckdb/Errors.ts"
import * as PlainLines from "../../adapters/duckdb/PlainLines.ts"
import * as TableFile from "../../adapters/duckdb/TableFile.ts"
import * as EventDecoder from "../../adapters/files/EventDecoder.ts"
import * as EventColumns from "../../core/simulation/EventColumns.ts"
import * as UnsortedEvents from "../../core/simulation/UnsortedEvents.ts"
import { isLong, times } from "../support/long.ts"
import { line, workplace } from "./run.ts"

const place = workplace()

const file = join(place.folder, "one.ndjson")
const task = { file, knownAt: Infinity, keepsIds: true, sorts: false, folder: place.folder }

const readPlain = async (text: string): Promise<TableFile.Batch | undefined> => {
  place.write("one.ndjson", text)
  const table = await TableFile.open(task, new AbortController().signal)
  try {
    return await table.next()
  } finally {
    await table.close()
  }
}

/** The texts that DuckDB reads as plain lines, tried on one connection because most are not. */
const plainOf = async (texts: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  const plain: Array<string> = []
  for (const text of texts) {
    place.write("one.ndjson", text)
    const isPlain = await PlainLines.read(connection, "plain_lines", `'${file}'`).then(
      () => true,
      () => false,
    )
    await connection.run("DROP TABLE IF EXISTS plain_lines")
    if (isPlain) plain.push(text)
  }
  connection.closeSync()
  instance.closeSync()
  return plain
}

const utc = "2024-01-31T00:00:00.000Z"
const uuid = "018f3a2b-0000-7000-8000-00000000abcd"
const values: ReadonlyArray<unknown> = [
  ...[undefined, null, "", "a", "null", 0, 1, 3, "3", 1.5, -1, 1e2, 99_999_999_999, true, [], {}, ["a"]],
  ...["é", "🙂", 'a"b', "a\\b", "\u0000", " a ", uuid, uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll("-", "")],
  ...[
    "018f3a2b-0000-7000-8000-00000000abc-",
    "018f3a2b-0000-7000-8000-00000000abcg",
    "-18f3a2b-0000-7000-8000-00000000abcd",
  ],
  ...[utc, "2024-01-31T00:00:00Z", "2024-01-31", "2024-02-30T00:00:00.000Z", "2024-02-29T23:59:59.999Z"],
  ...["2024-01-31T24:00:00.000Z", "2024-01-31T00:00:60.000Z", "2024-01-31T00:60:00.000Z", "0000-01-31T00:00:00.000Z"],
  ...["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2024-01-31T00:00:00.0000Z", "2024-1-031T00:00:00.000Z"],
  ...["2024-01-31t00:00:00.000z", "+024-01-31T00:00:00.000Z", "2024-01-31T00:00:00.0+1Z", "accepted", "ACCEPTED"],
  ...["declined", "implied", "viewed", "import", "user_click"],
]
const fields = [
  ...["id", "concordId", "consentType", "version", "consentState", "consentAction", "consentDate", "dateCreated"],
  "expirationDate",
]
const lines = [
  ...fields.flatMap((field) => values.map((value) => line({ [field]: value }))),
  ...["id", "concordId"].flatMap((field) => values.map((value) => line({ id: uuid, concordId: uuid, [field]: value }))),
  ...["", "{", "x", "[]", "1", `${line()} x`, `${line()}${line()}`, `${line()},`],
]

describe("a line that is read as plain", { timeout: 300_000 }, () => {
  it("is an event, and the same one", async () => {
    const tried = isLong ? lines : lines.filter((_, index) => index % 5 === 0)
    const plain = await plainOf(tried)
    expect(plain.length).toBeGreaterThan(times(8, 40))
    for (const text of plain) {
      const batch = await readPlain(text)
      expect(batch?.events, text).toBe(1)
      if (batch === undefined) continue
      const strict = EventDecoder.decode(JSON.parse(text))
      expect(Result.isSuccess(strict), text).toBe(true)
      if (Result.isFailure(strict)) continue
      const { id, concordId, consentType, version, consentState, consentDate, dateCreated, expirationDate } =
        strict.success
      const columns = UnsortedEvents.isUnsorted(batch) ? UnsortedEvents.sorter(Infinity)(batch) : batch
      expect({
        id: columns.ids.at(0),
        concordId: columns.concordIds.at(0),
        consentType: columns.typeIds[0],
        version: columns.versions[0],
        state: columns.states[0],
        consentDate: columns.consentDates[0],
        dateCreated: columns.datesCreated[0],
        expirationDate: columns.expirationDates[0],
      }).toEqual({
        id,
        concordId,
        consentType,
        version: version ?? 0,
        state: EventColumns.stateIndex(consentState),
        consentDate,
        dateCreated,
        expirationDate: expirationDate ?? NaN,
      })
    }
  })

  it("may have a comma before its closing brace, which JSON forbids and DuckDB does not", async () => {
    expect((await readPlain(line().replace("}", ",}")))?.events).toBe(1)
  })

  it("is not one that the strict reader alone can judge", async () => {
    for (const changes of [{ concordId: "é" }, { consentDate: "2024-01-31T00:00:00Z" }, { id: 'a"b' }]) {
      await expect(readPlain(line(changes))).rejects.toBeInstanceOf(BadTableError)
    }
  })
})
