/**
 * The texts that a person reads: the Markdown pages of the repository, and the comments of its TypeScript files.
 */
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url))

const folders = "{core,adapters,apps,rule-packs,test,bench,examples,docs}"

/** Paths of files, from the root, in alphabetical order. */
const files = (...patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ["**/node_modules/**"] })).toSorted()

/** The Markdown pages. */
export const pages = files("*.md", `${folders}/**/*.md`)

/** The TypeScript files. */
export const modules = files("*.ts", `${folders}/**/*.ts`)

/** The text of a file. */
export const read = (path: string): string => readFileSync(`${root}${path}`, "utf8")

/** One line of prose, with its place. */
export interface ProseLine {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

const isFence = (line: string): boolean => /^\s*(```|~~~)/.test(line)

/** The lines of a page outside its blocks of code. */
export const proseOf = (path: string): ReadonlyArray<ProseLine> => {
  let isCode = false
  return read(path)
    .split("\n")
    .flatMap((text, index) => {
      if (isFence(text)) isCode = !isCode
      return isCode || isFence(text) ? [] : [{ path, line: index + 1, text }]
    })
}

/** A comment that fills its line, or stands at the end of one: the code before it holds no quotation mark or slash. */
const wholeLine = /^\s*(?:\/\/|\/\*\*?|\*(?!\/)) ?(.*?)(?:\s*\*\/)?$/
const atTheEnd = /^[^"'`/]*\S\s+\/\/ (.*)$/

/** The lines of a module's comments. */
export const commentsOf = (path: string): ReadonlyArray<ProseLine> => {
  let isBlock = false
  return read(path)
    .split("\n")
    .flatMap((line, index) => {
      const opens = /^\s*\/\*/.test(line)
      const isComment = isBlock || opens || /^\s*\/\//.test(line)
      if (opens) isBlock = true
      if (isBlock && line.includes("*/")) isBlock = false
      const text = isComment ? wholeLine.exec(line)?.[1] : atTheEnd.exec(line)?.[1]
      return text === undefined ? [] : [{ path, line: index + 1, text }]
    })
}
