/**
 * Every command and program of the pages runs as it is written, in the order of its page, and prints what the page
 * says.
 */
import { existsSync } from "node:fs"
import { afterAll, describe, expect, test } from "vitest"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { isLong } from "../support/long.ts"
import { hasPackages } from "../support/tools.ts"
import { blocksOf } from "./snippets/blocks.ts"
import { sitDown } from "./snippets/desk.ts"
import { play, stepsOf } from "./snippets/play.ts"
import { pages, root } from "./sources.ts"

/** Pages whose programs keep a ledger: played twice, as a reader runs them. The long tests play all pages twice. */
const isKept = /^docs\/(embedding|start\/embedder)\.md$/

/** The pages that a reader begins with. The others are played in the long tests alone. */
const isFirst = /^(README|CONTRIBUTING)\.md$|^docs\/start\/(analyst|embedder)\.md$/

const played = pages.filter((page) => /^(README|CONTRIBUTING)\.md$|^docs\/|^examples\//.test(page))
const blocks = played.flatMap(blocksOf)

describe.runIf(hasPackages({ curl: "curl", sqlite3: "sqlite3" })).concurrent("a reader can follow", () => {
  const withCommands = played.filter((page) => stepsOf(page).length > 0 && (isLong || isFirst.test(page)))

  let postgres: Promise<Postgres> | undefined
  afterAll(async () => (await postgres)?.stop())
  const database = async () => (await (postgres ??= startPostgres())).database()

  // Also after a timeout, everything that the commands have started is ended.
  test.for(withCommands)("%s", async (page, { onTestFinished }) => {
    const desk = await sitDown(database)
    onTestFinished(desk.leave)
    await play(desk, stepsOf(page))
    if (isLong || isKept.test(page)) await play(desk, stepsOf(page), true)
    // A ledger or a backup that another user may read.
    expect((await desk.run("find . -type f -name '*.db' -perm /077")).stdout).toBe("")
  })
})

describe("blocks that are not run", () => {
  const marked = (mark: "not run" | "run by") => blocks.filter(({ marks }) => marks.has(mark))

  test("become more only if someone raises this number", () => {
    expect(marked("not run").map(({ line, page }) => `${page}:${line}`)).toHaveLength(15)
    expect(marked("run by").map(({ line, page }) => `${page}:${line}`)).toHaveLength(36)
  })

  test("here are run by a test that exists", () => {
    expect(marked("run by").filter(({ marks }) => !existsSync(`${root}${marks.get("run by")}`))).toEqual([])
  })
})
