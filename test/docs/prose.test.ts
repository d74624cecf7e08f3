/**
 * Comments and pages are plain English: they use none of the patterns that made sentences hard to read, and they fit
 * their lines.
 *
 * A pattern may stand where a person is really meant, and where a word is a value or a name. Each such place is listed,
 * so that plain prose is never bent to please this test.
 */
import { describe, expect, test } from "vitest"
import { commentsOf, modules, pages, type ProseLine, proseOf, read } from "./sources.ts"

/** A pattern, and what to write in its place. */
const banned: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [/\b(who|whom|whoever|nobody|somebody)\b/i, "it, which, no one; or the name of the thing"],
  [/\bwhat is set up\b/i, "the catalog"],
  [/\bwho is who\b/i, "identity"],
  [/\b(is|are|was|were|be) told\b/i, "returned, logged, printed"],
  [/\bbeside\b(?!-)/i, "concurrently, next to, in addition to"],
  [/\bin front of\b/i, "before"],
  [/\b(so|as) many\b/i, "a number"],
  [/(?<!\bthere )\b(is|are) none\b|\bof none\b/i, "is not a …, has no …"],
  [/\bcomes? to\b/i, "reach, become"],
  [/\banew\b/i, "again"],
  [/\btaken for\b/i, "treated as"],
]

/** Places where a pattern is right: the file, and words of the line. */
const allowed: ReadonlyArray<readonly [path: string, words: string]> = [
  ["docs/decisions/0008-rate-limits.md", "nothing was taken for a minute"],
]

const isAllowed = ({ path, text }: ProseLine): boolean =>
  allowed.some(([file, words]) => file === path && text.includes(words))

/** Prose without code in backticks and without link targets. */
const plain = (text: string): string => text.replaceAll(/`[^`]*`|\]\([^)]*\)|"[^"]*"/g, "")

const lines = [...modules.flatMap(commentsOf), ...pages.flatMap(proseOf)]

describe("comments and pages", () => {
  test.each(banned)("do not say %s: write %s", (pattern) => {
    const found = lines.filter((line) => pattern.test(plain(line.text)) && !isAllowed(line))
    expect(found.map(({ line, path, text }) => `${path}:${line}: ${text.trim()}`)).toEqual([])
  })

  test("that are excepted still need it", () => {
    const isNeeded = ([file, words]: (typeof allowed)[number]) =>
      lines.some(
        ({ path, text }) => path === file && text.includes(words) && banned.some(([pattern]) => pattern.test(text)),
      )
    expect(allowed.filter((place) => !isNeeded(place))).toEqual([])
  })
})

test("a comment fits 120 columns", () => {
  const long = modules.flatMap((path) => {
    const text = read(path).split("\n")
    return commentsOf(path).filter(({ line }) => text[line - 1]!.length > 120)
  })
  expect(long.map(({ line, path }) => `${path}:${line}`)).toEqual([])
})

test("a line of a page is one sentence, or fits 160 columns", () => {
  const isTable = (text: string): boolean => text.trimStart().startsWith("|")
  const long = pages
    .flatMap(proseOf)
    .filter(({ text }) => text.length > 160 && !isTable(text) && /[.!?:] [A-Z]/.test(plain(text)))
  expect(long.map(({ line, path }) => `${path}:${line}`)).toEqual([])
})
