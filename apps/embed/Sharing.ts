/**
 * What several openings of one ledger in a process share. Two ledgers over one SQLite file would not know of each
 * other's pending events, so an answer of one could change by an event of the other (decision 7).
 */

/** A value that can be closed. */
export interface Closable {
  readonly close: () => Promise<void>
}

interface Entry {
  readonly made: Promise<Closable>
  users: number
  closing?: Promise<void>
}

const entries = new Map<string, Entry>()

/** A share of a value. It is closed when its last share is released. */
export interface Share<A> {
  readonly value: A
  readonly release: () => Promise<void>
}

const released = async (key: string, entry: Entry): Promise<void> => {
  if (--entry.users > 0) return
  entry.closing = entry.made.then(({ close }) => close()).finally(() => entries.delete(key))
  await entry.closing
}

/**
 * Takes a share of the value of a key. Makes the value if the key has none, and first waits until a value that is being
 * closed is closed.
 */
export const take = async <A extends Closable>(key: string, make: () => Promise<A>): Promise<Share<A>> => {
  for (let before = entries.get(key)?.closing; before !== undefined; before = entries.get(key)?.closing) {
    await before.catch(() => {})
  }
  const entry = entries.get(key) ?? { made: make(), users: 0 }
  entries.set(key, entry)
  entry.users++
  try {
    const value = (await entry.made) as A
    return { value, release: () => released(key, entry) }
  } catch (error) {
    if (entries.get(key) === entry) entries.delete(key)
    throw error
  }
}
