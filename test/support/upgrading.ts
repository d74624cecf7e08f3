/**
 * Upgrading ledgers in the tests' own process, with the keys of tests.
 */
import { Effect, Exit } from "effect"
import { Aead, Digest, Mac, SecureRandom } from "effect/crypto"
import * as Crypto from "../../apps/Crypto.ts"
import * as Store from "../../apps/Store.ts"
import { Keys } from "../../core/ports/Keys.ts"
import type { LedgerState, LedgerUpgrade, Upgrade } from "../../core/ports/LedgerUpgrade.ts"
import * as Upgrading from "../../core/transfer/Upgrading.ts"
import * as TestKeys from "./keys.ts"

const context = Effect.gen(function* () {
  return {
    aead: yield* Aead.Aead,
    digest: yield* Digest.Digest,
    keys: yield* Keys,
    mac: yield* Mac.Mac,
    random: yield* SecureRandom.SecureRandom,
  }
}).pipe(Effect.provide(Crypto.layer))

/** Changes what the steps of an upgrade see and do. */
export type Change = (upgrade: Upgrade) => Upgrade

const changed = (ledger: LedgerUpgrade, change: Change): LedgerUpgrade => ({
  ...ledger,
  run: (steps) => ledger.run((upgrade) => steps(change(upgrade))),
})

/** Upgrades a ledger that may not be upgraded, or be cut off. */
export const upgrading = (url: string, change: Change = (upgrade) => upgrade, keys = TestKeys.layer) =>
  Effect.runPromiseExit(
    Effect.flatMap(Effect.all([Store.upgrade(url), context]), ([ledger, services]) =>
      Upgrading.run(changed(ledger, change), services),
    ).pipe(Effect.provide(keys)),
  )

/** Upgrades a ledger. */
export const upgrade = async (url: string): Promise<Upgrading.UpgradeReport> => {
  const exit = await upgrading(url)
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}

/** Whether a ledger is of this version, of an earlier one, or half upgraded. */
export const stateOf = (url: string): Promise<LedgerState> =>
  Effect.runPromise(Effect.flatMap(Store.upgrade(url), ({ state }) => state))

/** Cuts an upgrade off at one of its writes: before it, or right after it. */
export const cutAt = (write: number, isAfter: boolean): { readonly change: Change; readonly writes: () => number } => {
  let writes = 0
  const change: Change = (upgrade) => ({
    ...upgrade,
    write: (part, place, rows) =>
      Effect.suspend(() => {
        const own = upgrade.write(part, place, rows)
        if (writes++ !== write) return own
        return isAfter ? Effect.andThen(own, Effect.die("cut off")) : Effect.die("cut off")
      }),
  })
  return { change, writes: () => writes }
}
