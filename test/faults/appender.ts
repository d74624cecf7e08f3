/**
 * A process that appends to a SQLite ledger until it is killed, and writes the id of each event it was told is recorded.
 */
import { writeSync } from "node:fs"
import { Effect } from "effect"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import { SecureRandom } from "effect/crypto"

const project = { number: 1, lanes: 16 }
const organization = { number: 0, lanes: 16 }
const people = Array.from({ length: 50 }, () => SecureRandom.uuidV7Unsafe())
const types = [SecureRandom.uuidV7Unsafe(), SecureRandom.uuidV7Unsafe()]
const states = ["accepted", "declined", "implied", "viewed"] as const

const event = (index: number, dateCreated: number): StoredEvent => {
  const id = SecureRandom.uuidV7Unsafe()
  return {
    id,
    concordId: people[index % people.length]!,
    consentType: types[index % types.length]!,
    version: 1,
    consentState: states[(index >> 2) % states.length]!,
    consentAction: "import",
    consentDate: dateCreated - (index % 5),
    dateCreated,
    submitter: "appender",
    body: JSON.stringify({ id }),
  }
}

/** One of several writers at once; each request has one to three events, and is written down only when answered. */
const write = Effect.fnUntraced(function* (writer: number) {
  const store = yield* LedgerStore
  for (let index = writer; ; index += 7) {
    const recordedAt = Date.now()
    const events = Array.from({ length: 1 + (index % 3) }, (_, offset) => event(index + offset, recordedAt))
    const appended = yield* store.append({ project, organization, recordedAt, events, claims: [] })
    if (appended._tag === "Appended") writeSync(1, events.map(({ id }) => `${id}\n`).join(""))
  }
})

await Effect.runPromise(
  Effect.forEach(
    Array.from({ length: 16 }, (_, writer) => writer),
    write,
    { concurrency: "unbounded" },
  ).pipe(Effect.provide(SqliteStore.layer(process.argv[2]!))),
)
