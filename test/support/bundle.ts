/**
 * Bundles the programs of `programs.ts`, with the threads that they start as files in the same folder. What was bundled
 * is used again until one of the files in it is changed.
 */
import { createHash } from "node:crypto"
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import { build, type OutputFile } from "esbuild"

const root = join(import.meta.dirname, "../..")
const cache = join(root, "node_modules/.cache/programs")
const last = join(cache, "last.json")
const maxAgeMillis = 24 * 3_600_000

/** The bundle of the last run: its folder, and when each file in it was changed. */
interface Last {
  readonly folder: string
  readonly inputs: Readonly<Record<string, number>>
}

const changedAt = (file: string): number => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0

const readLast = (): Last | undefined => {
  if (!existsSync(last)) return undefined
  const { folder, inputs }: Last = JSON.parse(readFileSync(last, "utf8"))
  const isSame = existsSync(folder) && Object.entries(inputs).every(([file, at]) => changedAt(file) === at)
  return isSame ? { folder, inputs } : undefined
}

const threads = (): Record<string, string> =>
  Object.fromEntries(
    globSync("adapters/*/*Thread.ts", { cwd: root }).map((file) => [basename(file, ".ts"), file] as const),
  )

const bundled = () =>
  build({
    absWorkingDir: root,
    entryPoints: { server: "apps/server/main.ts", command: "apps/cli/main.ts", ...threads() },
    outdir: cache,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // It has a file for each platform.
    external: ["@duckdb/*"],
    // What a program says of how it is started is as in a checkout.
    define: { "import.meta.filename": JSON.stringify(join(root, "apps/main.ts")) },
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
    },
    metafile: true,
    write: false,
    logLevel: "error",
  })

/** Writes a folder of its own, so that a run at the same time keeps the files that it uses. */
const write = (files: ReadonlyArray<OutputFile>): string => {
  const digest = createHash("sha256")
  for (const { hash, path } of files) digest.update(`${path} ${hash}\n`)
  const folder = join(cache, digest.digest("hex").slice(0, 16))
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const half = mkdtempSync(`${folder}-`)
  for (const { contents, path } of files) writeFileSync(join(half, basename(path)), contents)
  // The programs read it, as they read the manifest of the package that they are in.
  writeFileSync(join(half, "package.json"), readFileSync(join(root, "package.json")))
  // The script files of pages are where they are in that package.
  mkdirSync(join(half, "dist"))
  symlinkSync(join(root, "dist/site-client"), join(half, "dist/site-client"))
  if (existsSync(folder)) rmSync(half, { recursive: true })
  else renameSync(half, folder)
  return folder
}

/** Removes bundles that no run can still use. */
const removeOld = (): void => {
  for (const name of readdirSync(cache)) {
    if (statSync(join(cache, name)).mtimeMs < Date.now() - maxAgeMillis) rmSync(join(cache, name), { recursive: true })
  }
}

/** The folder of the bundled programs, and whether it was made now. */
export const bundle = async (): Promise<{ readonly folder: string; readonly isNew: boolean }> => {
  const kept = readLast()
  if (kept !== undefined) return { folder: kept.folder, isNew: false }
  const { metafile, outputFiles } = await bundled()
  const folder = write(outputFiles)
  removeOld()
  const inputs = Object.fromEntries(Object.keys(metafile.inputs).map((file) => [file, changedAt(file)]))
  writeFileSync(last, JSON.stringify({ folder, inputs } satisfies Last))
  return { folder, isNew: true }
}
