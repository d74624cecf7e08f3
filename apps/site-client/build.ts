/**
 * Builds the script files of pages into `dist/site-client`: `node apps/site-client/build.ts`.
 *
 * A file is named by the SHA-256 of its bytes, and has its two compressed forms next to it, because a server answers
 * them and compresses nothing. The loader is a script with a hole, which the server fills with the configuration of a
 * project. `manifest.json` names the files; it is written last, so that a server that reads it finds them.
 */
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { build, type Plugin } from "esbuild"

/** The files that pages load by their hash, besides the loader. */
const entries = ["client", "later", "banner", "preferences", "widget"] as const

/** What the loader calls its configuration: declared in `loader.ts`, and defined nowhere. */
const hole = "__ASSENT_CONFIGURATION__"

/** The files of this build and of earlier ones. */
const isHashed = /^[0-9a-f]{64}\.js/

const root = join(import.meta.dirname, "../..")

/** The folder that the files are built into. */
export const folder = join(root, "dist/site-client")

/** Takes the line ends out of style sheets: esbuild does not look into texts, and they are 24 bytes of the banner. */
const styles: Plugin = {
  name: "styles",
  setup: ({ onLoad }) =>
    onLoad({ filter: /widget\/\w*[sS]tyle\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/([{};,])\n/g, "$1"),
      loader: "ts",
    })),
}

const bundled = async (entry: string): Promise<{ readonly bytes: Uint8Array; readonly inputs: Array<string> }> => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`apps/site-client/${entry}.ts`],
    bundle: true,
    minify: true,
    plugins: [styles],
    format: "iife",
    platform: "browser",
    target: ["chrome111", "firefox115", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    write: false,
    metafile: true,
    // The package says that its modules have no effects; those that this one imports are all that it is made of.
    ignoreAnnotations: entry === "widget",
    logLevel: "error",
  })
  return { bytes: outputFiles[0]!.contents, inputs: Object.keys(metafile.inputs) }
}

const hashOf = (algorithm: string, bytes: Uint8Array, encoding: "base64" | "hex"): string =>
  createHash(algorithm).update(bytes).digest(encoding)

/** The compressed forms of a file, as small as they can be made, because they are made once. */
const compressed = (bytes: Uint8Array) => ({
  br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength } }),
  gz: gzipSync(bytes, { level: 9 }),
})

/** Puts a whole file in place of the one before, because a server may read it now. */
const writeFile = (name: string, bytes: Uint8Array | string): string => {
  const half = join(folder, `.${name}.${process.pid}`)
  writeFileSync(half, bytes)
  renameSync(half, join(folder, name))
  return name
}

/** Builds all files. Answers the modules that each was made of, by its name. */
export const buildAll = async (): Promise<Readonly<Record<string, ReadonlyArray<string>>>> => {
  const [loader, ...others] = await Promise.all(["loader", ...entries].map(bundled))
  if (new TextDecoder().decode(loader!.bytes).split(hole).length !== 2)
    throw new Error(`the loader must name ${hole} exactly once`)
  mkdirSync(folder, { recursive: true })
  const written = new Set(["manifest.json", writeFile("loader.js", loader!.bytes)])
  const files = entries.map((name, index) => {
    const { bytes } = others[index]!
    const sha256 = hashOf("sha256", bytes, "hex")
    const forms = { js: bytes, "js.br": compressed(bytes).br, "js.gz": compressed(bytes).gz }
    for (const [ending, form] of Object.entries(forms)) written.add(writeFile(`${sha256}.${ending}`, form))
    return [name, { sha256, integrity: `sha384-${hashOf("sha384", bytes, "base64")}` }] as const
  })
  writeFile("manifest.json", `${JSON.stringify({ hole, files: Object.fromEntries(files) }, null, 2)}\n`)
  for (const name of readdirSync(folder)) if (isHashed.test(name) && !written.has(name)) rmSync(join(folder, name))
  return Object.fromEntries(["loader", ...entries].map((name, at) => [name, [loader!, ...others][at]!.inputs]))
}

if (process.argv[1] === import.meta.filename) await buildAll()
