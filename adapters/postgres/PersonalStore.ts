/**
 * Personal data of the store, the keys of people, and erasures.
 */
import { Effect } from "effect"
import type { ErasureChange, PersonalStore } from "../../core/ports/LedgerStore.ts"
import * as ErasureReader from "./ErasureReader.ts"
import * as ErasureWriter from "./ErasureWriter.ts"
import * as Operation from "./Operation.ts"
import * as PersonalReader from "./PersonalReader.ts"
import * as PersonalWriter from "./PersonalWriter.ts"
import * as Scrub from "./Scrub.ts"
import * as Sql from "./Sql.ts"

/** Erases people, and reads the erasure: also where an earlier attempt, whose answer was lost, has kept it. */
const erase = Effect.fnUntraced(function* (sql: Sql.Sql, change: ErasureChange) {
  const outcome = yield* Operation.once(ErasureWriter.erase(sql, change))
  if (outcome !== "kept") return outcome
  const { id, members, organization, scope } = change
  const [member] = members
  const made =
    scope === undefined
      ? ErasureReader.ofPerson(sql, organization, member!)
      : Effect.map(ErasureReader.heldOfPerson(sql, organization, member!), (held) =>
          held.find((each) => each.id === id),
        )
  const kept = yield* Operation.idempotent(made)
  return kept ?? (yield* Effect.die("an erasure was kept without its row"))
})

/** The personal data of a database. */
export const make = (sql: Sql.Sql): PersonalStore => ({
  keys: (organization, people) => Operation.idempotent(PersonalReader.keys(sql, organization, people)),
  parts: (organization, places) => Operation.idempotent(PersonalReader.parts(sql, organization, places)),
  partsOf: (organization, concordId, after, limit) =>
    Operation.idempotent(PersonalReader.partsOf(sql, organization, concordId, after, limit)),
  allKeys: (after, limit) => Operation.idempotent(PersonalReader.allKeys(sql, after, limit)),
  rewrap: (keys) => Operation.idempotent(PersonalWriter.rewrap(sql, keys)),
  erase: (change) => erase(sql, change),
  erasure: (organization, concordId) => Operation.idempotent(ErasureReader.ofPerson(sql, organization, concordId)),
  heldErasures: (organization, concordId) =>
    Operation.idempotent(ErasureReader.heldOfPerson(sql, organization, concordId)),
  erasures: (organization, after, limit) =>
    Operation.idempotent(ErasureReader.ofOrganization(sql, organization, after, limit)),
  scrub: Operation.once(Scrub.run(sql)),
})
