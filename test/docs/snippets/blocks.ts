/**
 * The fenced blocks of a Markdown page, with what the page says about them.
 *
 * An invisible comment right before a block, `<!-- kind: text -->`, says how a test treats the block:
 *
 * - `not run: reason`: it cannot run in a test
 * - `run by: path`: another test runs it, because it needs more than an empty folder
 * - `once: reason`: a reader may not run it a second time
 * - `given: names`: the program uses these names, which `given.ts` declares
 * - `serves: text`: the command does not end; it is ready when it has printed the text
 * - `exit: code`: the last command ends with this code, which the page explains
 */
import { read } from "../sources.ts"

const marks = ["not run", "run by", "once", "given", "serves", "exit"] as const

/** What a comment says about the block after it. */
export type Mark = (typeof marks)[number]

/** A fenced block. */
export interface Block {
  readonly page: string
  /** The line of its opening fence, from 1. */
  readonly line: number
  /** The word after the opening fence; empty without one. */
  readonly language: string
  readonly text: string
  readonly heading: string
  /** The last line of prose before it, comments left out. */
  readonly lead: string
  /** Lines of prose between it and the block before it under its heading; infinite without such a block. */
  readonly distance: number
  readonly marks: ReadonlyMap<Mark, string>
}

const comment = new RegExp(`^<!-- (${marks.join("|")}): (.+) -->$`)

/** All blocks of a page, in order. */
export const blocksOf = (page: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let open: (Omit<Block, "text"> & { readonly lines: Array<string>; readonly indent: number }) | undefined
  let heading = ""
  let lead = ""
  let distance = Infinity
  let found = new Map<Mark, string>()
  for (const [index, text] of read(page).split("\n").entries()) {
    const fence = /^( *)```(\S*)/.exec(text)
    if (open !== undefined) {
      if (fence === null) open.lines.push(text.slice(open.indent))
      else {
        const { indent: _, lines, ...rest } = open
        blocks.push({ ...rest, text: lines.map((line) => `${line}\n`).join("") })
        open = undefined
        distance = 0
        found = new Map()
      }
    } else if (fence !== null) {
      const [, { length: indent } = "", language = ""] = fence
      open = { page, line: index + 1, language, heading, lead, distance, marks: found, lines: [], indent }
    } else if (/^#+ /.test(text)) {
      heading = text.replace(/^#+ /, "")
      distance = Infinity
    } else if (comment.test(text)) {
      const [, mark, value] = comment.exec(text)!
      found.set(mark as Mark, value!)
    } else if (text.trim() !== "") {
      lead = text
      distance += 1
      found = new Map()
    }
  }
  return blocks
}

/** What a test does with a block. */
export type Part = "commands" | "printed" | "program" | "statements" | "file" | "output" | "data" | "illustration"

/** The name of the file that the sentence before a block says it is, as in "`types.json`:". */
export const fileName = ({ lead }: Block): string | undefined => /`([\w./-]+\.\w+)`[^`]*:\**$/.exec(lead)?.[1]

/** Lines of prose that may stand between commands and their output. */
const between = 3

/** Commands with `…` in them are not typed: the command before has printed them, with values in place of it. */
const isPrinted = ({ text }: Block): boolean => text.includes("…")

/** The part of each block of a page. */
export const partsOf = (blocks: ReadonlyArray<Block>): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (const block of blocks) {
    const { distance, language } = block
    const before = parts.findLast((part) => part !== "output")
    const isAfterCommands = distance <= between && (before === "commands" || before === "program")
    if (language === "sh" || language === "bash") parts.push(isPrinted(block) ? "printed" : "commands")
    else if (language === "sql") parts.push("statements")
    else if (fileName(block) !== undefined) parts.push("file")
    else if (language === "ts" || language === "js") parts.push("program")
    else if (isAfterCommands && ["", "json", "text"].includes(language)) parts.push("output")
    else parts.push(language === "json" ? "data" : "illustration")
  }
  return parts
}
