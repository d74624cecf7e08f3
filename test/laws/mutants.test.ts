/**
 * Finds mutants that no longer fit the code. Trying all mutants takes too long for every run: `npm run mutants` does.
 */
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
