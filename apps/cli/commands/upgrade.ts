/**
 * `assent upgrade`: writes a ledger of an earlier version again, with personal data apart and encrypted.
 */
import { Effect, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { Aead, Digest, Mac, SecureRandom } from "effect/crypto"
import { Keys } from "../../../core/ports/Keys.ts"
import type { LedgerUpgrade } from "../../../core/ports/LedgerUpgrade.ts"
import * as Upgrading from "../../../core/transfer/Upgrading.ts"
import * as Crypto from "../../Crypto.ts"
import * as Store from "../../Store.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

const upgrade = Effect.fnUntraced(function* (ledger: LedgerUpgrade) {
  const context = {
    aead: yield* Aead.Aead,
    digest: yield* Digest.Digest,
    keys: yield* Keys,
    mac: yield* Mac.Mac,
    random: yield* SecureRandom.SecureRandom,
  }
  const progress = yield* Progress.makeWithLines
  const upgraded = yield* Upgrading.run(ledger, context, (done, total) =>
    progress.show({ what: "events written and compared", done, share: total === 0 ? 1 : done / total }),
  )
  yield* progress.clear
  return upgraded
}, Effect.scoped)

const asText = ({ events, people, personalData }: Upgrading.UpgradeReport, store: string): string =>
  [
    `${Table.count(events)} events, ${Table.count(personalData)} personal data of ${Table.count(people)} people`,
    `${store}: upgraded, and everything that is answered was compared`,
    "",
  ].join("\n")

/** The command. */
export const command = Command.make(
  "upgrade",
  {
    store: StoreFlag.flag("The ledger to upgrade, with every server on it stopped", StoreFlag.kept),
    keys: KeysFlag.flag,
    json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write what was upgraded as JSON")),
  },
  Effect.fnUntraced(function* ({ json, keys, store }) {
    yield* StoreFlag.printIfFromEnvironment(store)
    const name = Store.redact(store.url)
    const ledger = yield* Store.upgrade(store.url, store.name)
    const state = yield* ledger.state
    if (state === "current") {
      return yield* Output.write(json ? "{}\n" : `${name}: is a ledger of this version: nothing to upgrade\n`)
    }
    const services = Layer.merge(Crypto.layer, KeysFlag.ofUpgrade(store.url, keys, state === "begun"))
    const upgraded = yield* Effect.provide(upgrade(ledger), services)
    yield* Output.write(json ? `${JSON.stringify(upgraded, undefined, 2)}\n` : asText(upgraded, name))
  }),
).pipe(
  Command.withExamples([
    { command: "assent upgrade --store sqlite:./data/assent.db", description: "With every server on it stopped" },
    {
      command: "assent upgrade --store postgres://assent:secret@db.example/assent --keys /etc/assent/keys.json",
      description: "With the keys that the servers use from then on",
    },
  ]),
)
