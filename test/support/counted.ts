/**
 * The real server in this process, on a real SQLite file, with its work counted: rows that the store returned, types
 * that were decided, and bytes of answers, each in all and in one turn of the event loop. Nothing is replaced; every
 * call is passed on.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import { HttpServer } from "effect/http"
import * as Server from "../../adapters/http/Server.ts"
import * as Quotas from "../../adapters/http/server/Quotas.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import type { Sizes } from "../../bench/worst/ids.ts"
import * as HostileLedger from "../../bench/worst/ledger.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Catalog, ListedType } from "../../core/model/Catalog.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "./keys.ts"

/** What is counted. */
const kinds = ["rows", "calls", "decided", "bytes"] as const
type Counts = Record<(typeof kinds)[number], number>

const nothing = (): Counts => ({ rows: 0, calls: 0, decided: 0, bytes: 0 })

/** The work of a request: in all, and the most in one turn of the event loop. */
export interface Work {
  readonly total: Readonly<Counts>
  readonly mostInOneTurn: Readonly<Counts>
}

let turn = nothing()
let total = nothing()
let most = nothing()
let isCounting = false

const count = (kind: keyof Counts, amount: number): void => {
  if (!isCounting) return
  turn[kind] += amount
  total[kind] += amount
}

const endTurn = (): void => {
  for (const kind of kinds) most[kind] = Math.max(most[kind], turn[kind])
  turn = nothing()
  if (isCounting) setImmediate(endTurn)
}

/** The rows in what a member of the store returned. */
const rowsIn = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + rowsIn(each), 0)
  if (typeof value !== "object" || value === null) return value === undefined ? 0 : 1
  if ("events" in value) return rowsIn(value.events)
  if ("facts" in value) return 1 + rowsIn(value.facts)
  return 1
}

/** A type that counts how often its rules are read, which is once for each decision. */
const countedType = (type: ListedType): ListedType =>
  Object.defineProperty({ ...type }, "rules", {
    enumerable: true,
    get: () => {
      count("decided", 1)
      return type.rules
    },
  })

const countedCatalog = (catalog: Catalog): Catalog => ({
  ...catalog,
  consentTypes: new Map(
    [...catalog.consentTypes].map(([project, types]) => {
      const byId = new Map([...types.byId].map(([id, type]) => [id, countedType(type)]))
      return [project, { ...types, byId, all: types.all.map(({ id }) => byId.get(id)!) }]
    }),
  ),
})

type Member = (...values: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>

const counted = (store: LedgerStore["Service"]): LedgerStore["Service"] => {
  const catalogs = new WeakMap<Catalog, Catalog>()
  const catalogOf = (catalog: Catalog): Catalog => {
    const known = catalogs.get(catalog) ?? countedCatalog(catalog)
    catalogs.set(catalog, known)
    return known
  }
  const part = <Part extends object>(members: Part): Part => {
    const wrapped = Object.entries(members).map(([name, member]) => {
      if (typeof member !== "function") return [name, member]
      const call: Member = (...values) =>
        Effect.tap((member as Member)(...values), (found) =>
          Effect.sync(() => {
            count("calls", 1)
            count("rows", rowsIn(found))
          }),
        )
      return [name, call]
    })
    // Every member has its own type, because it is passed on with what it is given.
    return Object.fromEntries(wrapped) as Part
  }
  return {
    ...store,
    events: part(store.events),
    people: part(store.people),
    catalog: { ...part(store.catalog), current: Effect.map(store.catalog.current, catalogOf) },
  }
}

/** Counts the bytes that answers write. */
const countBytes = (): void => {
  const bytesOf = (chunk: unknown): number =>
    typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk instanceof Uint8Array ? chunk.byteLength : 0
  for (const name of ["write", "end"] as const) {
    const real = ServerResponse.prototype[name]
    const passed = function (this: ServerResponse, ...values: ReadonlyArray<unknown>) {
      count("bytes", bytesOf(values[0]))
      return Reflect.apply(real, this, values) as unknown
    }
    Object.defineProperty(ServerResponse.prototype, name, { value: passed, configurable: true, writable: true })
  }
}
countBytes()

const withoutQuotas: Quotas.Quotas = { ...Quotas.byDefault }
for (const holder of Object.keys(withoutQuotas)) Object.assign(withoutQuotas, { [holder]: {} })

/** A running server. */
export interface CountedServer {
  /** Sends a request, and counts the work until its answer has arrived. */
  readonly work: (path: string, init: RequestInit) => Promise<Work & { readonly status: number; readonly text: string }>
  readonly stop: () => Promise<void>
}

/** Starts the server on a SQLite file, without quotas. */
export const start = async (file: string): Promise<CountedServer> => {
  const store = Layer.effect(LedgerStore, Effect.map(LedgerStore, counted)).pipe(Layer.provide(SqliteStore.layer(file)))
  const server = Server.layer({ port: 0 }).pipe(
    Layer.provide(Ledger.layer.pipe(Layer.provide([store, TestKeys.layer]))),
    Layer.provide(Layer.succeed(Quotas.Quotas, withoutQuotas)),
    Layer.provide(Crypto.layer),
  )
  const runtime = ManagedRuntime.make(server)
  const { address } = await runtime.runPromise(HttpServer.HttpServer)
  if (!("port" in address)) throw new Error("the server listens on no port")
  const { port } = address
  return {
    work: async (path, init) => {
      total = nothing()
      most = nothing()
      turn = nothing()
      isCounting = true
      setImmediate(endTurn)
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
      const text = await answer.text()
      isCounting = false
      endTurn()
      return { total, mostInOneTurn: most, status: answer.status, text }
    },
    stop: () => runtime.dispose(),
  }
}

/** Starts the server on a new ledger that is made to be expensive; its file is removed when the server stops. */
export const startHostile = async (sizes: Sizes): Promise<CountedServer> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-http-"))
  const file = join(folder, "ledger.db")
  await HostileLedger.makeAt(file, sizes)
  const { stop, work } = await start(file)
  return { work, stop: () => stop().finally(() => rmSync(folder, { recursive: true })) }
}
