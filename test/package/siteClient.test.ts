import { readFileSync } from "node:fs"
import { brotliCompressSync } from "node:zlib"
import { expect, test } from "vitest"
import { buildAll, folder } from "../../apps/site-client/build.ts"

test("the script files of pages are made of the core and of what is for browsers, and the loader is small", async () => {
  const inputs = await buildAll()
  const foreign = Object.values(inputs)
    .flat()
    .filter((input) => !/^(core\/(browser|engine)|adapters\/browser|apps\/site-client)\//.test(input))
  // One value import of a schema would bring in all of Effect.
  expect(foreign.filter((input) => /node_modules|adapters\/http|core\/(ledger|formats)/.test(input))).toEqual([])
  expect(brotliCompressSync(readFileSync(`${folder}/loader.js`)).byteLength).toBeLessThanOrEqual(2_750)
})
