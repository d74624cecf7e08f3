/** Names and types of files: a file is taken only where its name, what is declared and its bytes agree. */
import * as fc from "fast-check"
import { fileTypeFromBuffer } from "file-type"
import { describe, expect, test } from "vitest"
import * as FileName from "../../core/compliance-requests/files/FileName.ts"
import * as FileSniffer from "../../core/compliance-requests/files/FileSniffer.ts"
import * as FileType from "../../core/compliance/FileType.ts"
import * as ZipEntries from "../../core/compliance-requests/files/ZipEntries.ts"
import * as Samples from "../support/compliance/fileSamples.ts"

/** Whether bytes are of a type, in pieces that end at some places. */
const isOf = (extension: string, bytes: Uint8Array, cuts: ReadonlyArray<number> = []): boolean => {
  const sniffer = FileSniffer.make(FileType.ofExtension(extension)!)
  const ends = [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  let start = 0
  for (const end of ends) {
    if (!sniffer.write(bytes.subarray(start, end))) return false
    start = end
  }
  return sniffer.end()
}

const cuts = fc.array(fc.nat(700), { maxLength: 4 })
const extensions = FileType.fileTypes.flatMap((type) => type.extensions)
const all = { ...Samples.samples, ...Samples.refusedSamples }
const entry = fc.constantFrom(...Object.entries(all))

/** What the library finds of bytes: nothing in a text. */
const found = async (bytes: Uint8Array) => (await fileTypeFromBuffer(bytes))?.mime

/** The types whose bytes have a signature. */
const signed = ["pdf", "png", "jpg", "gif", "webp", "zip", "docx", "xlsx", "pptx", "odt", "ods"]

/** Types with the last byte of their signature. */
const signatures: ReadonlyArray<readonly [extension: string, last: number]> = [
  ["pdf", 4],
  ["png", 7],
  ["jpg", 2],
  ["gif", 5],
  ["webp", 11],
  ["zip", 3],
]

describe("the bytes of a file", () => {
  // Kills: a signature that is not compared; a document of Office without its parts.
  test("are of a type with a signature where an independent library finds that type", () =>
    fc.assert(
      fc.asyncProperty(entry, fc.constantFrom(...signed), cuts, async ([, bytes], extension, places) => {
        const { mediaType } = FileType.ofExtension(extension)!
        const mime = await found(bytes)
        const isArchive =
          extension === "zip" &&
          mime !== undefined &&
          FileType.fileTypes.some(
            (type) => type.mediaType === mime && ["zip", "docx", "xlsx", "pptx", "odt", "ods"].includes(type.form),
          )
        expect(isOf(extension, bytes, places)).toBe(mime === mediaType || isArchive)
      }),
      { numRuns: 400 },
    ))

  // Kills: a signature that is shorter than that of the library.
  test("are not of a type any more where a byte of the signature was changed, unless the library says so", () => {
    const changed = fc.tuple(fc.constantFrom(...signatures), fc.nat(11), fc.nat(255))
    return fc.assert(
      fc.asyncProperty(changed, async ([[extension, last], at, byte]) => {
        const bytes = Uint8Array.from(Samples.samples[extension]!)
        bytes[at % (last + 1)] = byte
        if (isOf(extension, bytes)) expect(await found(bytes)).toBe(FileType.ofExtension(extension)!.mediaType)
      }),
      { numRuns: 300 },
    )
  })

  test.each(Object.entries(Samples.samples))("of a %s are of its type, in any pieces", (extension, bytes) => {
    const check = (places: ReadonlyArray<number>) => {
      expect(isOf(extension, bytes, places)).toBe(true)
    }
    fc.assert(fc.property(cuts, check))
    check([...bytes.keys()])
  })

  // Kills: text that is not decoded; NUL in text; markup as text.
  test.each(Object.entries(Samples.refusedSamples))("of %s are of no type", (_, bytes) => {
    for (const extension of extensions) expect([extension, isOf(extension, bytes)]).toEqual([extension, false])
  })

  test("are of one type only, besides texts, and archives", () => {
    const texts = new Set(["txt", "csv", "json", "eml"])
    const archives = new Set(["docx", "xlsx", "pptx", "odt", "ods"])
    for (const [extension, bytes] of Object.entries(Samples.samples)) {
      const others = Object.keys(Samples.samples).filter((other) => other !== extension && isOf(other, bytes))
      const expected = archives.has(extension)
        ? ["zip"]
        : texts.has(extension)
          ? others.filter((each) => texts.has(each))
          : []
      expect([extension, others]).toEqual([extension, expected])
    }
  })

  // Kills: a signature at another place; macros; a template by the beginning of its type.
  test("of a document are refused with macros, as a template, and behind a program", () => {
    expect(isOf("docx", Samples.withMacros)).toBe(false)
    expect(isOf("odt", Samples.template)).toBe(false)
    expect(isOf("zip", Samples.polyglots.programAndZip)).toBe(false)
    expect(isOf("pdf", Samples.polyglots.programAndPdf)).toBe(false)
    expect(isOf("zip", Samples.archiveOfDocument)).toBe(true)
    expect([isOf("pdf", Samples.polyglots.pdfAndZip), isOf("zip", Samples.polyglots.pdfAndZip)]).toEqual([true, false])
  })

  // Kills: a header that is cut between two pieces.
  test("of an archive name its entries in any pieces, in bounded memory", () => {
    fc.assert(
      fc.property(cuts, (places) => {
        const names: Array<string> = []
        const entries = ZipEntries.make((name) => names.push(name) > 0)
        const bytes = Samples.samples["docx"]!
        let start = 0
        for (const end of [...places.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
          entries.write(bytes.subarray(start, end))
          start = end
        }
        expect(names).toEqual(["[Content_Types].xml", "_rels/.rels", "word/document.xml"])
      }),
    )
  })
})

describe("a type of files", () => {
  test("agrees with its media type, an alias, and a client that does not know it", () => {
    const csv = FileType.ofExtension("csv")!
    const declared = ["text/csv", "TEXT/CSV; charset=utf-8", "application/vnd.ms-excel", "", "application/octet-stream"]
    for (const each of declared) expect([each, FileType.agrees(csv, each)]).toEqual([each, true])
    for (const each of ["text/html", "application/pdf", "text/csv2"]) expect(FileType.agrees(csv, each)).toBe(false)
  })

  test("is none for what a reader could run", () => {
    for (const each of ["html", "htm", "svg", "xml", "js", "exe", "sh", "docm", "xhtml", "mjs", "hta", "rtf", ""]) {
      expect([each, FileType.ofExtension(each)]).toEqual([each, undefined])
    }
  })
})

describe("the name of a file", () => {
  test.each([
    ["is composed", "Zu\u0308rich.pdf", "Zürich.pdf"],
    ["may have spaces and dots", "a report. v2 .pdf", "a report. v2 .pdf"],
    ["may have a mark of direction", "\u202egnp.pdf", "\u202egnp.pdf"],
    ["may have 255 characters", `${"a".repeat(251)}.pdf`, `${"a".repeat(251)}.pdf`],
  ])("%s", (_, sent, expected) => expect(FileName.parse(sent)).toBe(expected))

  test.each([
    ["nothing", ""],
    ["spaces alone", "  "],
    ["256 characters", `${"a".repeat(252)}.pdf`],
    ["a slash", "../../etc/passwd.txt"],
    ["a backslash", "..\\a.txt"],
    ["a line break", "a\r\nSet-Cookie: a=b.txt"],
    ["NUL", "a.exe\0.pdf"],
    ["a lone surrogate", "a\ud800.pdf"],
    ["a separator of lines", "a\u2028.pdf"],
    ["delete", "a\u007f.pdf"],
  ])("is not %s", (_, sent) => expect(FileName.parse(sent)).toBe(undefined))

  // Kills: marks of direction that are shown.
  test("is shown and downloaded with what cannot be seen escaped", () => {
    const name = "invoice\u202efdp.\u200bexe\u2066.pdf"
    expect(FileName.shown(name)).toBe("invoice\\u{202e}fdp.\\u{200b}exe\\u{2066}.pdf")
    expect(FileName.disposition(name)).toBe(
      `attachment; filename="invoice_fdp._exe_.pdf"; filename*=UTF-8''invoice_fdp._exe_.pdf`,
    )
  })

  test("is downloaded as ASCII and as itself, and cannot leave its header", () => {
    expect(FileName.disposition(`"Zürich" (1)'*.pdf`)).toBe(
      `attachment; filename="_Z_rich_ (1)'*.pdf"; filename*=UTF-8''%22Z%C3%BCrich%22%20%281%29%27%2A.pdf`,
    )
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 300 }),
        (text) => {
          const name = FileName.parse(text)
          if (name === undefined) return
          expect(FileName.disposition(name)).toMatch(
            /^attachment; filename="[ !#-[\]-~]+"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+$/,
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})
