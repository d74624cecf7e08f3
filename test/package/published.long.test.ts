/**
 * The package as npm installs it: its files, what comes with it, and its command started from `node_modules/.bin`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as NpmPackage from "../support/packed.ts"

const manifest = JSON.parse(readFileSync(join(NpmPackage.root, "package.json"), "utf8"))

let packed: NpmPackage.Packed

beforeAll(() => {
  packed = NpmPackage.pack()
})
afterAll(() => packed.remove())

test("installed in an empty folder it brings four packages, and its command answers", () => {
  const folder = packed.folder()
  NpmPackage.install(folder, packed.tarball)
  const modules = join(folder, "node_modules")
  const inFolder = (name: string) => readdirSync(join(modules, name)).map((each) => `${name}/${each}`)
  const brought = readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => (name.startsWith("@") ? inFolder(name) : name))
  expect(brought.toSorted()).toEqual(["assent", ...NpmPackage.dependencies].toSorted())
  const assent = (...args: ReadonlyArray<string>) => NpmPackage.run(folder, join(modules, ".bin/assent"), ...args)
  expect(assent("--version")).toEqual({ status: 0, stderr: "", stdout: `assent ${manifest.version}\n` })
  expect(assent("--help")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("SUBCOMMANDS") })
  expect(assent("state")).toMatchObject({ status: 1, stderr: expect.stringMatching(/npm install effect@4 /) })
  expect(NpmPackage.runScript(folder, 'console.log(typeof (await import("assent")).Decision.decide)')).toBe("function")
})

describe("the packed files", () => {
  test("are as publint wants them", async () => {
    const tarball = new Uint8Array(readFileSync(packed.tarball)).buffer
    const { messages, pkg } = await publint({ pack: { tarball } })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  test("are the compiled code without maps, the script files, the pages, the examples, and nothing else", () => {
    const { files } = packed
    const isScriptFile = (file: string): boolean => file.startsWith("dist/site-client/")
    const endingsOf = (some: ReadonlyArray<string>) =>
      [...new Set(some.map((file) => /(\.d)?\.\w+$/.exec(file)?.[0]))].toSorted()
    const built = files.filter((file) => file.startsWith("dist/"))
    expect(endingsOf(built.filter((file) => !isScriptFile(file)))).toEqual([".d.ts", ".js", ".json"])
    // Compressed when they are built, because a server answers them as they are.
    expect(endingsOf(built.filter(isScriptFile))).toEqual([".br", ".gz", ".js", ".json"])
    expect(files.filter((file) => file.startsWith("docs/") && file.endsWith(".ts"))).toEqual([])
    expect(files.filter((file) => file.includes("node_modules"))).toEqual([])
    const tops = files.filter((file) => !file.includes("/"))
    expect(tops.toSorted()).toEqual([
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "NOTICE",
      "README.md",
      "SECURITY.md",
      "package.json",
    ])
    const compiled = files.filter((file) => file.endsWith(".js"))
    const project = packed.project([])
    const text = (file: string) => readFileSync(join(project.folder, "node_modules/assent", file), "utf8")
    expect(compiled.filter((file) => text(file).includes("sourceMappingURL"))).toEqual([])
  })

  test("have no link to a file that is not among them, but for the sources", () => {
    const { files, project } = packed
    const place = join(project([]).folder, "node_modules/assent")
    const links = files
      .filter((file) => file.endsWith(".md"))
      .flatMap((page) =>
        [...readFileSync(join(place, page), "utf8").matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)].map(([, target]) => ({
          page,
          target: normalize(join(dirname(page), target!)),
          isLocal: !/^[a-z]+:/.test(target!),
        })),
      )
      .filter(({ isLocal }) => isLocal)
    expect(links.length).toBeGreaterThan(40)
    const missing = links.filter(({ target }) => !/^(core|adapters|apps|test)\//.test(target))
    expect(missing.filter(({ target }) => !existsSync(join(place, target)))).toEqual([])
  })
})
