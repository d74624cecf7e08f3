/** The commands of docs/operating.md under "A drill". */
import { expect } from "vitest"
import { blocks } from "./preparedPostgres.ts"
import { root } from "./sources.ts"

/** The stores that the drill is for. */
export type DrilledStore = "SQLite" | "PostgreSQL"

/** The commands for a store, in order: those that name no store are for both. */
const commandsFor = (store: DrilledStore): string => {
  const commands = blocks("A drill", "sh")
  expect(commands.length).toBeGreaterThan(8)
  return commands
    .filter((block) => !block.startsWith("# ") || block.startsWith(`# ${store}\n`))
    .map((block) => `echo "== $((step += 1))"\n${block}`)
    .join("")
}

/** The whole drill as commands of a shell that ends at the first one that fails. */
export const drill = (store: DrilledStore, folder: string, port: number): string => {
  const first = `cd "${root}"\nexport TMPDIR="${folder}" PORT=${port} NO_COLOR=1\nstep=0\n`
  return `${first}trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n${commandsFor(store)}`
}

/** Expects what each step must print. An erasure is done in the log once the files of the store are scrubbed. */
export const expectDrilled = (output: string, isScrubbed: boolean): void => {
  const [, , , recorded, , erased, , started, checked, rotated] = output.split(/^== \d+\n/m)
  expect(recorded).toMatch(/^ +accepted +1$/m)
  expect(erased).toMatch(/^personKeys +1$/m)
  expect(erased).toContain('"kind":"begun"')
  expect(erased).toContain('"kind":"kept"')
  expect(erased!.includes('"kind":"done"')).toBe(isScrubbed)
  expect(erased).not.toContain("jo@example.com")
  expect(started).toContain("people were erased again")
  // Told by the command itself, and not by a shell that takes every failure for it.
  expect(checked).toMatch(/^error: the identifier names no one/m)
  for (const report of [checked, rotated]) {
    expect(report).toMatch(/^person_key +0$/m)
    expect(report).toMatch(/^erasure +1$/m)
    expect(report).toMatch(/^event +1$/m)
    expect(report).toMatch(/^the ledger is whole$/m)
  }
  expect(checked).not.toMatch(/^2 +\d{4}-/m)
  expect(rotated).toMatch(/^epoch 2 began$/m)
  expect(rotated).toMatch(/^1 +\d{4}-.* 0$\n^2 +\d{4}-.* 0$/m)
  expect(rotated).toContain("with these keys every backup can show personal data")
}
