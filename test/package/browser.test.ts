import { build } from "esbuild"
import { expect, test } from "vitest"
import manifest from "../../package.json" with { type: "json" }
import { version } from "../../adapters/browser/Client.ts"

const root = new URL("../../", import.meta.url).pathname

const bundle = (entry: string) =>
  build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "iife",
    target: ["chrome111", "firefox115", "safari16.4"],
    write: false,
    metafile: true,
  })

/** What a page may be made of: nothing that imports Effect, or another package. */
const inPage = /^(core\/(engine|browser)|adapters\/browser|apps\/site-client)\//

test.each(["adapters/browser/index.ts", "apps/site-client/client.ts"])(
  "%s bundles with the engine, and nothing but itself",
  async (entry) => {
    const { metafile } = await bundle(entry)
    expect(Object.keys(metafile.inputs).filter((input) => !inPage.test(input))).toEqual([])
  },
)

test("the client tells the version of the package", () => {
  expect(version).toBe(manifest.version)
})
