/**
 * Tries every mutant against the tests that should kill it: `node test/support/mutate.ts [word of a path or line]`.
 *
 * Works in a copy in a temporary folder. Prints a line for each mutant; exits with 1 if one survives one of its tests.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Mutant, mutants, type Part, parts } from "./mutants.ts"

const root = join(import.meta.dirname, "../..")
const copy = mkdtempSync(join(tmpdir(), "mutants-"))

/** A mutant that never ends counts as killed. */
const timeLimitMillis = 120_000

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

/** The first of a part's tests, named by their first words, that did not do as expected; each must have run. */
const firstNot = (part: Part, expected: "passed" | "failed", names: ReadonlyArray<string>): string | undefined => {
  const pattern = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "vitest.workspace.ts"]
  const report = join(copy, "report.json")
  rmSync(report, { force: true })
  const options = [...parts[part], "--reporter=json", `--outputFile=${report}`, "-t", pattern]
  const run = spawnSync(process.execPath, [...vitest, ...options], { cwd: copy, timeout: timeLimitMillis })
  if (run.error !== undefined) return expected === "failed" ? undefined : run.error.message
  const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"))
  const tests = testResults.flatMap((file) => file.assertionResults)
  /** Of the tests that begin so, as where one is run over several stores: whether one has failed. */
  const statusOf = (name: string) => {
    const statuses = tests.filter(({ title }) => title.startsWith(name)).map(({ status }) => status)
    return statuses.find((status) => status === "failed") ?? statuses[0] ?? "did not run"
  }
  const name = names.find((name) => statusOf(name) !== expected)
  return name === undefined ? undefined : `${name} (${statusOf(name)})`
}

let isFailed = false
const print = (isFine: boolean, line: string): void => {
  isFailed ||= !isFine
  console.log(line)
}

try {
  for (const folder of [
    "adapters",
    "apps",
    "core",
    "docs",
    "test/laws",
    "test/contract",
    "test/core",
    "test/cli",
    "test/faults",
    "test/http",
    "test/faults",
    "test/support",
    "rule-packs",
    "package.json",
    "tsconfig.base.json",
    "vitest.workspace.ts",
  ]) {
    cpSync(join(root, folder), join(copy, folder), { recursive: true })
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  const word = process.argv[2] ?? ""
  const nameOf = ({ part = "core", file, find, replace }: Mutant): string =>
    `${part}/${file}: ${find} -> ${replace === "" ? "(nothing)" : replace}`.replaceAll("\n", " ")
  const asked = mutants.filter((mutant) => nameOf(mutant).includes(word))
  const isSound = Object.keys(parts).every((part) => {
    const names = asked.filter((mutant) => (mutant.part ?? "core") === part).flatMap(({ killedBy }) => killedBy)
    const broken = names.length === 0 ? undefined : firstNot(part as Part, "passed", [...new Set(names)])
    if (broken !== undefined) print(false, `fails without any mutant: ${broken}`)
    return broken === undefined
  })

  for (const mutant of isSound ? asked : []) {
    const { part = "core", file, find, replace, killedBy } = mutant
    const line = nameOf(mutant)
    const path = join(copy, part, file)
    const source = readFileSync(path, "utf8")
    if (source.split(find).length !== 2) {
      print(false, `not exactly once   ${line}`)
      continue
    }
    writeFileSync(
      path,
      source.replace(find, () => replace),
    )
    const survived = firstNot(part, "failed", killedBy)
    print(survived === undefined, survived === undefined ? `killed   ${line}` : `SURVIVED ${line}: ${survived}`)
    writeFileSync(path, source)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
process.exitCode = isFailed ? 1 : 0
