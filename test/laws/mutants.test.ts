/**
 * Finds mutants that no longer fit the code. Trying all mutants takes too long for every run: `npm run mutants` does.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { parts } from "../mutants/parts.ts"

const root = new URL("../../", import.meta.url)

const timesIn = (file: string, find: string): number => {
  const url = new URL(file, root)
  return existsSync(url) ? readFileSync(url, "utf8").split(find).length - 1 : 0
}

test("every mutant changes one place of its file", () => {
  const all = Object.values(parts).flatMap(({ folder, mutants }) => mutants.map((mutant) => ({ folder, mutant })))
  expect(all.filter(({ folder, mutant: [file, find] }) => timesIn(`${folder}/${file}`, find) !== 1)).toEqual([])
  expect(all.filter(({ mutant: [, find, replace] }) => find === replace)).toEqual([])
  expect(all.filter(({ mutant: [, , , ...killedBy] }) => killedBy.length === 0)).toEqual([])
})

test("every file of mutants is a part, and the test files of a part exist", () => {
  const files = readdirSync(new URL("test/mutants/", root)).filter((file) => !/^(Mutant|parts|main)\.ts$/.test(file))
  expect(files.map((file) => file.replace(".ts", "")).toSorted()).toEqual(Object.keys(parts).toSorted())
  const tests = Object.values(parts).flatMap((part) => part.tests)
  expect(tests.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
})

test("`npm run mutants` prints its usage if it is asked for or no mutant is meant, which is a failure", () => {
  const main = new URL("test/mutants/main.ts", root).pathname
  const run = (...words: ReadonlyArray<string>) => spawnSync(process.execPath, [main, ...words], { encoding: "utf8" })
  expect(run("--help")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("npm run mutants") })
  const refused = { status: 2, stdout: "" }
  expect(run("engin")).toMatchObject({ ...refused, stderr: expect.stringMatching(/^There is no part "engin"\.\n\nCh/) })
  expect(run("engine", "zzzz")).toMatchObject({ ...refused, stderr: expect.stringMatching(/^No mutant of engine has/) })
})
