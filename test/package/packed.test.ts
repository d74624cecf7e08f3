import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { type Server, startEmpty } from "../support/server.ts"

const root = new URL("../../", import.meta.url).pathname
const read = (file: string): string => readFileSync(join(root, file), "utf8")

/** The blocks of a documentation page that are TypeScript and contain `marker`. */
const example = (file: string, marker: string): string => {
  const blocks = [...read(file).matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!)
  const found = blocks.filter((block) => block.includes(marker))
  expect(found).toHaveLength(1)
  return found[0]!
}

/** The output of an example, by the comment after its last line. */
const promised = (code: string): string => /\/\/ (.*)\n$/.exec(code)?.[1] ?? ""

/** The output of an example, by the comments after all lines that print. */
const allPromised = (code: string): string =>
  [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, said]) => said).join("\n")

/** The package as its users get it: packed, unpacked, and imported by name, with its peers installed. */
describe("the package", () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "assent-package-"))
    const modules = join(folder, "node_modules")
    mkdirSync(modules)
    const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: root,
      encoding: "utf8",
    })
    const name = /"filename": "([^"]+)"/.exec(output)?.[1] ?? ""
    execFileSync("tar", ["xzf", join(folder, name), "-C", folder])
    execFileSync("mv", [join(folder, "package"), join(modules, "assent")])
    for (const peer of [
      "effect",
      "@effect",
      "csv-parse",
      "csv-stringify",
      "jose",
      "libphonenumber-js",
      "temporal-polyfill",
      "tr46",
    ]) {
      symlinkSync(join(root, "node_modules", peer), join(modules, peer))
    }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (code: string): string => {
    const file = join(folder, "example.ts")
    writeFileSync(file, code)
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8" }).trim()
  }

  const subpaths = Object.keys(JSON.parse(read("package.json")).exports).filter((path) => path !== "./package.json")

  test("gives every subpath, with its types", () => {
    const names = subpaths.map((subpath) => JSON.stringify(subpath.replace(".", "assent")))
    const imported = names.map((name) => `console.log(JSON.stringify(Object.keys(await import(${name}))))`)
    const given = run(imported.join("\n")).split("\n")
    expect(given).toHaveLength(subpaths.length)
    expect(given).not.toContain("[]")
    for (const { types } of subpaths.map((subpath) => JSON.parse(read("package.json")).exports[subpath])) {
      expect(readFileSync(join(folder, "node_modules", "assent", types), "utf8")).toContain("export")
    }
  })

  test("runs the README's example of embedding, which prints what it says", () => {
    const code = example("README.md", 'from "assent"')
    expect(run(code)).toBe(promised(code))
  })

  test("runs the documentation's example of a ledger on SQLite, which prints what it says", () => {
    const code = example("docs/embedding.md", "assent/sqlite")
    expect(run(code)).toBe("Recorded")
  })

  test("runs the documentation's example of reading a file", () => {
    const code = example("docs/embedding.md", "assent/exchange")
    const given = `const text = '{"items":[{"id":"newsletter","consentDuration":"P13M"}]}'\n`
    expect(run(`${given}${code}console.log(Result.getOrThrow(types)[0]?.consentDuration?.months)`)).toBe("13")
  })

  test("says which of its optional peers is missing", () => {
    const without = mkdtempSync(join(tmpdir(), "assent-package-"))
    onTestFinished(() => rmSync(without, { recursive: true }))
    const modules = join(without, "node_modules")
    mkdirSync(join(modules, "@effect"), { recursive: true })
    execFileSync("cp", ["-r", join(folder, "node_modules", "assent"), modules])
    for (const peer of [
      "effect",
      "@effect/platform-node",
      "csv-parse",
      "jose",
      "libphonenumber-js",
      "temporal-polyfill",
      "tr46",
    ]) {
      symlinkSync(join(root, "node_modules", peer), join(modules, peer))
    }
    const command = join(modules, "assent", JSON.parse(read("package.json")).bin.assent)
    const said = (...words: ReadonlyArray<string>) => {
      const { status, stderr } = spawnSync(process.execPath, [command, ...words], { encoding: "utf8" })
      return `${status} ${stderr}`
    }
    const url = "postgres://user:secret@127.0.0.1:1/ledger"
    expect(said("verify", "--store", url)).toMatch(/^1 error: .*npm install @effect\/sql-pg\n$/)
    expect(said("export", "--help")).toMatch(/^1 error: .*npm install csv-stringify\n$/)
  })

  describe("gives a client", () => {
    const markers = ['u-17", consentType', "let session", "Effect.catchIf(Client.isProblem"]
    const examples = markers.map((marker) => example("docs/http.md", marker))
    let server: Server

    beforeAll(async () => {
      server = await startEmpty({ ASSENT_STORE: "memory:" })
    })
    afterAll(() => server.stop())

    /** An example after the settings that it leaves open. Node's `fetch` belongs to no page, so the Origin is set. */
    const complete = (code: string): string => {
      const { apiKey, consentTypes, organization, project } = server.banner()
      const given = { baseUrl: server.url, apiKey, organizationId: organization, projectId: project }
      const settings = Object.entries({ ...given, consentType: consentTypes[0] })
      const names = settings.map(([name, value]) => `const ${name}: string = ${JSON.stringify(value)}\n`)
      const origin =
        "const { fetch } = globalThis\nglobalThis.fetch = (url, init) =>\n  " +
        "fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), origin: 'http://localhost' } })\n"
      return `${names.join("")}${origin}${code}`
    }

    test.each(examples.map((code) => [allPromised(code), code] as const))(
      "with an example that prints what the documentation says: %s",
      (promised, code) => {
        expect(promised).not.toBe("")
        expect(run(complete(code))).toBe(promised)
      },
    )

    test("with examples that have the types they use, and no misspelt ones", () => {
      const check = (code: string): string => {
        writeFileSync(join(folder, "example.mts"), complete(code))
        const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")]
        const rules = ["--strict", "--exactOptionalPropertyTypes", "--target", "es2024", "--module", "nodenext"]
        const options = ["--ignoreConfig", "--noEmit", "--skipLibCheck", ...rules, ...types, "example.mts"]
        return spawnSync(join(root, "node_modules/.bin/tsc"), options, { cwd: folder, encoding: "utf8" }).stdout
      }
      for (const code of examples) expect(check(code)).toBe("")
      expect(check(examples[0]!.replace("items[0]?.consentState", "items[0]?.consentStat"))).toContain("TS2551")
    })
  })

  test("brings the command line, in the version of the package", () => {
    const main = join(folder, "node_modules", "assent", "dist", "apps", "cli", "main.js")
    const { version } = JSON.parse(read("package.json"))
    expect(execFileSync(process.execPath, [main, "--version"], { encoding: "utf8" }).trim()).toBe(`assent ${version}`)
  })
})
