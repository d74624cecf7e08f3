/**
 * The search for markers finds each form, wherever it stands in the bytes. Otherwise "nothing was found" would prove
 * nothing.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import * as Markers from "../support/markers.ts"

const marker = fc.constant(undefined).map(Markers.make)
const around = fc.uint8Array({ maxLength: 40 })

/** How a program may have written a text. */
const written: Readonly<Record<string, (text: string) => Uint8Array | string>> = {
  "UTF-8": (text) => text,
  "capital letters": (text) => text.toUpperCase(),
  "UTF-16, little end first": (text) => Buffer.from(text, "utf16le"),
  "UTF-16, big end first": (text) => Buffer.from(text, "utf16le").swap16(),
  hexadecimal: (text) => Buffer.from(text).toString("hex"),
  "hexadecimal in capital letters": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "hexadecimal of UTF-16": (text) => Buffer.from(text, "utf16le").toString("hex"),
  JSON: (text) => JSON.stringify({ text }),
}

const joined = (...parts: ReadonlyArray<Uint8Array | string>): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)))

test.each(Object.entries(written))("a marker is found as %s", (_, write) => {
  fc.assert(
    fc.property(marker, around, around, (text, before, after) => {
      const traces = Markers.search({ text }).inBytes("here", joined(before, write(text), after))
      expect(traces.map(({ marker, place }) => [marker, place])).toContainEqual(["text", "here"])
    }),
    { numRuns: 50 },
  )
})

test.each(["base64", "base64url"] as const)("a marker is found as %s of any text around it", (encoding) => {
  fc.assert(
    fc.property(
      marker,
      around,
      around,
      fc.constantFrom<BufferEncoding>("utf8", "utf16le"),
      (text, before, after, as) => {
        const packed = joined(before, Buffer.from(text, as), after).toString(encoding)
        expect(Markers.search({ text }).inBytes("here", packed)).not.toEqual([])
      },
    ),
    { numRuns: 200 },
  )
})

test("half of a marker is found, because a store may split a value between two pages", () => {
  const text = Markers.make()
  const { inBytes } = Markers.search({ text })
  expect(inBytes("here", `${text.slice(0, 12)} page ${text.slice(12)}`)).not.toEqual([])
  expect(inBytes("here", text.slice(0, 12))).not.toEqual([])
  expect(inBytes("here", text.slice(12))).not.toEqual([])
})

test("bytes are found as they are, in hexadecimal and in base64", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), around, (hash, before) => {
      const { inBytes } = Markers.search({ hash })
      const plain = Buffer.from(hash)
      for (const form of [plain, plain.toString("hex"), plain.toString("hex").toUpperCase()]) {
        expect(inBytes("here", joined(before, form))).not.toEqual([])
      }
      expect(inBytes("here", joined(before, hash).toString("base64"))).not.toEqual([])
    }),
    { numRuns: 100 },
  )
})

test("nothing is found where there is nothing", () => {
  fc.assert(
    fc.property(marker, marker, around, (text, other, before) => {
      expect(
        Markers.search({ text }).inBytes("here", joined(before, other, Buffer.from(other).toString("hex"))),
      ).toEqual([])
    }),
    { numRuns: 100 },
  )
})

test("files below a folder are searched, and their names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-markers-"))
  try {
    const text = Markers.make()
    const { inFiles } = Markers.search({ text })
    mkdirSync(join(folder, "a"))
    writeFileSync(join(folder, "a", "empty"), "")
    expect(await inFiles(folder)).toEqual([])
    writeFileSync(join(folder, "a", "file"), `… ${text} …`)
    expect(await inFiles(folder)).toEqual([{ marker: "text", form: "UTF-8", place: join(folder, "a", "file") }])
    writeFileSync(join(folder, "a", "file"), "")
    writeFileSync(join(folder, "a", text), "")
    expect((await inFiles(folder)).map(({ place }) => place)).toEqual([`the name of ${join(folder, "a", text)}`])
    expect(await inFiles(join(folder, "missing"))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
