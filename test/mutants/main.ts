/**
 * Tries the mutants of the code: `npm run mutants -- [part] [text]`. `--help` lists the parts.
 *
 * Changes a copy of the project in a temporary folder, one mutant at a time, and runs the tests that must fail then.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import type { Mutant, Part } from "./Mutant.ts"
import { parts } from "./parts.ts"

const root = join(import.meta.dirname, "../..")
const vitest = join(root, "node_modules/vitest/vitest.mjs")

const help = `Changes one place of the code at a time and shows that tests fail for each change.

npm run mutants                    all mutants
npm run mutants -- <part>          the mutants of a part
npm run mutants -- <part> <text>   those of them whose line contains the text

Exits with 1 if a mutant survives a test that should kill it, and with 2 if there is no such mutant.

${Object.entries(parts)
  .map(([name, { folder, mutants }]) => `${name.padEnd(12)} ${String(mutants.length).padStart(3)}  ${folder}`)
  .join("\n")}`

/** The mutated code may loop for ever: a run of the tests that lasts longer counts as failed. */
const timeLimitMillis = 120_000

interface Test {
  readonly name: string
  readonly file: string
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

/** Copies every file that is not ignored, and links the installed packages. */
const copyProject = (): string => {
  const copy = mkdtempSync(join(tmpdir(), "mutants-"))
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  for (const file of listed.toString().split("\0")) {
    if (file !== "") cpSync(join(root, file), join(copy, file), { force: true })
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  return copy
}

/** All tests of a part, by collecting them: the titles of many are made in loops. */
const testsOf = (part: Part, copy: string): ReadonlyArray<Test> => {
  const list = join(copy, "tests.json")
  const options = ["--config", "vitest.workspace.ts", "--mode", "all", "--no-static-parse", `--json=${list}`]
  spawnSync(process.execPath, [vitest, "list", ...options, ...part.tests], { cwd: copy })
  const tests: ReadonlyArray<Test> = JSON.parse(readFileSync(list, "utf8"))
  return tests.map(({ name, file }) => ({ name, file: relative(copy, file) }))
}

const isNamed = ({ name }: Test, killer: string): boolean => name.startsWith(killer) || name.includes(` > ${killer}`)

/** The first test, named by its first words, whose status is not as expected; each must have run. */
const firstNot = (
  expected: "passed" | "failed",
  killers: ReadonlyArray<string>,
  tests: ReadonlyArray<Test>,
  copy: string,
  limitMillis: number,
): string | undefined => {
  const files = new Set(tests.filter((test) => killers.some((killer) => isNamed(test, killer))).map(({ file }) => file))
  const unknown = killers.find((killer) => !tests.some((test) => isNamed(test, killer)))
  if (unknown !== undefined) return `${unknown} (names no test)`
  const report = join(copy, "report.json")
  rmSync(report, { force: true })
  const pattern = killers.map((killer) => killer.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")
  const options = [
    "--config",
    "vitest.workspace.ts",
    "--mode",
    "all",
    "--reporter=json",
    `--outputFile=${report}`,
    "-t",
    pattern,
  ]
  const run = spawnSync(process.execPath, [vitest, "run", ...options, ...files], { cwd: copy, timeout: limitMillis })
  if (run.error !== undefined) return expected === "failed" ? undefined : run.error.message
  const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"))
  const results = testResults.flatMap((file) => file.assertionResults)
  /** Several tests can begin with the same words, for example one for each store: whether one of them failed. */
  const statusOf = (killer: string): string => {
    const statuses = results.filter(({ title }) => title.startsWith(killer)).map(({ status }) => status)
    return statuses.find((status) => status === "failed") ?? statuses[0] ?? "did not run"
  }
  const found = killers.find((killer) => statusOf(killer) !== expected)
  return found === undefined ? undefined : `${found} (${statusOf(found)})`
}

const lineOf = ({ folder }: Part, [file, find, replace]: Mutant): string =>
  `${folder}/${file}: ${find} -> ${replace === "" ? "(nothing)" : replace}`.replaceAll("\n", " ")

/** Why the mutant is not killed; `undefined` if it is. */
const reasonAlive = (
  { folder }: Part,
  [file, find, replace, ...killedBy]: Mutant,
  tests: ReadonlyArray<Test>,
  copy: string,
): string | undefined => {
  const path = join(copy, folder, file)
  const source = readFileSync(path, "utf8")
  if (source.split(find).length !== 2) return "the text is not exactly once in the file"
  writeFileSync(
    path,
    source.replace(find, () => replace),
  )
  const survived = firstNot("failed", killedBy, tests, copy, timeLimitMillis)
  writeFileSync(path, source)
  return survived
}

/** Prints why no mutant is tried, with the usage; the exit code. */
const refuse = (reason: string): number => {
  console.error(`${reason}\n\n${help}`)
  return 2
}

const main = (name: string | undefined, text = ""): number => {
  const asked = Object.entries(parts)
    .filter(([part]) => name === undefined || part === name)
    .map(([part, of]) => ({ part, of, mutants: of.mutants.filter((mutant) => lineOf(of, mutant).includes(text)) }))
  const total = asked.reduce((sum, { mutants }) => sum + mutants.length, 0)
  if (total === 0) return refuse(`No mutant of ${name ?? "the code"} has "${text}" in its line.`)
  const copy = copyProject()
  const table: Array<string> = []
  let tried = 0
  let isFailed = false
  try {
    for (const { part, of, mutants } of asked) {
      if (mutants.length === 0) continue
      const tests = testsOf(of, copy)
      const killers = [...new Set(mutants.flatMap(([, , , ...killedBy]) => killedBy))]
      const broken = firstNot("passed", killers, tests, copy, 5 * timeLimitMillis)
      if (broken !== undefined) console.log(`${part} fails without any mutant: ${broken}`)
      let killed = 0
      for (const mutant of broken === undefined ? mutants : []) {
        const alive = reasonAlive(of, mutant, tests, copy)
        if (alive === undefined) killed += 1
        const fate = alive === undefined ? "killed  " : "SURVIVED"
        console.log(`${++tried}/${total} ${fate} ${lineOf(of, mutant)}${alive === undefined ? "" : `: ${alive}`}`)
      }
      isFailed ||= killed < mutants.length
      table.push(`${part.padEnd(12)} ${killed}/${mutants.length}`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  console.log(`\npart         killed/tried\n${table.join("\n")}`)
  return isFailed ? 1 : 0
}

const [name, text] = process.argv.slice(2)
if (name === "--help" || name === "-h") console.log(help)
else if (name !== undefined && !Object.hasOwn(parts, name)) process.exitCode = refuse(`There is no part "${name}".`)
else process.exitCode = main(name, text)
