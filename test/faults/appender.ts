/**
 * A process that appends to the ledger of a URL until it is killed, and writes the id of each acknowledged event to
 * standard output.
 *
 * Each body has the number of events of its request, so that the ledger alone shows whether every request is complete.
 */
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Store from "../../apps/Store.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"

const project = { number: 1, lanes: 16 }
const organization = { number: 0, lanes: 16 }
const people = Array.from({ length: 50 }, () => SecureRandom.uuidV7Unsafe())
const types = [SecureRandom.uuidV7Unsafe(), SecureRandom.uuidV7Unsafe()]
const states = ["accepted", "declined", "implied", "viewed"] as const

const event = (index: number, dateCreated: number, request: string, size: number): StoredEvent => {
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
    body: JSON.stringify({ id, request, size }),
  }
}

/** One of sixteen concurrent writers. A request has one to three events; their ids are written after its answer. */
const write = Effect.fnUntraced(function* (writer: number) {
  const store = yield* LedgerStore
  for (let index = writer; ; index += 7) {
    const recordedAt = Date.now()
    const request = SecureRandom.uuidV7Unsafe()
    const size = 1 + (index % 3)
    const events = Array.from({ length: size }, (_, offset) => event(index + offset, recordedAt, request, size))
    const appended = yield* Effect.result(
      store.events.append({ project, organization, recordedAt, events, claims: [] }),
    )
    if (appended._tag === "Failure") yield* Effect.sleep(20)
    else if (appended.success._tag === "Appended") writeSync(1, events.map(({ id }) => `${id}\n`).join(""))
  }
})

await Effect.runPromise(
  Effect.forEach(
    Array.from({ length: 16 }, (_, writer) => writer),
    write,
    { concurrency: "unbounded" },
  ).pipe(Effect.provide(Store.layer(process.argv[2]!))),
)
