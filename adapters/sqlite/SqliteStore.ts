/**
 * The ledger's store in one SQLite file: nothing to install, and no server to run.
 *
 * Reads use a connection of the main thread. Writes go to the one writer, which syncs every commit to the disk before
 * it is acknowledged. Each part of the port is in a file of its own.
 */
import { dirname, resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { type IdempotencyRecord, LedgerStore, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as CatalogStore from "./CatalogStore.ts"
import * as ComplianceStore from "./ComplianceStore.ts"
import * as Connection from "./Connection.ts"
import * as EventStore from "./EventStore.ts"
import * as FeedStore from "./FeedStore.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as ListReader from "./ListReader.ts"
import * as MetricsStore from "./MetricsStore.ts"
import * as OutboxStore from "./OutboxStore.ts"
import * as PeopleStore from "./PeopleStore.ts"
import * as PersonalStore from "./PersonalStore.ts"
import * as Reader from "./Reader.ts"
import * as RequestFileStore from "./RequestFileStore.ts"
import * as SessionStore from "./SessionStore.ts"
import * as Uuid from "./Uuid.ts"
import * as WebhookStore from "./WebhookStore.ts"

const prepareIdempotencyRecord = (db: DatabaseSync) => {
  const select = db.prepare("SELECT digest, answer, recorded_at FROM idempotency WHERE lane = ? AND hash = ?")
  return (owner: Lane.Owner, hash: string): IdempotencyRecord | undefined => {
    const row = select.get(Lane.of(owner, hash), Uuid.toBytes(hash))
    if (row === undefined) return undefined
    const { answer, digest, recorded_at } = row
    return { hash, digest: Uuid.toHex(digest as Uint8Array), answer: String(answer), recordedAt: Number(recorded_at) }
  }
}

/** The files of another user keep their rights. */
const warnOfRights = (path: string): Effect.Effect<void> =>
  Effect.logWarning(`other users of this machine may read the ledger: chmod o= ${path} ${path}-wal ${path}-shm`)

const make = Effect.fnUntraced(function* (path: string) {
  yield* Reader.opening(path, () => Connection.makeFolder(resolve(dirname(path))))
  const { write } = yield* GroupCommit.make(path)
  if (yield* Reader.read(() => Connection.isOpenToOthers(path))) yield* warnOfRights(path)
  const { list } = yield* ListReader.make(path)
  const db = yield* Reader.open(path)
  const idempotencyRecord = prepareIdempotencyRecord(db)

  return LedgerStore.of({
    ready: Effect.asVoid(write("check", undefined)),
    idempotencyRecord: (owner, hash) => Reader.read(() => idempotencyRecord(owner, hash)),
    events: EventStore.make(db, write, list),
    people: PeopleStore.make(db, write),
    personal: PersonalStore.make(db, write),
    catalog: CatalogStore.make(db, write),
    sessions: SessionStore.make(db, write),
    feed: FeedStore.make(db, write),
    webhooks: WebhookStore.make(db, write),
    compliance: ComplianceStore.make(db, write),
    outbox: OutboxStore.make(db, write),
    requestFiles: RequestFileStore.make(db, write),
    metrics: MetricsStore.make(db, write),
  })
})

/**
 * The store of a file; the file and its folder are made if they are missing. Fails if the file is something else, was
 * written by another version, or cannot be written. Closing the scope answers every request accepted before.
 */
export const layer = (path: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> =>
  Layer.effect(LedgerStore, make(path))
