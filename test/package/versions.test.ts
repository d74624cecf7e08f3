import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import * as Peers from "../../adapters/support/Peers.ts"
import * as NodeVersion from "../../apps/cli/NodeVersion.ts"

const root = new URL("../../", import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

describe("the optional packages", () => {
  test("are peers of any version, so that the engine can be installed next to any", () => {
    const names = Object.keys(Peers.ranges)
    expect(manifest.peerDependencies).toEqual(Object.fromEntries(names.map((name) => [name, "*"])))
    expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(names.map((name) => [name, { optional: true }])))
  })

  test("fit in the versions that the tests run with", () => {
    for (const [name, range] of Object.entries(Peers.ranges))
      expect([name, Peers.fits(manifest.devDependencies[name], range)]).toEqual([name, true])
  })

  test.each([
    ["4.1.0", "^4.1.0", true],
    ["4.1.3", "^4.1.0", true],
    ["4.2.0", "^4.1.5", true],
    ["4.0.9", "^4.1.0", false],
    ["4.1.0", "^4.1.1", false],
    ["3.22.4", "^4.1.0", false],
    ["5.1.0", "^4.1.0", false],
    ["4.2.0-beta.1", "^4.1.0", false],
    ["1.5.5-r.5", "1.5.5-r.5", true],
    ["1.5.5-r.6", "1.5.5-r.5", false],
  ])("%s fits %s: %s", (version, range, expected) => {
    expect(Peers.fits(version, range)).toBe(expected)
  })
})

test.each([
  ["Cannot find package 'effect' imported from /x/y.js", "effect"],
  ["Cannot find package '@effect/sql-pg' imported from /x/y.js", "@effect/sql-pg"],
  ["Cannot find package '/x/node_modules/effect/index.js' imported from /x/y.js", undefined],
  ["Cannot find module '/x/z.js' imported from /x/y.js", undefined],
])("%s is about %s", (message, expected) => {
  expect(MissingPackage.nameOf(Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" }))).toBe(expected)
  expect(MissingPackage.nameOf(new Error(message))).toBeUndefined()
})

test.each([
  ["22.19.0", true],
  ["24.0.0", true],
  ["22.18.9", false],
  ["20.20.2", false],
])("Node.js %s is new enough: %s", (version, expected) => {
  expect(NodeVersion.fits(version, manifest.engines.node)).toBe(expected)
})
