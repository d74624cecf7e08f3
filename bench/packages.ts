/**
 * Measures access packages on a SQLite file: `npm run bench -- packages [events …]`, by default of a person with 10,
 * 10,000 and 1,000,000 events. Each run is a process of its own, so that its memory can be measured. The limit is to
 * read the bodies of the same events and compress them with zlib.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Figures } from "./packageOnce.ts"

const program = fileURLToPath(new URL("./packageOnce.ts", import.meta.url))

/** The most memory that a package may need on top of what the process had before, in MiB. */
const aimMegabytes = 200

const figuresOf = (...args: ReadonlyArray<string>): Figures =>
  JSON.parse(execFileSync(process.execPath, [program, ...args], { encoding: "utf8" }))

const rateOf = ({ bytes, seconds }: Figures): number => bytes / 1e6 / seconds

const print = (name: string, figures: Figures, limit: Figures): void => {
  const rate = `${rateOf(figures).toFixed(1)} MB/s`.padStart(14)
  const share = `${((100 * rateOf(figures)) / rateOf(limit)).toFixed(0)} %`.padStart(7)
  const memory = `${Math.round(figures.megabytes - figures.before)} MiB more`.padStart(16)
  console.log(`  ${name.padEnd(34)}${`${figures.seconds.toFixed(2)} s`.padStart(10)}${rate}${share}${memory}`)
}

/** Runs and prints the measurements. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  try {
    for (const size of sizes.length > 0 ? sizes : [10, 10_000, 1_000_000]) {
      const built = figuresOf("build", folder, String(size))
      const limit = figuresOf("compress", folder, String(size))
      console.log(`\nThe access package of ${size.toLocaleString("en")} events (aim: at most ${aimMegabytes} MiB more)`)
      print("read and compressed: the limit", limit, limit)
      print("the package", built, limit)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
