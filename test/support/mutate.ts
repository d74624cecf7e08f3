/**
 * Tries every mutant against the tests that should kill it: `node test/support/mutate.ts [word of a file or line]`.
 *
 * Works in a copy in a temporary folder. Prints a line for each mutant; exits with 1 if one survives one of its tests.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mutants } from "./mutants.ts"

const root = join(import.meta.dirname, "../..")
const copy = mkdtempSync(join(tmpdir(), "mutants-"))

/** A mutant that never ends counts as killed. */
const timeLimitMillis = 120_000

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

/** The projects of `vitest.workspace.ts` whose tests kill the mutants of a file. */
const projectsOf = (file: string): ReadonlyArray<string> =>
  file.startsWith("adapters/") ? ["--project=http"] : ["--project=laws", "--project=core"]

/** The first of the tests, named by their first words, that did not do as expected; each must have run. */
const firstNot = (
  expected: "passed" | "failed",
  names: ReadonlyArray<string>,
  projects: ReadonlyArray<string>,
): string | undefined => {
  const pattern = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "vitest.workspace.ts"]
  const report = join(copy, "report.json")
  rmSync(report, { force: true })
  const options = [...projects, "--reporter=json", `--outputFile=${report}`, "-t", pattern]
  const run = spawnSync(process.execPath, [...vitest, ...options], { cwd: copy, timeout: timeLimitMillis })
  if (run.error !== undefined) return expected === "failed" ? undefined : run.error.message
  const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"))
  const tests = testResults.flatMap((file) => file.assertionResults)
  const statusOf = (name: string) => tests.find(({ title }) => title.startsWith(name))?.status ?? "did not run"
  const name = names.find((name) => statusOf(name) !== expected)
  return name === undefined ? undefined : `${name} (${statusOf(name)})`
}

let isFailed = false
const print = (isFine: boolean, line: string): void => {
  isFailed ||= !isFine
  console.log(line)
}

try {
  for (const part of [
    "adapters",
    "apps",
    "core",
    "test/laws",
    "test/core",
    "test/http",
    "test/support",
    "package.json",
    "tsconfig.base.json",
    "vitest.workspace.ts",
  ]) {
    cpSync(join(root, part), join(copy, part), { recursive: true })
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  const projects = new Set(mutants.flatMap(({ file }) => projectsOf(file)))
  const broken = firstNot("passed", [...new Set(mutants.flatMap(({ killedBy }) => killedBy))], [...projects])
  if (broken !== undefined) print(false, `fails without any mutant: ${broken}`)

  const word = process.argv[2] ?? ""
  for (const { file, find, replace, killedBy } of mutants) {
    const line = `${file}: ${find} -> ${replace === "" ? "(nothing)" : replace}`
    if (isFailed && broken !== undefined) break
    if (!line.includes(word)) continue
    const path = join(copy, file.startsWith("adapters/") ? "" : "core", file)
    const source = readFileSync(path, "utf8")
    if (source.split(find).length !== 2) {
      print(false, `not exactly once   ${line}`)
      continue
    }
    writeFileSync(
      path,
      source.replace(find, () => replace),
    )
    const survived = firstNot("failed", killedBy, projectsOf(file))
    print(survived === undefined, survived === undefined ? `killed   ${line}` : `SURVIVED ${line}: ${survived}`)
    writeFileSync(path, source)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
process.exitCode = isFailed ? 1 : 0
