/**
 * Keys that are the same in every test: a ledger that one part of a test has written is opened by every other part.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createHash } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Layer } from "effect"
import * as KeyFile from "../../adapters/keys/KeyFile.ts"
import * as KeySet from "../../adapters/keys/KeySet.ts"
import * as MemoryKeys from "../../adapters/keys/MemoryKeys.ts"
import * as Store from "../../apps/Store.ts"
import { Keys } from "../../core/ports/Keys.ts"

const keyOf = (name: string): Uint8Array => new Uint8Array(createHash("sha256").update(name).digest())

/** The root key, and epoch 1. */
export const keySet: KeySet.KeySet = {
  root: keyOf("root"),
  epochs: [{ number: 1, beganAt: Date.UTC(2020, 0, 1), key: keyOf("epoch 1") }],
}

/** The keys, in memory. */
export const make = (): Keys["Service"] => MemoryKeys.make(keySet)

/** The keys, in memory: for ledgers in the process of a test. */
export const layer: Layer.Layer<Keys> = Layer.sync(Keys, make)

/** A key of an organization as the catalog holds it. */
export const wrapped = (key: Uint8Array): string => Buffer.from(KeySet.wrap(keySet, "root", key)!).toString("base64url")

/** Writes the keys into a file. */
export const write = (path: string): void => {
  writeFileSync(path, KeyFile.write(keySet), { mode: 0o600 })
}

/** Writes the keys next to a SQLite file that is there, unless it has keys: a test has made it in its own process. */
export const writeNextToKept = (url: string): void => {
  const path = Store.pathOf(url)
  if (path !== undefined && existsSync(path) && !existsSync(`${path}.keys`)) write(`${path}.keys`)
}

/** The variable that a process needs for a store that is a database. */
export const environment = (store: string): Readonly<Record<string, string>> =>
  store.startsWith("postgres") ? { ASSENT_KEYS: file() } : {}

let shared: string | undefined

/** A file with the keys, for processes whose store is a database. It is removed when this process ends. */
export const file = (): string => {
  if (shared !== undefined && existsSync(shared)) return shared
  const folder = mkdtempSync(join(tmpdir(), "assent-keys-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  shared = join(folder, "assent.keys")
  write(shared)
  return shared
}
