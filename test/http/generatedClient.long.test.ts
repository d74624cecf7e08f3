/**
 * `/openapi.json` as another project uses it: `examples/openapi-client` with types made by openapi-typescript, checked
 * by a TypeScript of its own, and run against the real server. It uses no code of Assent.
 */
import { execFileSync, spawnSync } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startEmpty } from "../support/server.ts"
import { served } from "../support/served.ts"

const example = join(import.meta.dirname, "../../examples/openapi-client")

/** Where npm has installed a package that the example depends on: in its own folder, or in one above. */
const installed = (name: string, from = example): string => {
  const path = join(from, "node_modules", name)
  return existsSync(path) ? path : installed(name, dirname(from))
}

const program = (name: string, file: string): string => join(installed(name), file)

describe("a client generated from the description", () => {
  const server = served(() => startEmpty({ ASSENT_STORE: "memory:" }))
  let folder: string
  const scenario = readFileSync(join(example, "scenario.ts"), "utf8")

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "assent-generated-"))
    mkdirSync(join(folder, "node_modules", "@types"), { recursive: true })
    for (const name of ["openapi-fetch", "@types/node"]) {
      symlinkSync(installed(name), join(folder, "node_modules", name))
    }
    for (const file of ["package.json", "tsconfig.json"]) copyFileSync(join(example, file), join(folder, file))
    const generator = program("openapi-typescript", "bin/cli.js")
    const types = join(folder, "api.d.ts")
    execFileSync(process.execPath, [generator, `${server.url}/openapi.json`, "--output", types], { stdio: "pipe" })
  })

  afterAll(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  /** Changes of the one place with a text, and the name that the compiler then reports. */
  const misspellings = [
    ["a misspelt member of a body", 'consentState: "declined"', 'consentStat: "declined"', "consentStat"],
    ["a state there is none", 'consentState: "declined"', 'consentState: "refused"', '"refused"'],
    ["a misspelt query parameter", "query: { concordId:", "query: { concordID:", "concordID"],
    ["a misspelt path parameter", "onSite = { projectId:", "onSite = { projectID:", "projectId"],
    ["a path there is none", '"/site-v1/{projectId}/session"', '"/site-v1/{projectId}/sessions"', "sessions"],
    ["a misspelt member of an answer", "visitor.session }", "visitor.sesion }", "sesion"],
    ["a misspelt member of an error", "error?.statusCode", "error?.statuscode", "statuscode"],
  ] as const

  /** The messages of the example's own compiler about the scenario and every misspelt one, by file; it runs once. */
  let complaints: ReadonlyArray<string>
  beforeAll(() => {
    const texts = misspellings.map(([, from, to]) => {
      expect(scenario.split(from)).toHaveLength(2)
      return scenario.replace(from, to)
    })
    const files = [scenario, ...texts].map((text, index) => {
      writeFileSync(join(folder, `scenario${index}.ts`), text)
      return `scenario${index}.ts`
    })
    writeFileSync(join(folder, "every.json"), JSON.stringify({ extends: "./tsconfig.json", files }))
    const compiler = program("typescript", "bin/tsc")
    const flags = ["--project", "every.json", "--pretty", "false"]
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, ...flags], { cwd: folder })
    expect(stderr.toString()).toBe("")
    complaints = stdout.toString().split(/^(?=\S)/m)
  })
  const about = (index: number): string => complaints.filter((each) => each.startsWith(`scenario${index}.ts(`)).join("")

  test("has types that the scenario fits", () => {
    expect(about(0)).toBe("")
    expect(complaints.filter((each) => !each.startsWith("scenario")).join("")).toBe("")
  })

  test.each(misspellings.map(([what, , , named], index) => [what, index + 1, named] as const))(
    "has types that do not fit %s",
    (_, index, named) => {
      const message = about(index)
      expect(message).toMatch(/^scenario\d+\.ts\(\d+,\d+\): error TS/)
      expect(message).toContain(named)
    },
  )

  test("does against the server what it says", () => {
    const { apiKey, consentTypes, organization, project } = server.banner()
    const output = execFileSync(process.execPath, [join(folder, "scenario0.ts")], {
      encoding: "utf8",
      env: {
        ASSENT_URL: server.url,
        ASSENT_ORGANIZATION: organization,
        ASSENT_PROJECT: project,
        ASSENT_API_KEY: apiKey,
        ASSENT_CONSENT_TYPE: consentTypes[0],
      },
    })
    expect(output.trim().split("\n")).toEqual([
      "recorded accepted",
      "the server sees accepted",
      "the visitor sees declined",
      "decided withdrawn",
      "refused 422 unknown_consent_type",
    ])
  })

  test("imports nothing of Assent, and has the versions its package says", () => {
    const imports = [...scenario.matchAll(/from "([^"]+)"/g)].map(([, from]) => from)
    expect(imports).toEqual(["openapi-fetch", "./api.d.ts"])
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(example, "package.json"), "utf8"))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(JSON.parse(readFileSync(program(name, "package.json"), "utf8")).version).toBe(version)
    }
  })
})
