/**
 * Compares the bytes of a file with what its type says, while they arrive: by the signature that a file begins with, by
 * the names of the entries of a ZIP archive, and for text by its encoding. Nothing is unpacked.
 *
 * Memory is bounded: the first 512 bytes, and the part of a name that the next bytes go on.
 */
import { Bytes } from "effect"
import type { FileForm, FileType } from "../../compliance/FileType.ts"
import { openDocument } from "../../compliance/FileType.ts"
import * as ZipEntries from "./ZipEntries.ts"

/** Compares the bytes of one file. */
export interface FileSniffer {
  /** The next bytes; `false`: they are not of this type, whatever follows. */
  readonly write: (bytes: Uint8Array) => boolean
  /** Whether all of them are of this type. */
  readonly end: () => boolean
}

/** How many bytes from the first are looked at as a whole. */
const headBytes = 512

/** An archive begins with an entry, or with its end if it is empty. */
const isZip = (head: string): boolean => head.startsWith("PK\x03\x04") || head.startsWith("PK\x05\x06")

/** The first entry of an OpenDocument is its media type, not compressed (OpenDocument 1.3, part 2, section 3.3). */
const isOpenDocument = (head: string, kind: string): boolean => {
  const mediaType = `${openDocument}${kind}`
  const isStored = head.slice(8, 10) === "\0\0"
  const hasLength = head.charCodeAt(18) === mediaType.length && head.slice(19, 22) === "\0\0\0"
  const hasNoExtra = head.slice(28, 30) === "\0\0"
  return isStored && hasLength && hasNoExtra && head.startsWith(`mimetype${mediaType}`, 30)
}

/** What a text must not begin with: markup, scripts and pages that a reader could run, and documents of other types. */
const notText = /^(?:<!doctype|<!--|<\?|<html|<head|<body|<script|<svg|<xml|<iframe|#!|%pdf-|%!ps|\{\\rtf)/i

const isPlain = (head: string): boolean => !notText.test(head.replace(/^(?:\xef\xbb\xbf)?\s*/, ""))

/** A mail begins with the name of a header field (RFC 5322, section 2.2). */
const isMail = (head: string): boolean => isPlain(head) && /^[!-9;-~]+[ \t]*:/.test(head)

const isJson = (head: string): boolean =>
  isPlain(head) && /^(?:\xef\xbb\xbf)?\s*(?:[{["\-0-9]|true|false|null)/.test(head)

/** Whether the first bytes are of a form. Each is one character, because signatures are bytes. */
const heads: { readonly [Form in FileForm]: (head: string) => boolean } = {
  pdf: (head) => head.startsWith("%PDF-"),
  png: (head) => head.startsWith("\x89PNG\r\n\x1a\n"),
  jpeg: (head) => head.startsWith("\xff\xd8\xff"),
  gif: (head) => /^GIF8[79]a/.test(head),
  webp: (head) => /^RIFF.{4}WEBP/s.test(head),
  text: isPlain,
  json: isJson,
  mail: isMail,
  zip: isZip,
  docx: isZip,
  xlsx: isZip,
  pptx: isZip,
  odt: (head) => isZip(head) && isOpenDocument(head, "text"),
  ods: (head) => isZip(head) && isOpenDocument(head, "spreadsheet"),
}

const anything: FileSniffer = { write: () => true, end: () => true }

const withoutNul: FileSniffer = { write: (bytes) => !bytes.includes(0), end: () => true }

/** UTF-8 without NUL. */
const utf8 = (): FileSniffer => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  const decodes = (bytes: Uint8Array | undefined): boolean => {
    try {
      decoder.decode(bytes, { stream: bytes !== undefined })
      return true
    } catch {
      return false
    }
  }
  return { write: (bytes) => !bytes.includes(0) && decodes(bytes), end: () => decodes(undefined) }
}

/** Office Open XML: a list of types, the folder of the document, and no macros (ECMA-376, part 2, section 10). */
const openXml = (folder: string): FileSniffer => {
  let [hasTypes, hasFolder] = [false, false]
  const entries = ZipEntries.make((name) => {
    if (name === "[Content_Types].xml") hasTypes = true
    if (name.startsWith(folder)) hasFolder = true
    return !/(?:^|\/)vbaProject\.bin$/i.test(name)
  })
  return { write: entries.write, end: () => hasTypes && hasFolder }
}

/** What all bytes of a form must be, besides the first. */
const bodies: { readonly [Form in FileForm]?: () => FileSniffer } = {
  text: utf8,
  json: utf8,
  // Each part of a mail states its own encoding.
  mail: () => withoutNul,
  docx: () => openXml("word/"),
  xlsx: () => openXml("xl/"),
  pptx: () => openXml("ppt/"),
}

/** A sniffer of a type. An empty file is of no type. */
export const make = ({ form }: Pick<FileType, "form">): FileSniffer => {
  const body = bodies[form]?.() ?? anything
  let head: Uint8Array = new Uint8Array(0)
  let isHeadRead = false
  const readHead = (): boolean => {
    isHeadRead = true
    const isOfForm = head.length > 0 && heads[form](String.fromCharCode(...head))
    head = new Uint8Array(0)
    return isOfForm
  }
  return {
    write: (bytes) => {
      if (!body.write(bytes)) return false
      if (isHeadRead) return true
      head = Bytes.concat([head, bytes.subarray(0, headBytes - head.length)])
      return head.length < headBytes || readHead()
    },
    end: () => body.end() && (isHeadRead || readHead()),
  }
}
