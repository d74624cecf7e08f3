/**
 * The worked examples of `examples/simulations/`, run as a reader would run them.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const path = (name: string): string => fileURLToPath(new URL(`../../examples/simulations/${name}.ts`, import.meta.url))

it.each([
  ["shorter-consent", "4 of 5 people would have to say yes again\n"],
  ["new-version", "2099-03-31: 3 must be asked again\n"],
  [
    "rule-pack",
    "5 × an accepted answer has expired\n" +
      "2 × a refusal decides and has lapsed: it may be asked about again\n" +
      "1 × a withdrawal decides and has lapsed: it may be asked about again\n",
  ],
])("%s.ts says what it is said to say, in about ten lines", (name, expected) => {
  expect(execFileSync(process.execPath, [path(name)], { encoding: "utf8" })).toBe(expected)
  expect(readFileSync(path(name), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(15)
})
