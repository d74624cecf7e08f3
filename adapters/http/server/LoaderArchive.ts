/**
 * The folder in which script files are kept under their hashes, for pages that load exactly the bytes that they check:
 * also after a publication, a change of the consent types, or an upgrade has replaced them.
 *
 * A file is written when it is first answered, and its time is renewed each day that it is. It is removed two years
 * after that, by the next file that is written.
 */
import { Clock, Context, Effect } from "effect"
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** The folder; none unless configured: then a loader is there until its server makes another one, or stops. */
export const ArchiveFolder = Context.Reference<string | undefined>("assent/http/ArchiveFolder", {
  defaultValue: () => undefined,
})

/** How often the time of a file is renewed as long as it is answered. */
export const dayMillis = 86_400_000

/** For how long a file is kept after it was replaced. */
export const keptDays = 731

const ageOf = async (file: string, now: number): Promise<number | undefined> => {
  const found = await stat(file).catch(() => undefined)
  return found && now - found.mtimeMs
}

const removeOld = async (folder: string, now: number): Promise<void> => {
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    if (/^[0-9a-f]{64}\.js$/.test(name) && ((await ageOf(file, now)) ?? 0) > keptDays * dayMillis)
      await rm(file, { force: true })
  }
}

/** Keeps a file, or renews its time if that is older than a day. */
const keepFile = async (folder: string, now: number, sha256: string, bytes: Uint8Array): Promise<void> => {
  const file = join(folder, `${sha256}.js`)
  const age = await ageOf(file, now)
  if (age !== undefined) return age > dayMillis ? utimes(file, now / 1000, now / 1000) : undefined
  await mkdir(folder, { recursive: true })
  const half = join(folder, `.${sha256}.${process.pid}`)
  await writeFile(half, bytes)
  await rename(half, file)
  await removeOld(folder, now)
}

/** Keeps files; a folder that cannot be written to is logged, and stops no answer. */
export const keep = Effect.fnUntraced(function* (files: ReadonlyArray<readonly [sha256: string, bytes: Uint8Array]>) {
  const folder = yield* ArchiveFolder
  if (folder === undefined) return
  const now = yield* Clock.currentTimeMillis
  const kept = Effect.tryPromise({
    try: () => Promise.all(files.map(([sha256, bytes]) => keepFile(folder, now, sha256, bytes))),
    catch: (error) => (error instanceof Error ? error.message : String(error)),
  })
  yield* Effect.catch(kept, (reason) => Effect.logWarning("script files of pages could not be kept", { reason }))
})

/** The bytes of a file that is kept. */
export const read = Effect.fnUntraced(function* (sha256: string) {
  const folder = yield* ArchiveFolder
  if (folder === undefined) return undefined
  return yield* Effect.promise(() => readFile(join(folder, `${sha256}.js`)).catch(() => undefined))
})
