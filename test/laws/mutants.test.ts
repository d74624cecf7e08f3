/**
 * Trying all mutants takes too long for every run. That each still changes something is seen at once.
 */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { mutants } from "../support/mutants.ts"

const root = new URL("../../", import.meta.url)

test("every mutant changes one place of its file", () => {
  const times = ({ file, find, part = "core" }: (typeof mutants)[number]): number =>
    readFileSync(new URL(`${part}/${file}`, root), "utf8").split(find).length - 1
  expect(mutants.filter((mutant) => times(mutant) !== 1)).toEqual([])
  expect(mutants.filter(({ find, replace }) => find === replace)).toEqual([])
})
