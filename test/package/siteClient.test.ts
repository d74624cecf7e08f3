import { readFileSync } from "node:fs"
import { brotliCompressSync } from "node:zlib"
import { expect, test } from "vitest"
import { buildAll, folder } from "../../apps/site-client/build.ts"

test("the script files of pages are made of the core and of what is for browsers, and are small", async () => {
  const inputs = await buildAll()
  const foreign = Object.values(inputs)
    .flat()
    .filter((input) => !/^(core\/(browser|engine)|adapters\/browser|apps\/site-client)\//.test(input))
  // One value import of a schema would bring in all of Effect.
  expect(foreign.filter((input) => /node_modules|adapters\/http|core\/(ledger|formats)/.test(input))).toEqual([])
  const { files } = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"))
  const sizeOf = (name: string): number => readFileSync(`${folder}/${files[name].sha256}.js.br`).byteLength
  const loader = brotliCompressSync(readFileSync(`${folder}/loader.js`)).byteLength
  expect(loader).toBeLessThanOrEqual(2_560)
  expect(sizeOf("client")).toBeLessThanOrEqual(9_560)
  expect(sizeOf("later")).toBeLessThanOrEqual(2_650)
  expect(sizeOf("banner")).toBeLessThanOrEqual(3_072)
  expect(sizeOf("preferences")).toBeLessThanOrEqual(5_120)
  // What a first view with a banner loads.
  expect(loader + sizeOf("client") + sizeOf("banner")).toBeLessThanOrEqual(15_170)
})
