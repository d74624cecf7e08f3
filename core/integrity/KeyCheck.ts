/**
 * Checks that the keys at hand open what they have to open: the key of each organization, and the keys of people and of
 * compliance requests.
 * Counts the people of each epoch, and says which backups the epochs can still show personal data of.
 */
import { Effect, Result } from "effect"
import { Hex } from "effect/encoding"
import type { Instant } from "../engine/Instant.ts"
import * as LedgerContext from "../ledger/LedgerContext.ts"
import * as OrganizationKey from "../ledger/OrganizationKey.ts"
import type { Epoch, Keys } from "../ports/Keys.ts"
import type { Next } from "../ports/LedgerRows.ts"
import type { Owners } from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"

/** An epoch, and the people whose keys are wrapped by it. */
export interface EpochReport extends Epoch {
  /** When the next epoch began; left out for the latest. */
  readonly endedAt?: Instant
  readonly people: number
}

/** The keys of a ledger. */
export interface KeyReport {
  readonly epochs: ReadonlyArray<EpochReport>
  /** A backup that was made before cannot show personal data; nothing if no epoch was destroyed. */
  readonly backupsFrom?: Instant
}

/** The bytes of a wrapped key; none of a text that is not one, which no key opens. */
const bytesOf = (wrapped: string): Uint8Array => Result.getOrElse(Hex.decode(wrapped), () => new Uint8Array())

/** Checks the keys of organizations. */
const checkOrganizations = Effect.fnUntraced(function* (
  { byNumber }: Owners,
  keys: Keys["Service"],
  findings: Findings,
) {
  // A file that cannot be used is a failure, and not a fault of the ledger.
  yield* keys.epoch
  for (const owner of byNumber.values()) {
    if (!("identifierKey" in owner)) continue
    const what = `the keys do not open the key of organization ${owner.id}`
    yield* Effect.catch(OrganizationKey.open(owner, keys), () =>
      Effect.sync(() => findings.note({ table: "catalog_entry", what })),
    )
  }
})

/** When the oldest backup was made that can show personal data; `undefined` if every backup can. */
const oldestReadable = (epochs: ReadonlyArray<Epoch>): Instant | undefined =>
  epochs[0]?.destroyedAt === undefined ? undefined : epochs.find((each) => each.destroyedAt === undefined)?.beganAt

/** Checks the keys of organizations, and then those of people and of compliance requests while their rows are read. */
export const make = Effect.fnUntraced(function* (owners: Owners, keys: Keys["Service"], findings: Findings) {
  yield* checkOrganizations(owners, keys, findings)
  const epochs = yield* keys.epochs
  const people = new Map<number, number>()
  /** What is wrong with a key; `undefined` if it can be opened. */
  const faultOf = Effect.fnUntraced(function* (epoch: number, wrapped: string) {
    const key = yield* Effect.mapError(keys.unwrap(epoch, bytesOf(wrapped)), LedgerContext.asStore)
    if (key !== undefined) return undefined
    return epochs[epoch - 1]?.destroyedAt !== undefined ? "its epoch was destroyed" : "the keys do not open it"
  })
  const watch = (next: Next<"person_key">) =>
    Effect.tap(next, (rows) =>
      Effect.gen(function* () {
        for (const { epoch, lane, person, wrapped } of rows) {
          people.set(epoch, (people.get(epoch) ?? 0) + 1)
          const what = yield* faultOf(epoch, wrapped)
          if (what !== undefined) findings.note({ table: "person_key", lane, person, what })
        }
      }),
    )
  const watchRequests = (next: Next<"request_key">) =>
    Effect.tap(next, (rows) =>
      Effect.gen(function* () {
        for (const { epoch, lane, request, wrapped } of rows) {
          const what = yield* faultOf(epoch, wrapped)
          if (what !== undefined) findings.note({ table: "request_key", lane, what: `request ${request}: ${what}` })
        }
      }),
    )
  const report = (): KeyReport => {
    const backupsFrom = oldestReadable(epochs)
    return {
      epochs: epochs.map((epoch, index) => ({
        ...epoch,
        ...(epochs[index + 1] !== undefined && { endedAt: epochs[index + 1]!.beganAt }),
        people: people.get(epoch.number) ?? 0,
      })),
      ...(backupsFrom !== undefined && { backupsFrom }),
    }
  }
  return { watch, watchRequests, report }
})
