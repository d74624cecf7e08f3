/**
 * The sizes of the script files of a page, next to those of other products, compressed as small as they can be.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, gzipSync } from "node:zlib"
import * as Build from "../../apps/site-client/build.ts"
import * as Figures from "./figures.ts"
import type { Peers } from "./peers.ts"

type Sizes = readonly [raw: number, gzip: number, brotli: number]

const sizesOf = (bytes: Uint8Array): Sizes => [
  bytes.byteLength,
  gzipSync(bytes, { level: 9 }).byteLength,
  brotliCompressSync(bytes).byteLength,
]

const sum = (sizes: ReadonlyArray<Sizes>): Sizes =>
  sizes.reduce(([a, b, c], [d, e, f]) => [a + d, b + e, c + f], [0, 0, 0])

const print = (name: string, sizes: Sizes): void => Figures.row(name, ...sizes.map(Figures.whole))

/** Prints the sizes. The loader is counted as the service answers it, with its configuration. */
export const run = (loader: Uint8Array, peers: Peers | undefined): void => {
  const { files } = JSON.parse(readFileSync(join(Build.folder, "manifest.json"), "utf8")) as {
    readonly files: Readonly<Record<string, { readonly sha256: string }>>
  }
  const ours = Object.entries(files).map(([name, { sha256 }]) => {
    return [name, sizesOf(readFileSync(join(Build.folder, `${sha256}.js`)))] as const
  })
  const of = new Map<string, Sizes>([["loader", sizesOf(loader)], ...ours])
  Figures.title("bytes")
  Figures.row("", "raw", "gzip", "brotli")
  for (const [name, sizes] of of) print(name, sizes)
  print("a first view with its banner", sum(["loader", "client", "banner"].map((name) => of.get(name)!)))
  for (const [name, files] of Object.entries(peers?.products ?? {})) {
    print(name, sum(files.map((file) => sizesOf(peers!.files[file]!))))
  }
}
