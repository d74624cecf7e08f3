/**
 * The flags `--store`, `--keys` and `--organization`: the organization of a store that a command works on.
 */
import { existsSync } from "node:fs"
import { Data, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import * as FileFault from "../../adapters/sqlite/FileFault.ts"
import type { Organization } from "../../core/model/Catalog.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as Store from "../Store.ts"
import * as KeysFlag from "./KeysFlag.ts"
import * as StoreFlag from "./StoreFlag.ts"

/** The store has no such organization. Trying again does not help. */
export class NoSuchOrganization extends Data.TaggedError("NoSuchOrganization")<{ readonly message: string }> {}

/** The flags. */
export const flags = {
  store: StoreFlag.flag("The ledger: sqlite:PATH or postgres://…", StoreFlag.any),
  keys: KeysFlag.flag,
  organization: Flag.String("organization").pipe(
    Flag.withMetavar("<id>"),
    Flag.withDescription("The organization; may be left out where the store has one"),
    Flag.optional,
  ),
}

/** The values of the flags. */
interface Chosen {
  readonly store: StoreFlag.ChosenStore
  readonly keys: string | undefined
  readonly organization: Option.Option<string>
}

const find = Effect.fnUntraced(function* (id: Option.Option<string>) {
  const ledger = yield* Ledger.Ledger
  const { organizations } = yield* ledger.catalog
  const ids = [...organizations.keys()]
  const only = ids.length === 1 ? ids[0] : undefined
  const found = organizations.get(Option.getOrElse(id, () => only ?? "").toLowerCase())
  if (found !== undefined) return found
  const there = ids.length === 0 ? "it has none" : `it has ${ids.slice(0, 10).join(", ")}`
  const asked = Option.isSome(id) ? "the store has no such organization" : "say which organization of the store"
  return yield* new NoSuchOrganization({ message: `--organization: ${asked}; ${there}` })
})

/** Runs an effect with the ledger of a store and one of its organizations. Fails if the store's file does not exist. */
export const withOrganization = <A, E, R>(
  { keys, organization, store }: Chosen,
  run: (organization: Organization) => Effect.Effect<A, E, R>,
) => {
  const path = Store.pathOf(store.url)
  if (path !== undefined && !existsSync(path)) {
    return Effect.fail(new NoSuchOrganization({ message: `${store.name}: ${FileFault.missing(path)}` }))
  }
  return Effect.provide(Effect.flatMap(find(organization), run), KeysFlag.ledger(store, keys))
}
