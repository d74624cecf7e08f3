/**
 * The sessions of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Session, SessionStore } from "../../core/ports/LedgerStore.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): SessionStore => {
  const select = db.prepare("SELECT expires_at, body FROM session WHERE token_hash = ?")

  const byToken = (tokenHash: string): Session | undefined => {
    const row = select.get(Uuid.toBytes(tokenHash))
    return row === undefined ? undefined : { ...JSON.parse(String(row["body"])), expiresAt: row["expires_at"] }
  }

  return {
    extend: (tokenHash, seen, expiresAt) => Effect.asVoid(write("extendSession", { tokenHash, seen, expiresAt })),
    byToken: (tokenHash) => read(() => byToken(tokenHash)),
  }
}
