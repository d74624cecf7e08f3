import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Peers from "../../adapters/support/Peers.ts"
import * as Commands from "../../apps/cli/Commands.ts"
import * as NpmPackage from "../support/packed.ts"
import { type Server, startEmpty } from "../support/server.ts"

const read = (file: string): string => readFileSync(join(NpmPackage.root, file), "utf8")
const manifest = JSON.parse(read("package.json"))

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

/** A row of the table of docs/embedding.md: parts, and the packages that its command installs. */
interface Row {
  readonly parts: string
  readonly subpaths: ReadonlyArray<string>
  readonly packages: ReadonlyArray<string>
}

const rows: ReadonlyArray<Row> = [...read("docs/embedding.md").matchAll(/^\| (.+?) +\| .+ \| (\S.*?) +\|$/gm)]
  .filter(([, , needs]) => needs === "nothing" || needs!.startsWith("`npm install "))
  .map(([, parts, needs]) => ({
    parts: parts!,
    subpaths: parts!.startsWith("`") ? parts!.replaceAll("`", "").split(", ") : [],
    packages: needs === "nothing" ? [] : needs!.replaceAll("`", "").split(" ").slice(2),
  }))

/** The rows of subpaths, by what they need. */
const byPackages = [
  ...Map.groupBy(
    rows.filter(({ subpaths }) => subpaths.length > 0),
    ({ packages }) => packages.join(" "),
  ),
].map(
  ([needs, rows]) => [rows.flatMap(({ subpaths }) => subpaths).join(", "), needs.split(" ").filter(Boolean)] as const,
)

const nameOf = (argument: string): string => argument.replace(/(?<!^)@.*/, "")

/** The packages that the table names for a part. */
const packagesOf = (part: string): ReadonlyArray<string> =>
  rows.find(({ parts, subpaths }) => subpaths.includes(part) || parts === part)!.packages.map(nameOf)

/** The package as its users get it: packed, unpacked, and imported by name, in a project with few other packages. */
describe("the package", () => {
  let packed: NpmPackage.Packed
  let whole: NpmPackage.Project

  beforeAll(() => {
    packed = NpmPackage.pack()
    whole = packed.project(["effect", "@effect/platform-node"])
  })

  afterAll(() => packed.remove())

  const subpaths = Object.keys(manifest.exports).filter((path) => path !== "./package.json")

  test("has one row in the table of docs/embedding.md for each subpath, which installs versions that fit", () => {
    expect(rows.flatMap((row) => row.subpaths).toSorted()).toEqual(
      subpaths.map((subpath) => subpath.replace(".", "assent")).toSorted(),
    )
    for (const argument of rows.flatMap(({ packages }) => packages))
      expect(argument).toBe(Peers.installed(nameOf(argument)))
  })

  test.each(byPackages)("gives %s, with the packages that the table names and no other", (parts, packages) => {
    const subpaths = parts.split(", ")
    const imported = subpaths.map((path) => `console.log(Object.keys(await import("${path}")).length > 0)`)
    expect(packed.project(packages.map(nameOf)).run(imported.join("\n")).split("\n")).toEqual(
      subpaths.map(() => "true"),
    )
  })

  test("runs the README's example of embedding, which prints what it says", () => {
    const code = example("README.md", 'from "assent"')
    expect(packed.project([]).run(code)).toBe(promised(code))
  })

  test("has types of the engine that need no other package", () => {
    const project = packed.project([])
    const code = example("README.md", 'from "assent"')
    expect(NpmPackage.typeErrors(project.folder, code)).toBe("")
    expect(NpmPackage.typeErrors(project.folder, code.replace("accepted:", "acepted:"))).toContain("TS2345")
  })

  test("runs the documentation's example of a ledger on SQLite, which prints what it says", () => {
    const code = example("docs/embedding.md", "assent/sqlite")
    const project = packed.project(packagesOf("assent/ledger"))
    expect(project.run(code)).toBe("Recorded")
  })

  test("keeps a ledger for a program without Effect, with types that need none, and says what its handler needs", () => {
    const types = ["--types", "node", "--typeRoots", join(NpmPackage.root, "node_modules/@types")]
    const code = `
      import { open } from "assent/open"
      const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
      const warned: Array<string> = []
      const onWarning = (message: string) => void warned.push(message)
      const ledger = await open("sqlite:./open.db", { name: "Shop", types: [newsletter], onWarning })
      const jo = { email: "jo@example.com" }
      await ledger.record({ ...newsletter, ...jo, consentState: "accepted", consentAction: "user_click" })
      console.log((await ledger.decide(jo)).map(({ label, status }) => label + " " + status).join())
      console.log(await ledger.handler(new Request("http://localhost/livez")).then(({ status }) => status, String))
      console.log(warned.filter((each) => each.includes("npm install")).join())
      await ledger.close()`
    expect(NpmPackage.typeErrors(packed.project([]).folder, code, ...types)).toBe("")
    // A server may answer 500 without a word of the error, so it is a warning, too.
    const [answer, handled, warned] = packed.project(packagesOf("assent/open")).run(code).split("\n")
    expect(answer).toBe("newsletter given")
    expect([handled, warned]).toEqual([`OpenError: ${warned}`, expect.stringContaining("npm install")])
    expect(packed.project(packagesOf("assent/http/server")).run(code).split("\n")).toEqual(["newsletter given", "200"])
  })

  test("runs the documentation's example of reading a file", () => {
    const code = example("docs/embedding.md", "assent/exchange")
    const given = `const text = '{"items":[{"id":"newsletter","consentDuration":"P13M"}]}'\n`
    const shown = "console.log(Result.getOrThrow(types)[0]?.consentDuration?.months)"
    expect(packed.project(packagesOf("assent/exchange")).run(`${given}${code}${shown}`)).toBe("13")
  })

  test("runs a simulation over its own example, and says what a report needs", () => {
    const project = packed.project(packagesOf("assent/simulate"))
    const ledger = "./node_modules/assent/examples/simulations/ledger"
    const code = (more: string): string =>
      `import { simulate } from "assent/simulate"
      const summary = simulate({
        events: "${ledger}/events.ndjson", types: "${ledger}/types.json", from: "2026-01-01", until: "2028-01-01",
        candidate: { rules: [{ match: {}, rules: { maxAge: { accepted: "P6M" } } }] }, ${more}
      })
      console.log(await summary.then(({ population }) => population.people, ({ message }) => message))`
    expect(project.run(code(""))).toBe("5")
    expect(project.run(code('report: "report.html"'))).toBe(
      `report: needs packages that are not installed: npm install ${["@observablehq/plot", "linkedom"].map(Peers.installed).join(" ")}`,
    )
  })

  describe("brings the command line, which", () => {
    test("answers --version and --help without any package", () => {
      const project = packed.project([])
      for (const flag of ["--version", "-v"])
        expect(project.assent(flag)).toEqual({ status: 0, stderr: "", stdout: `assent ${manifest.version}\n` })
      const { status, stderr, stdout } = project.assent("--help")
      expect([status, stderr]).toEqual([0, ""])
      for (const [name, { summary }] of Object.entries(Commands.all))
        expect(stdout).toContain(`  ${name}`.padEnd(18) + summary)
    })

    test("names all packages that are missing, and the command that installs them", () => {
      const missing = (packages: string) =>
        `error: the command line needs packages that are not installed: npm install ${packages}\n`
      const everything = rows.find(({ parts }) => parts === "the command `assent`")!.packages
      expect(packed.project([]).assent("verify")).toEqual({
        status: 1,
        stdout: "",
        stderr: missing(everything.join(" ")),
      })
      const project = packed.project(["effect", "@effect/platform-node"])
      expect(project.assent("import", "history.csv")).toMatchObject({
        status: 1,
        stderr: missing(everything.slice(2).join(" ")),
      })
    })

    test("answers from files without the packages of other commands", () => {
      const ledger = "node_modules/assent/examples/simulations/ledger"
      const words = ["decisions", "--types", `${ledger}/types.json`, "--events", `${ledger}/events.ndjson`]
      const { status, stderr, stdout } = whole.assent(...words)
      expect([status, stderr]).toEqual([0, ""])
      expect(stdout).toContain('"status":"given"')
    })

    test("says what PostgreSQL needs, without the URL", () => {
      expect(whole.assent("verify", "--store", "postgres://user:secret@127.0.0.1:1/ledger")).toEqual({
        status: 1,
        stdout: "",
        stderr: `error: --store: PostgreSQL needs a package that is not installed: npm install ${Peers.installed("@effect/sql-pg")}\n`,
      })
    })
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
        expect(whole.run(complete(code))).toBe(promised)
      },
    )

    test("with examples that have the types they use, and no misspelt ones", () => {
      const types = ["--skipLibCheck", "--types", "node", "--typeRoots", join(NpmPackage.root, "node_modules/@types")]
      const check = (code: string): string => NpmPackage.typeErrors(whole.folder, complete(code), ...types)
      for (const code of examples) expect(check(code)).toBe("")
      expect(check(examples[0]!.replace("items[0]?.consentState", "items[0]?.consentStat"))).toContain("TS2551")
    })
  })
})
