/**
 * The package in projects of others: next to Effect 3, with the packages of a ledger from the registry, and as each
 * resolution of TypeScript finds its types.
 */
import { readFileSync } from "node:fs"
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as NpmPackage from "../support/packed.ts"

let packed: NpmPackage.Packed

beforeAll(() => {
  packed = NpmPackage.pack()
})
afterAll(() => packed.remove())

const engine = `
  import { Decision, Terms } from "assent"
  const terms = Terms.make({ id: "newsletter", rules: {}, versions: [] })
  console.log(Decision.decide([], terms, 0).status)`

test("the engine is installed, compiled and run next to Effect 3, and the command line says what it needs", () => {
  const folder = packed.folder()
  NpmPackage.install(folder, "effect@3")
  NpmPackage.install(folder, packed.tarball)
  expect(NpmPackage.runScript(folder, engine)).toBe("unknown")
  const node = ["--types", "node", "--typeRoots", `${NpmPackage.root}node_modules/@types`]
  expect(NpmPackage.typeErrors(folder, engine, ...node)).toBe("")
  const assent = (...args: ReadonlyArray<string>) =>
    NpmPackage.run(folder, `${folder}/node_modules/.bin/assent`, ...args)
  expect(assent("--version").status).toBe(0)
  const said =
    /^error: the command line needs packages that are not installed in a version that fits: npm install effect@4 /
  expect(assent("state")).toMatchObject({ status: 1, stderr: expect.stringMatching(said) })
})

test("the command line works with the packages that it asks for", () => {
  const folder = packed.folder()
  NpmPackage.install(folder, packed.tarball)
  const assent = (...args: ReadonlyArray<string>) =>
    NpmPackage.run(folder, `${folder}/node_modules/.bin/assent`, ...args)
  const [, packages = ""] = /npm install (.*)\n$/.exec(assent("state").stderr) ?? []
  NpmPackage.install(folder, ...packages.split(" "))
  for (const command of ["bootstrap", "verify", "export"])
    expect(assent(command, "--store", "sqlite:./consent.db")).toMatchObject({ status: 0 })
})

test("every resolution that knows ES modules finds the types of every subpath", async () => {
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball))))
  if (checked.types === false) throw new Error("no types")
  // Older ones know no subpaths, or see a module that only `import` loads.
  const old = new Set<string>(["node10", "node16-cjs"])
  const problems = checked.problems.filter(
    (problem) => !("resolutionKind" in problem && old.has(problem.resolutionKind)),
  )
  expect(problems).toEqual([])
  expect(Object.keys(checked.entrypoints).length).toBeGreaterThan(12)
})
