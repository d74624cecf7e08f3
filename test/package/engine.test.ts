import { gzipSync } from "node:zlib"
import { globSync, readFileSync } from "node:fs"
import { build } from "esbuild"
import { expect, test } from "vitest"

const root = new URL("../../", import.meta.url).pathname
const core = new URL("../../core/", import.meta.url)

test("the engine bundles to at most 8 kB, minified and compressed, with nothing but itself", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [new URL("index.ts", core).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
  })
  // One value import of a schema would bring in all of Effect: the size and the names would show it here.
  expect(Object.keys(metafile.inputs).filter((input) => !/^core\/(index|engine\/\w+)\.ts$/.test(input))).toEqual([])
  expect(gzipSync(outputFiles[0]!.contents).byteLength).toBeLessThanOrEqual(8 * 1024)
})

test("the engine has no clock, no randomness, no input or output", () => {
  const impure = /Date\.now|new Date\(\)|Math\.random|\bcrypto\b|\bprocess\b|\bconsole\b|setTimeout|from "node:/
  const files = globSync("{engine,model,formats,simulation}/*.ts", { cwd: core.pathname })
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => impure.test(readFileSync(new URL(file, core), "utf8")))).toEqual([])
})

test("a thread loads nothing but its own part: no other package, but those that read tables and manifests", async () => {
  const threads = globSync("adapters/*/*Thread.ts", { cwd: root })
  expect(threads.length).toBeGreaterThan(3)
  // One value import of a port would bring in all of Effect, and every process would take twice as long to open a
  // ledger.
  for (const thread of threads) {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [thread],
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["@duckdb/node-api", "csv-parse", "yaml"],
      write: false,
      metafile: true,
    })
    expect(Object.keys(metafile.inputs).filter((input) => input.includes("node_modules/"))).toEqual([])
  }
})
