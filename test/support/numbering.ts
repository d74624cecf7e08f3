/**
 * The numbers of versions stated a second time (semantics, section 1), literally and without the code of the ledger:
 * what is wrong with the versions after each step is found by comparing every pair.
 */

/** A version, as far as its number is concerned. */
export interface Numbered {
  readonly id: string
  readonly version: number
  readonly publishedAt: number
  readonly dateCreated: number
}

/** The versions at an instant, and the numbers that events name. */
export interface NumberingState {
  readonly now: number
  readonly versions: ReadonlyArray<Numbered>
  readonly used: ReadonlySet<number>
}

const isFinal = ({ publishedAt, version }: Numbered, { now, used }: NumberingState): boolean =>
  publishedAt <= now || used.has(version)

/** The later of two versions has the greater number. */
function* disorder({ versions }: NumberingState): Generator<string> {
  for (const a of versions) {
    for (const b of versions) {
      const isLater =
        a.publishedAt > b.publishedAt || (a.publishedAt === b.publishedAt && a.dateCreated > b.dateCreated)
      if (isLater && a.version <= b.version) yield `${a.version} was published after ${b.version}`
      if (a.id !== b.id && a.version === b.version) yield `${a.version} is there twice`
    }
  }
}

/** What is wrong with a step from one state to the next, which adds the version `added`, wanted at `wanted`. */
export function* wrong(
  before: NumberingState,
  after: NumberingState,
  added: string,
  wanted: number,
): Generator<string> {
  yield* disorder(after)
  const numbers = after.versions.map(({ version }) => version).toSorted((a, b) => a - b)
  if (numbers.some((number, index) => number !== index + 1)) yield `the numbers are ${numbers.join()}`
  const seen: NumberingState = { ...before, now: after.now }
  for (const version of before.versions) {
    const kept = after.versions.find(({ id }) => id === version.id)
    if (kept === undefined) yield `${version.id} is gone`
    else if (kept.publishedAt !== version.publishedAt || kept.dateCreated !== version.dateCreated)
      yield `${version.id} has changed`
    else if (isFinal(version, seen) && kept.version !== version.version) yield `${version.version} was final`
  }
  const made = after.versions.find(({ id }) => id === added)
  const ends = before.versions.filter((version) => isFinal(version, seen)).map(({ publishedAt }) => publishedAt + 1)
  const earliest = Math.max(wanted, after.now, ...ends)
  if (made?.publishedAt !== earliest) yield `the new version is published at ${made?.publishedAt}, not at ${earliest}`
}
