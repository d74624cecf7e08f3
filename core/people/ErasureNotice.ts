/**
 * The answer to an erasure in words: what it cannot promise, and from when on backups show nothing of the person.
 */
import { Effect } from "effect"
import { format, type Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import * as KeyEpochs from "../ledger/KeyEpochs.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

const outside =
  "Copies outside of the store keep what was deleted until they are removed or overwritten: backups, snapshots, replicas, " +
  "write-ahead logs, free space in the pages of PostgreSQL, and blocks that a file system or a disk keeps."

const named =
  "In a backup its identifiers still name the person while the key file is there, whichever epochs are destroyed: delete " +
  "backups in time, and restore one only with the log of erasures."

const elsewhere =
  "Events keep the concordId, which is random: erase it, and what it stands for, wherever else it was written down."

const notScrubbed =
  "Deleted rows may still be in the files of the store: run assent scrub, in PostgreSQL with a role that may VACUUM."

const noLog = "No erasure log is set (ASSENT_ERASURE_LOG): a backup that is restored brings the person back."

const notLogged =
  "The erasure log could not be written again: until a server starts with it, or this erasure is sent again, a backup " +
  "that is restored is erased at a later instant than this one."

/** What an erasure cannot promise, one sentence each. */
export const notPromised = ({
  hasLog,
  isLogged,
  isScrubbed,
}: {
  readonly hasLog: boolean
  readonly isLogged: boolean
  readonly isScrubbed: boolean
}): ReadonlyArray<string> => [
  outside,
  named,
  elsewhere,
  ...(isScrubbed ? [] : [notScrubbed]),
  ...(hasLog ? [] : [noLog]),
  ...(hasLog && !isLogged ? [notLogged] : []),
]

/** What becomes of encrypted data in backups, in words, given the instant of {@link unreadableInBackupsFrom}. */
export const inBackups = (from: Instant): string =>
  `no backup opens its encrypted data from ${format(from)} on, if a running server or assent keys rotate ends the epoch of ` +
  "its key in time"

/**
 * From when on encrypted personal data of people that were erased at an instant cannot be read in any backup: when the
 * key of the epoch is destroyed that wrapped their keys last. `undefined` while the keys cannot be reached.
 */
export const unreadableInBackupsFrom = Effect.fnUntraced(function* (
  erasedAt: Instant,
  { keys, keysKept }: Pick<LedgerContext, "keys" | "keysKept">,
) {
  const epochs = yield* Effect.orElseSucceed(keys.epochs, () => [])
  const index = epochs.findLastIndex(({ beganAt }) => beganAt <= erasedAt)
  const wrapping = epochs[Math.max(index, 0)]
  if (wrapping === undefined) return undefined
  // An epoch ends when the next one begins, which may be late.
  const end = epochs[index + 1]?.beganAt ?? Math.max(Period.add(wrapping.beganAt, KeyEpochs.length), erasedAt)
  return Period.add(end, keysKept)
})
