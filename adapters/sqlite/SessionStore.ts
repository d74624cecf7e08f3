/**
 * The sessions of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { Effect } from "effect"
import type { Session, SessionStore } from "../../core/ports/LedgerStore.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

type Row = Readonly<Record<string, SQLOutputValue>>

const toSession = (row: Row): Session => ({ ...JSON.parse(String(row["body"])), expiresAt: Number(row["expires_at"]) })

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): SessionStore => {
  const select = db.prepare("SELECT expires_at, body FROM session WHERE token_hash = ?")

  // An empty hash comes before any other.
  const selectOfPerson = db.prepare(
    "SELECT expires_at, body FROM session WHERE person = ? AND token_hash > ? ORDER BY token_hash LIMIT ?",
  )

  const byToken = (tokenHash: string): Session | undefined => {
    const row = select.get(Uuid.toBytes(tokenHash))
    return row === undefined ? undefined : toSession(row)
  }

  return {
    extend: (tokenHash, seen, expiresAt) => Effect.asVoid(write("extendSession", { tokenHash, seen, expiresAt })),
    byToken: (tokenHash) => read(() => byToken(tokenHash)),
    ofPerson: (concordId, after = "", limit) =>
      read(() => selectOfPerson.all(Uuid.toBytes(concordId), Uuid.toBytes(after), limit).map(toSession)),
  }
}
