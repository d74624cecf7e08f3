/**
 * The first lines of CSV: the delimiter is recognized however the bytes arrive, and the header is checked.
 */
import { Effect, Result, Stream } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Mapping from "../../adapters/files/Mapping.ts"
import * as RowMapper from "../../adapters/files/RowMapper.ts"
import * as RowReader from "../../adapters/files/RowReader.ts"

interface Given {
  readonly delimiter?: string
  readonly mapping?: object
  /** The most bytes of a chunk. */
  readonly chunk?: number
}

/** Reads CSV: the delimiter that was recognized, and each row with its line; or the error. */
const read = (content: string | Uint8Array, { chunk = 64 * 1024, delimiter, mapping = {} }: Given = {}) => {
  let recognized: string | undefined
  const bytes = Buffer.from(content)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, index) =>
    bytes.subarray(index * chunk, (index + 1) * chunk),
  )
  const rows = RowReader.read(Stream.fromIterable<Uint8Array>(chunks).pipe(Stream.rechunk(1)), {
    format: "csv",
    header: RowMapper.make(Result.getOrThrow(Mapping.decode(mapping))),
    onDelimiter: (found) => void (recognized = found),
    ...(delimiter !== undefined && { delimiter }),
  })
  return Effect.runPromise(
    Stream.runCollect(rows).pipe(
      Effect.map((some) => ({
        recognized,
        rows: some.flat().map((row) => [row.line, "value" in row ? { ...Object(row.value) } : row.faults[0]!.detail]),
      })),
      Effect.catch((error) => Effect.succeed(error.message)),
    ),
  )
}

const table = (delimiter: string, header: ReadonlyArray<string>) =>
  [header, header.map((_, index) => `"${index}${delimiter}"`)].map((fields) => fields.join(delimiter)).join("\r\n")

describe("A delimiter", () => {
  test.each([
    [";", ["userId", "email"]],
    ["\t", ["userId", "email"]],
    ["|", ["userId", "email"]],
    // More columns that are read outweigh more columns.
    [";", ["userId", "a, b, c, d", "email"]],
    // Of a header in which none is read, it is the one with more columns.
    [";", ["x", "y"]],
    [";", ['"user;Id"', "email"]],
  ])("is recognized: %j in %j", async (delimiter, header) => {
    const names = header.map((name) => name.replaceAll('"', ""))
    const values = Object.fromEntries(names.map((name, index) => [name, `${index}${delimiter}`]))
    expect(await read(table(delimiter, header))).toEqual({ recognized: delimiter, rows: [[2, values]] })
  })

  test("is a comma if the header is one column or nothing, or has as many columns of each", async () => {
    for (const content of [
      "",
      "\n",
      "userId",
      "userId\nann",
      "a,b;c\n1,2",
      "userId,email;phone\n1,2",
      " \n\nuserId,email\n",
    ]) {
      expect(await read(content)).toMatchObject({ recognized: undefined })
    }
  })

  test("is that of a first line sep=, which is no row", async () => {
    const expected = { recognized: ";", rows: [[3, { "userId,x": "1", email: "2" }]] }
    for (const start of ["sep=;\n", "\uFEFFsep=;\r\n", '"sep=;"\n', '\uFEFF"sep=;"\r\n']) {
      expect(await read(`${start}userId,x;email\n1;2\n`)).toEqual(expected)
    }
    expect(await read("sep=;\r\nuserId;email\n1;2;3\n")).toMatchObject({
      rows: [[3, "has 3 fields, and the header 2"]],
    })
    // A column of this name is not such a line.
    expect(await read('"sep=;",email\n1,2\n')).toMatchObject({ rows: [[2, { "sep=;": "1", email: "2" }]] })
    expect(await read("sep=;email\n1;2\n")).toMatchObject({ rows: [[2, { "sep=": "1", email: "2" }]] })
  })

  test("that is given is not recognized; a header that has another one is refused", async () => {
    expect(await read("userId;a,b\n1;2\n", { delimiter: ";" })).toEqual({
      recognized: undefined,
      rows: [[2, { userId: "1", "a,b": "2" }]],
    })
    expect(await read("sep=,\nuserId;a,b\n1;2\n", { delimiter: ";" })).toMatchObject({
      rows: [[3, { userId: "1", "a,b": "2" }]],
    })
    expect(await read("userId;email\n1;2\n", { delimiter: "," })).toBe(
      "line 1: the header has no comma, but a semicolon; nothing behind it was read",
    )
    expect(await read("userId,email\n1,2\n", { delimiter: "#" })).toMatch(
      /^line 1: the header has no character #, but a comma/,
    )
  })

  test("is the same for any chunks, and so is every row", async () => {
    const files = [
      '\uFEFFsep=;\r\n"user\r\n;Id";email\r\n1;"2\n3"\r\n4;5',
      '\n \n"a ""x"",\n b";userId;email\n1;2;3\n',
      "userId|email\r1|2\r",
      "sep=\t\nuserId\temail\n\u00e4\t\u{1F600}\n",
      `userId;${"x".repeat(70_000)}\n1;2\n`,
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files.slice(0, 4)), fc.integer({ min: 1, max: 40 }), async (file, chunk) => {
        const whole = await read(file)
        expect(whole).toMatchObject({ rows: expect.arrayContaining([expect.anything()]) })
        expect(await read(file, { chunk })).toEqual(whole)
      }),
      { numRuns: 60 },
    )
    expect(await read(files[4]!, { chunk: 1000 })).toMatchObject({ recognized: ";", rows: [[2, { userId: "1" }]] })
  })

  test("after a line sep= leaves the lines of faults as they are in the file", async () => {
    expect(await read('sep=;\nuserId;email\n1;2\na"b;c\n')).toMatch(/^line 4: a quote stands inside a field/)
    const latin = Buffer.concat([Buffer.from("sep=;\nuserId;email\n"), Buffer.from("m\u00fcller;x\n", "latin1")])
    expect(await read(latin)).toMatch(/^line 3: is not UTF-8/)
  })
})

describe("A header", () => {
  test("without a mapped column is refused before the first row", async () => {
    const mapping = { email: "mail", expirationDate: "/valid_untill/end", userId: "id" }
    expect(await read("mail,id,valid_until\na,b,c\n", { mapping })).toBe(
      "/expirationDate: the file has no column valid_untill; did you mean valid_until?",
    )
    expect(await read("", { mapping })).toMatchObject({ rows: [] })
  })

  test("may name a column twice, unless it is read", async () => {
    expect(await read("userId,note,note\na,b,c\n")).toMatchObject({ rows: [[2, { userId: "a", note: "c" }]] })
    const twice = /^line 1: the header names a column twice/
    expect(await read("userId,userId\na,b\n")).toMatch(twice)
    expect(await read("note,note\na,b\n", { mapping: { userId: "note" } })).toMatch(twice)
    // Another spelling of a member is a fault of its rows.
    expect(await read("Email,Email\na,b\n")).toMatch(twice)
  })
})
