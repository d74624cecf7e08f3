/**
 * Measures the record of processing activities on a SQLite file: `npm run bench -- register [data systems …]`, by
 * default 1,000 with five attributes of their own each. Reading and writing it in each format is compared with writing
 * its rows by `JSON.stringify`.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, Option, Stream } from "effect"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../apps/Crypto.ts"
import type { AttributeFamily } from "../core/data-systems/AttributeFamily.ts"
import type { DataSystem, DataSystemAttribute } from "../core/data-systems/DataSystem.ts"
import { formatNames } from "../core/data-systems/RecordQuery.ts"
import * as Ledger from "../core/Ledger.ts"
import type { Organization } from "../core/model/Catalog.ts"
import { LedgerStore } from "../core/ports/LedgerStore.ts"
import * as RecordFormat from "../core/processing-records/RecordFormat.ts"
import * as AttributeCatalogue from "../rule-packs/attributes/AttributeCatalogue.ts"
import * as TestKeys from "../test/support/keys.ts"
import * as Measure from "./measure.ts"

const families: ReadonlyArray<AttributeFamily> = [
  "processingActivity",
  "processingPurpose",
  "dataCategory",
  "dataSubject",
  "securityMeasure",
]

const uuid = (kind: number, n: number): string => `0198000${kind}-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

const controller = AttributeCatalogue.all.find(({ family, key }) => family === "relationship" && key === "controller")!

/** Data systems with their attributes. */
const described = ({ id: organization }: Organization, count: number) => {
  const dates = { organization, dateCreated: 1, dateUpdated: 1, status: "active" } as const
  const dataSystems: Array<DataSystem> = []
  const dataSystemAttributes: Array<DataSystemAttribute> = []
  for (let n = 0; n < count; n++) {
    const own = families.map((family, index): DataSystemAttribute => {
      const number = n * families.length + index
      return { ...dates, id: uuid(1, number), family, name: `${family} ${number}`, description: "Of one data system" }
    })
    dataSystemAttributes.push(...own)
    const attributes = Object.fromEntries(own.map(({ family, id }) => [family, [id]]))
    dataSystems.push({
      ...dates,
      id: uuid(2, n),
      name: `Data system ${n}`,
      crossBorder: n % 3 === 0,
      retention: "P2Y",
      additionalNotes: "Kept in the main data centre, and copied each night.",
      attributes: { ...attributes, relationship: [controller.id] },
      projectIds: [],
      legalBases: ["contract"],
    })
  }
  return { dataSystems, dataSystemAttributes }
}

const measure = Effect.fnUntraced(function* (path: string, count: number) {
  const services = Layer.mergeAll(SqliteStore.layer(path), Crypto.layer, TestKeys.layer)
  const opened = yield* Layer.build(Layer.provideMerge(Ledger.layer, services))
  const ledger = Context.get(opened, Ledger.Ledger)
  yield* ledger.found
  const { organizations, revision } = yield* ledger.catalog
  const organization = [...organizations.values()][0]!
  const entries = described(organization, count)
  yield* Context.get(opened, LedgerStore).catalog.change({ revision, entries, documents: [] })
  const read = Effect.gen(function* () {
    const asked = { as: "controller", by: "activity", format: "json", withAddresses: true } as const
    const outcome = yield* ledger.processingRecord(organization, asked)
    return outcome._tag === "Record" ? Option.some(outcome.content) : Option.none()
  }).pipe(Effect.map(Option.getOrThrow))
  const { rows } = yield* read
  const written = (format: (typeof formatNames)[number]) =>
    Effect.gen(function* () {
      const content = yield* read
      yield* Stream.runDrain(RecordFormat.write(format, content))
      return content.rows.length
    })
  const rates = yield* Measure.compareEffects({
    "JSON.stringify of the rows": Effect.sync(() => (JSON.stringify(rows).length > 0 ? rows.length : 0)),
    "the record, read": Effect.map(read, (content) => content.rows.length),
    ...Object.fromEntries(formatNames.map((format) => [`the record, read and written as ${format}`, written(format)])),
  })
  Measure.print(`${rows.length} rows of ${count} data systems with ${5 * count} attributes: rows`, rates, {})
})

/** Measures each size. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  for (const size of sizes.length === 0 ? [1000] : sizes) {
    const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
    await Effect.runPromise(Effect.scoped(measure(join(folder, "ledger.db"), size)))
    rmSync(folder, { recursive: true })
  }
}
