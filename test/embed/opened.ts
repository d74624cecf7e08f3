/**
 * Ledgers that the tests open: a fresh one of each kind of store, over real files and a real server.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { open, type NewType, type OpenLedger, type OpenOptions } from "../../apps/embed/index.ts"
import * as TestKeys from "../support/keys.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"

/** The type that most tests are about. */
export const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const

/** An answer of a person to it. */
export const yes = { ...newsletter, consentState: "accepted", consentAction: "user_click" } as const

/** The types of the tests. */
export const types: ReadonlyArray<NewType> = [
  { ...newsletter, name: "Newsletter", consentDuration: "P13M" },
  { category: "privacy_setting", subcategory: "analytics", label: "visits" },
]

/** A folder that is removed after the tests of the file. */
export const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "assent-embed-"))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const files = folder()
let postgres: Promise<Postgres> | undefined
afterAll(async () => (await postgres)?.shutDown())

/** A server, started once for the tests of a file. */
export const server = (): Promise<Postgres> => (postgres ??= startPostgres())

/** Where a ledger is, and the options that it needs. */
export interface Place {
  readonly url: string
  readonly options: OpenOptions
}

let count = 0

/** A new place of each kind of store. */
export const places: Readonly<Record<string, () => Promise<Place>>> = {
  memory: async () => ({ url: "memory:", options: {} }),
  SQLite: async () => ({ url: `sqlite:${join(files, `${count++}.db`)}`, options: {} }),
  PostgreSQL: async () => {
    const keys = join(files, `${count++}.keys`)
    TestKeys.write(keys)
    return { url: await (await server()).database(), options: { keys } }
  },
}

/** The warnings that opened ledgers gave. */
export const warnings: Array<string> = []

/** Opens a ledger that warns into {@link warnings}. */
export const openAt = ({ options, url }: Place, more: OpenOptions = {}): Promise<OpenLedger> =>
  open(url, { types, onWarning: (message) => warnings.push(message), ...options, ...more })

/** The error that a promise is rejected with. */
export const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expectedError,
    (error: unknown) => error,
  )

const expectedError = new Error("the promise was not rejected")
