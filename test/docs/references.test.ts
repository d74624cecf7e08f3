/** What a comment or a page refers to exists: sections and laws of the specification, links, anchors, and files. */
import { existsSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, test } from "vitest"
import { commentsOf, modules, pages, type ProseLine, proseOf, read, root } from "./sources.ts"

const semantics = read("docs/semantics.md")
const sections = new Set([...semantics.matchAll(/^#{2,3} (\d(?:\.\d)?)\.? /gm)].map(([, number]) => number!))
const laws = new Set([...semantics.split("## 6. Laws")[1]!.matchAll(/^(\d+)\. /gm)].map(([, number]) => number!))

const comments = modules.flatMap(commentsOf)
const prose = pages.flatMap(proseOf)
const at = ({ line, path }: ProseLine): string => `${path}:${line}`

/** The numbers of "3", "3.1, 4 and 5". */
const numbersOf = (list: string): ReadonlyArray<string> => list.match(/\d+(?:\.\d+)?/g) ?? []

/** References that resolve to nothing. */
const unresolved = (
  lines: ReadonlyArray<ProseLine>,
  pattern: RegExp,
  known: ReadonlySet<string>,
): ReadonlyArray<string> =>
  lines.flatMap((line) =>
    [...line.text.matchAll(pattern)].flatMap(([, list]) =>
      numbersOf(list!)
        .filter((number) => !known.has(number))
        .map((number) => `${at(line)}: ${number}`),
    ),
  )

const list = String.raw`(\d+(?:\.\d+)?(?:(?:, | and |, and )\d+(?:\.\d+)?)*)`

describe("the specification", () => {
  test("has the sections 1 to 8 and the laws 1 to 17", () => {
    expect([...sections]).toEqual(["1", "2", "3", "3.1", "3.2", "3.3", "4", "4.1", "5", "6", "7", "8"])
    expect([...laws]).toEqual(Array.from({ length: 17 }, (_, index) => String(index + 1)))
  })

  test("has every section that a comment names", () => {
    const pattern = new RegExp(String.raw`semantics(?:\.md)?\x60?,? sections? ${list}`, "g")
    const named = comments.filter(({ text }) => text.match(pattern) !== null)
    expect(named.length).toBeGreaterThan(20)
    expect(unresolved(comments, pattern, sections)).toEqual([])
  })

  test("has every section that its own page names", () => {
    const own = proseOf("docs/semantics.md")
    expect(unresolved(own, new RegExp(String.raw`\bsections? ${list}`, "g"), sections)).toEqual([])
  })

  test("has every law that a comment or a page names", () => {
    const pattern = new RegExp(String.raw`\b[Ll]aws? ${list}`, "g")
    const lines = [...comments, ...prose]
    expect(lines.filter(({ text }) => text.match(pattern) !== null).length).toBeGreaterThan(5)
    expect(unresolved(lines, pattern, laws)).toEqual([])
  })
})

/** The anchor of a heading, as GitHub and npm make it. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/[`*_]|\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-")

const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(proseOf(page).flatMap(({ text }) => (/^#+ /.test(text) ? [anchorOf(text.replace(/^#+ /, ""))] : [])))

describe("links", () => {
  const links = prose.flatMap((line) =>
    [...line.text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ line, target: target! })),
  )
  const local = links.filter(({ target }) => !/^[a-z]+:/.test(target))

  test("lead to files that exist", () => {
    expect(local.length).toBeGreaterThan(40)
    const missing = local.filter(({ line, target }) => {
      const [path] = target.split("#")
      return path !== "" && !existsSync(join(root, dirname(line.path), path!))
    })
    expect(missing.map(({ line, target }) => `${at(line)}: ${target}`)).toEqual([])
  })

  test("lead to headings that exist", () => {
    const missing = local.filter(({ line, target }) => {
      const [path, anchor] = target.split("#")
      const page = path === "" ? line.path : normalize(join(dirname(line.path), path!))
      return anchor !== undefined && page.endsWith(".md") && !anchorsOf(page).has(anchor)
    })
    expect(missing.map(({ line, target }) => `${at(line)}: ${target}`)).toEqual([])
  })
})

test("files that are named by their path exist", () => {
  const path =
    /(?<![\w./-])(?:core|adapters|apps|rule-packs|test|bench|docs|deploy|examples)\/[\w@./-]+\.(?:ts|md|json|svg)\b/g
  const named = [...comments, ...prose].flatMap((line) =>
    [...line.text.matchAll(path)].map(([name]) => ({ line, name })),
  )
  expect(named.length).toBeGreaterThan(40)
  const missing = named.filter(({ name }) => !existsSync(join(root, name)))
  expect(missing.map(({ line, name }) => `${at(line)}: ${name}`)).toEqual([])
})
