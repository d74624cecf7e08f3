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
  readonly cancelled: ReadonlyArray<Numbered & { readonly cancelledAt: number; readonly isNamed?: true }>
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

/** Numbers that are left out, or given again, without the reason of a cancelled version. */
export function* gaps({ cancelled, versions }: Pick<NumberingState, "cancelled" | "versions">): Generator<string> {
  const numbers = versions.map(({ version }) => version).toSorted((a, b) => a - b)
  const named = cancelled.filter(({ isNamed }) => isNamed === true).map(({ version }) => version)
  for (let number = 1; number < numbers.at(-1)!; number++) {
    // A final version keeps its number when one before it is cancelled.
    const isLeft = cancelled.some(({ version }) => version === number)
    const isReserved = number > 1 && (isLeft || named.some((reserved) => reserved >= number))
    if (!numbers.includes(number) && !isReserved) yield `there is no ${number} among ${numbers.join()}`
  }
  if (!numbers.includes(1)) yield "there is no version 1"
  for (const number of named) if (numbers.includes(number)) yield `${number} was named and is given again`
}

/** Versions that are gone or have changed, and final ones that have another number. */
function* lost(before: NumberingState, after: NumberingState, cancelled?: string): Generator<string> {
  const seen: NumberingState = { ...before, now: after.now }
  for (const version of before.versions) {
    const kept = after.versions.find(({ id }) => id === version.id)
    if (version.id === cancelled) {
      if (kept !== undefined) yield `${version.id} is still there`
    } else if (kept === undefined) yield `${version.id} is gone`
    else if (kept.publishedAt !== version.publishedAt || kept.dateCreated !== version.dateCreated)
      yield `${version.id} has changed`
    else if (isFinal(version, seen) && kept.version !== version.version) yield `${version.version} was final`
  }
}

/** What is wrong with a step in which the version `id` was to be cancelled, and was or was refused. */
export function* wrongCancelled(
  before: NumberingState,
  after: NumberingState,
  id: string,
  isMade: boolean,
): Generator<string> {
  const { publishedAt, version } = before.versions.find((each) => each.id === id)!
  const isNeeded =
    version === 1 && (before.versions.length === 1 || before.versions.some((each) => before.used.has(each.version)))
  if (isMade === (publishedAt <= before.now || isNeeded)) yield `${version} was ${isMade ? "" : "not "}cancelled`
  yield* disorder(after)
  yield* gaps(after)
  yield* lost(before, after, isMade ? id : undefined)
  const kept = after.cancelled.find((each) => each.id === id)
  if (isMade && kept?.cancelledAt !== after.now) yield `${id} was cancelled at ${kept?.cancelledAt}`
  if (isMade && (kept?.isNamed === true) !== before.used.has(version)) yield `${id} is named: ${kept?.isNamed}`
}

/** What is wrong with a step from one state to the next, which adds the version `added`, wanted at `wanted`. */
export function* wrong(
  before: NumberingState,
  after: NumberingState,
  added: string,
  wanted: number,
): Generator<string> {
  yield* disorder(after)
  yield* gaps(after)
  yield* lost(before, after)
  const seen: NumberingState = { ...before, now: after.now }
  const made = after.versions.find(({ id }) => id === added)
  const ends = before.versions.filter((version) => isFinal(version, seen)).map(({ publishedAt }) => publishedAt + 1)
  const earliest = Math.max(wanted, after.now, ...ends)
  if (made?.publishedAt !== earliest) yield `the new version is published at ${made?.publishedAt}, not at ${earliest}`
}
