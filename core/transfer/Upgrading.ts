/**
 * Upgrading a ledger from before personal data were kept apart: every row is written again into a new ledger, and
 * everything that is answered is compared before the new one takes its place.
 *
 * It goes on where it was when its process ended, because each step is written together with its place.
 */
import { Data, Effect } from "effect"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { StoreDamaged } from "../ports/LedgerRows.ts"
import type { RowKey, LedgerUpgrade, NextRows, Upgrade, UpgradeEnd } from "../ports/LedgerUpgrade.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import { namesBefore, type RowBefore, tablesBefore } from "../ports/TablesBefore.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as TableReader from "./TableReader.ts"
import * as UpgradeCatalog from "./UpgradeCatalog.ts"
import * as UpgradedParts from "./UpgradedParts.ts"
import * as UpgradedRows from "./UpgradedRows.ts"

/** The ledger was damaged before, or the new one answers otherwise. The ledger is as it was before the upgrade. */
export class NotUpgraded extends Data.TaggedError("NotUpgraded")<{ readonly reason: string }> {
  override get message(): string {
    return `${this.reason}; the ledger is as it was, and the version before opens it`
  }
}

/** What was upgraded. */
export interface UpgradeReport {
  readonly events: number
  /** How many people have personal data, and thus a key. */
  readonly people: number
  readonly personalData: number
}

type Failure = KeysUnavailable | NotUpgraded | StoreUnavailable | StoreDamaged

const names = namesBefore.filter((name): name is UpgradedRows.UpgradedName => name !== "external_id")

const keyOf = (name: UpgradedRows.UpgradedName, row: object): RowKey => {
  const values = row as Readonly<Record<string, string | number>>
  return tablesBefore[name].key.map((column) => values[column]!)
}

/** Reads all rows of a table. */
const all = Effect.fnUntraced(function* <Of>(reading: Effect.Effect<NextRows<Of>, StoreUnavailable | StoreDamaged>) {
  const found: Array<Of> = []
  const next = yield* reading
  for (let rows = yield* next; rows.length > 0; rows = yield* next) found.push(...rows)
  return found
})

/** The people of used identity tokens, as the facts say. */
const tokensOf = Effect.fnUntraced(function* (upgrade: Upgrade) {
  const people = new Map<string, string>()
  const hashes = new Set((yield* all(upgrade.before("used_identity_token"))).map(({ hash }) => hash))
  if (hashes.size === 0) return people
  const next = yield* upgrade.before("person_fact")
  for (let rows = yield* next; rows.length > 0; rows = yield* next) {
    for (const { body } of rows) {
      const { evidence, survivor } = JSON.parse(body)
      if (hashes.has(evidence?.tokenHash)) people.set(evidence.tokenHash, survivor)
    }
  }
  return people
})

/** Fails where an event is not what its digest says, or is beyond the end of its lane. */
const makeExpectWhole = (upgrade: Upgrade, { digest }: UpgradedParts.UpgradeContext) =>
  Effect.gen(function* () {
    const heads = yield* all(upgrade.before("lane_head"))
    const ends = new Map(heads.map(({ lane, next_position }) => [lane, next_position]))
    const total = heads.reduce((sum, { next_position }) => sum + next_position, 0)
    const damaged = (lane: number) =>
      new NotUpgraded({ reason: `lane ${lane} of the ledger is not whole: see assent verify of the version before` })
    const events = Effect.fnUntraced(function* (rows: ReadonlyArray<RowBefore<"event">>) {
      for (const row of rows) {
        const isWhole = row.position < (ends.get(row.lane) ?? 0) && (yield* Sha256.hex(digest, row.body)) === row.digest
        if (!isWhole) return yield* damaged(row.lane)
      }
    })
    const count = Effect.flatMap(upgrade.countBefore("event"), (events) =>
      events === total ? Effect.void : new NotUpgraded({ reason: "the ledger lacks events that its lanes count" }),
    )
    return { total, events, count }
  })

/** Writes the rows of a table that are not written yet. */
const write = Effect.fnUntraced(function* <Name extends UpgradedRows.UpgradedName>(
  upgrade: Upgrade,
  name: Name,
  table: UpgradedRows.Upgraded<Name>,
  from: RowKey | undefined,
  use: (rows: ReadonlyArray<RowBefore<Name>>) => Effect.Effect<void, Failure>,
) {
  if (from?.length === 0) return
  const next = yield* upgrade.before(name, from)
  for (let rows = yield* next; rows.length > 0; rows = yield* next) {
    yield* use(rows)
    yield* upgrade.write(`write ${name}`, keyOf(name, rows.at(-1)!), yield* table.write(rows))
    yield* Effect.yieldNow
  }
})

/** Compares the rows of a table that are not compared yet. */
const compare = Effect.fnUntraced(function* <Name extends UpgradedRows.UpgradedName>(
  upgrade: Upgrade,
  name: Name,
  table: UpgradedRows.Upgraded<Name>,
  from: RowKey | undefined,
  use: (rows: number) => Effect.Effect<void>,
) {
  if (from?.length === 0) return
  const [nextBefore, nextAfter] = [yield* upgrade.before(name, from), yield* upgrade.after(name, from)]
  for (;;) {
    const before = yield* nextBefore
    const after = yield* nextAfter
    const answered = yield* table.after(after)
    const isSame = (row: RowBefore<Name>, index: number) =>
      JSON.stringify(table.before(row)) === JSON.stringify(answered[index])
    if (before.length !== after.length || !before.every(isSame)) {
      return yield* new NotUpgraded({ reason: `the table ${name} reads back otherwise than it was` })
    }
    if (before.length === 0) return
    yield* upgrade.write(`compare ${name}`, keyOf(name, before.at(-1)!), {})
    yield* use(before.length)
    yield* Effect.yieldNow
  }
})

const steps = Effect.fnUntraced(function* (
  upgrade: Upgrade,
  context: UpgradedParts.UpgradeContext,
  progress: TableReader.Progress,
) {
  const places = yield* upgrade.places
  const catalog = UpgradeCatalog.read(yield* all(upgrade.before("catalog_entry")), context)
  const parts = UpgradedParts.make(upgrade, context)
  const special = UpgradedRows.make(catalog, parts, upgrade, yield* tokensOf(upgrade), context)
  const tableOf = <Name extends UpgradedRows.UpgradedName>(name: Name) =>
    // The table of this name, if it is not copied.
    (special[name] ?? UpgradedRows.copied(name)) as UpgradedRows.Upgraded<Name>
  const whole = yield* makeExpectWhole(upgrade, context)
  yield* whole.count
  // Each event is counted twice: when it is written and when it is compared.
  let done = places.has("write event") ? yield* upgrade.count("event") : 0
  const report = (name: string, rows: number) =>
    name === "event" ? Effect.suspend(() => progress((done += rows), 2 * whole.total)) : Effect.void
  for (const name of names) {
    yield* write(upgrade, name, tableOf(name), places.get(`write ${name}`), (rows) =>
      // The rows of the table `event` are events.
      Effect.andThen(
        name === "event" ? whole.events(rows as ReadonlyArray<RowBefore<"event">>) : Effect.void,
        report(name, rows.length),
      ),
    )
  }
  for (const name of names) {
    yield* compare(upgrade, name, tableOf(name), places.get(`compare ${name}`), (rows) => report(name, rows))
  }
  if ((yield* upgrade.count("external_id")) !== (yield* upgrade.countBefore("external_id"))) {
    return yield* new NotUpgraded({ reason: "some external ids lead to no event any more" })
  }
  const upgraded: UpgradeReport = {
    events: whole.total,
    people: yield* upgrade.count("person_key"),
    personalData: yield* upgrade.count("personal_data"),
  }
  return upgraded
})

/** Upgrades a ledger, or goes on with an upgrade. */
export const run = Effect.fnUntraced(function* (
  ledger: LedgerUpgrade,
  context: UpgradedParts.UpgradeContext,
  progress: TableReader.Progress = () => Effect.void,
) {
  const ended = yield* ledger.run((upgrade) =>
    steps(upgrade, context, progress).pipe(
      Effect.map((value): UpgradeEnd<UpgradeReport | NotUpgraded> => ({ isSame: true, value })),
      Effect.catchTag("NotUpgraded", (value) => Effect.succeed({ isSame: false, value })),
    ),
  )
  return ended instanceof NotUpgraded ? yield* ended : ended
})
