/** Small files of every type that requests take, and of some that they refuse. */
import { strToU8, type Zippable, zipSync } from "fflate"

/** Characters of one byte each. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0))

const openXml = (type: string, folder: string, more: Zippable = {}) =>
  zipSync({
    "[Content_Types].xml": strToU8(
      `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${folder}document.xml" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`,
    ),
    "_rels/.rels": strToU8("<Relationships/>"),
    [`${folder}document.xml`]: strToU8("<document/>"),
    ...more,
  })

const openDocument = (kind: string) =>
  zipSync({
    mimetype: [strToU8(`application/vnd.oasis.opendocument.${kind}`), { level: 0 }],
    "content.xml": strToU8("<content/>"),
  })

/** A picture of one transparent pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
)

/** By extension. */
export const samples: Readonly<Record<string, Uint8Array>> = {
  pdf: bytesOf("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"),
  png,
  jpg: bytesOf("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"),
  gif: bytesOf("GIF89a\x01\0\x01\0\0\0\0;"),
  webp: bytesOf("RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"),
  txt: new TextEncoder().encode("Grüße aus Zürich\n"),
  csv: new TextEncoder().encode("name;city\nJosé;Köln\n"),
  json: new TextEncoder().encode('\n{"city":"Köln"}'),
  eml: bytesOf(
    "From: jo@example.com\r\nSubject: hello\r\nContent-Type: text/plain; charset=latin1\r\n\r\nGr\xfc\xdfe\r\n",
  ),
  zip: zipSync({ "a.txt": strToU8("a") }),
  docx: openXml("wordprocessingml.document", "word/"),
  xlsx: openXml("spreadsheetml.sheet", "xl/"),
  pptx: openXml("presentationml.presentation", "ppt/"),
  odt: openDocument("text"),
  ods: openDocument("spreadsheet"),
}

/** Files that are of no type that is taken, and of two types at once; by what they are. */
export const refusedSamples: Readonly<Record<string, Uint8Array>> = {
  html: bytesOf("  <!DOCTYPE html><script>alert(1)</script>"),
  "html after a byte order mark": bytesOf("\xef\xbb\xbf\n<html>"),
  svg: bytesOf('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  xml: bytesOf('<?xml version="1.0"?><a/>'),
  "a shell script": bytesOf("#!/bin/sh\nrm -rf /\n"),
  php: bytesOf("<?php system($_GET[0]);"),
  "a program of Windows": bytesOf("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
  "a program of Linux": bytesOf("\x7fELF\x02\x01\x01\0"),
  "UTF-16": bytesOf("\xff\xfea\0b\0"),
  "text that is not UTF-8": bytesOf("Gr\xfc\xdfe"),
  "text with NUL": bytesOf("a\0b"),
  "text that is cut within a character": new TextEncoder().encode("Zürich").subarray(0, 2),
  rtf: bytesOf("{\\rtf1 hello}"),
  gzip: bytesOf("\x1f\x8b\x08\0\0\0\0\0"),
  nothing: new Uint8Array(0),
}

/** A document with macros. */
export const withMacros = openXml("wordprocessingml.document", "word/", { "word/vbaProject.bin": strToU8("macro") })

/** A template of OpenDocument, which is not the document. */
export const template = openDocument("text-template")

/** An archive in which a document is stored as it is. */
export const archiveOfDocument = zipSync({ "letter.docx": [samples["docx"]!, { level: 0 }] })

/** A PDF that is an archive as well, and an archive behind a program. */
export const polyglots = {
  pdfAndZip: Buffer.concat([samples["pdf"]!, samples["zip"]!]),
  programAndPdf: Buffer.concat([refusedSamples["a program of Windows"]!, samples["pdf"]!]),
  programAndZip: Buffer.concat([refusedSamples["a program of Windows"]!, samples["zip"]!]),
}
