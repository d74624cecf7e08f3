/**
 * The inventory of personal data is true of a ledger: access shows every value that it names, at its place, and an
 * erasure leaves no row that it calls erased. What is erased and not shown are hashes, keys and secrets, listed here.
 */
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import { type Holding, type Inventory, inventory } from "../../core/people/PersonalInventory.ts"
import type { LedgerRows, Row, TableName } from "../../core/ports/LedgerRows.ts"
import { addressSetting, dataOf, type MarkedPerson, recordPerson } from "../http/markedPerson.ts"
import { dataIn, packageOf } from "../http/accessPackages.ts"
import { opened, worked } from "../http/complianceRequests.ts"
import { makeSigner, publish } from "../http/identityTokens.ts"
import { acme, asOwner, startWorld, startWorldOn } from "../http/world.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import type { Server } from "../support/server.ts"

type AnyRow = Readonly<Record<string, unknown>>

const holdings = Object.entries(inventory).flatMap(([table, columns]) =>
  Object.entries(columns as Readonly<Record<string, Holding>>).map(([column, holding]) => ({ table, column, holding })),
)

test("a column that is not classified does not compile", () => {
  // @ts-expect-error -- the columns of the table are missing
  const lacking: Inventory = { ...inventory, people_head: {} }
  // @ts-expect-error -- there is no such column
  const excess: Inventory = { ...inventory, people_head: { ...inventory.people_head, note: "none" } }
  expect([lacking, excess]).toHaveLength(2)
})

test("what is erased is shown, but for hashes, keys and secrets", () => {
  const hidden = holdings.flatMap(({ column, holding, table }) =>
    holding !== "none" && holding.held !== "kept" && "secret" in holding ? [`${table}.${column}`] : [],
  )
  expect(hidden).toEqual([
    "alias.hash",
    "former_alias.hash",
    "session.token_hash",
    "used_identity_token.hash",
    "used_identity_token.expires_at",
    "external_id.hash",
    "compliance_private.email_hash",
    "compliance_private.nonce",
    "request_key.wrapped",
    "outbox.recipient_hash",
    "outbox.nonce",
    "outbox.encrypted",
    "file_chunk.nonce",
    "personal_data.id",
    "personal_data.nonce",
    "person_key.wrapped",
  ])
})

/** Every row of every table. */
const rowsOf = async (url: string): Promise<ReadonlyMap<TableName, ReadonlyArray<AnyRow>>> => {
  const read = (ledger: LedgerRows) =>
    ledger.read((snapshot) =>
      Effect.forEach(Object.keys(inventory) as ReadonlyArray<TableName>, (table) =>
        Effect.gen(function* () {
          const next = yield* snapshot.rows(table)
          const all: Array<Row<TableName>> = []
          for (let batch = yield* next; batch.length > 0; batch = yield* next) all.push(...batch)
          return [table, all as ReadonlyArray<AnyRow>] as const
        }),
      ),
    )
  return new Map(await Effect.runPromise(Effect.flatMap(Store.rows(url), read)))
}

/** The values at a path of an answer, such as `projects[].events[].id`. */
const valuesAt = (value: unknown, path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const [first, ...rest] = path
  if (first === undefined || first === "") return [value]
  if (typeof value !== "object" || value === null) return []
  const name = first.replace("[]", "")
  const inner = (value as AnyRow)[name]
  if (inner === undefined) return []
  return (first.endsWith("[]") ? (inner as ReadonlyArray<unknown>) : [inner]).flatMap((each) => valuesAt(each, rest))
}

/** The forms in which an answer may show a value of a column; of a body, the id in it. */
const formsOf = (value: unknown): ReadonlyArray<unknown> => {
  if (typeof value === "number") return [value, new Date(value).toISOString()]
  if (typeof value !== "string" || !value.startsWith("{")) return [value]
  return [JSON.parse(value).id]
}

const isShown = (data: unknown, path: string, value: unknown): boolean => {
  const shown = new Set(
    valuesAt(data, path.split(".")).flatMap((each): ReadonlyArray<unknown> => {
      if (Array.isArray(each)) return each
      return [typeof each === "object" && each !== null && "id" in each ? each.id : each]
    }),
  )
  return formsOf(value).some((form) => shown.has(form))
}

/** Columns whose values are shown in another form: what they open to, or an answer that is built from them. */
const inOtherForm: ReadonlySet<string> = new Set([
  "personal_data.encrypted",
  "compliance_private.encrypted",
  "file_chunk.encrypted",
  "erasure.body",
  "erasure.destroyed",
])

let postgres: Postgres | undefined
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const stores: ReadonlyArray<readonly [name: string, begin: () => Promise<{ server: Server; url: string }>]> = [
  [
    "SQLite",
    async () => {
      const server = await startWorld(addressSetting)
      return { server, url: `sqlite:${server.file}` }
    },
  ],
  [
    "PostgreSQL",
    async () => {
      const url = await postgres!.database()
      return { server: await startWorldOn(url, addressSetting), url }
    },
  ],
]

describe.each(isLong ? stores : stores.slice(0, 1))("%s:", (_, begin) => {
  let server: Server
  let url: string
  let person: MarkedPerson
  let members: ReadonlySet<unknown>
  /** The access package of the person. */
  let zip: Buffer
  /** The compliance requests that one of the members opened or that are about one; noted before they are erased. */
  let requests: ReadonlySet<unknown>
  const isOf = (row: AnyRow, columns: ReadonlyArray<string>) => columns.some((column) => members.has(row[column]))
  const ofPerson = (rows: ReadonlyArray<AnyRow>) =>
    rows.filter((row) => isOf(row, ["person", "opener", "subject"]) || requests.has(row["request"]))

  beforeAll(async () => {
    ;({ server, url } = await begin())
    const signer = await makeSigner()
    await publish(server, [signer.publicKey])
    person = await recordPerson(server, signer)
    await recordPerson(server, signer)
    members = new Set([person.concordId, ...person.guests])
    const { id } = await opened(server, { preverified: true, user: null, concordId: person.guests[0] })
    zip = await packageOf(server, id)
    await worked(server, id, { status: "resolved", resolution: "sent", resolutionStatus: "completed" })
    const privates = (await rowsOf(url)).get("compliance_private")!
    requests = new Set(privates.filter((row) => isOf(row, ["opener", "subject"])).map(({ request }) => request))
  })
  afterAll(() => server.stop())

  /** Every value of the person that the inventory calls shown, and that an answer or a package lacks. */
  const lackingIn = async (
    data: unknown,
    isAsked: (holding: Exclude<Holding, "none">, table: string) => boolean = () => true,
  ) => {
    const rows = await rowsOf(url)
    return holdings.flatMap(({ column, holding, table }) => {
      if (holding === "none" || !("shown" in holding) || inOtherForm.has(`${table}.${column}`)) return []
      if (!isAsked(holding, table)) return []
      const values = ofPerson(rows.get(table as TableName)!).map((row) => row[column])
      const missing = values.filter(
        (value) => value !== null && value !== false && !isShown(data, holding.shown, value),
      )
      return missing.map(() => `${table}.${column} at ${holding.shown}`)
    })
  }
  const lacking = async () => lackingIn((await dataOf(server, person.concordId)).json)

  test("every table that holds people has rows of the person, so that the tests below are about all of them", async () => {
    const rows = await rowsOf(url)
    // A change is written when an answer changes without an event, and what a webhook could not send when it fails.
    const later = new Set(["erasure", "held_erasure", "change", "parked", "dead_letter"])
    const about = holdings.filter(
      ({ column, table }) => ["person", "opener", "request"].includes(column) && !later.has(table),
    )
    expect(about.filter(({ table }) => ofPerson(rows.get(table as TableName)!).length === 0)).toEqual([])
  })

  test("access shows every value that the inventory calls shown, at its place", async () => {
    expect(await lacking()).toEqual([])
  })

  test("law 10: an access package holds every value that an erasure removes and that can be shown, and all that was sent", async () => {
    const data = await dataIn(zip)
    // It does not hold itself.
    const isAsked = ({ held }: Exclude<Holding, "none">, table: string) => held === "erased" && !/file/.test(table)
    expect(await lackingIn(data, isAsked)).toEqual([])
    const text = JSON.stringify(data)
    const missing = person.shown.filter((name) => name !== "requestNotes" && !text.includes(person.words[name]!))
    expect(missing).toEqual([])
    // Staff writes notes for itself; identifiers are kept as hashes.
    for (const name of ["requestNotes", "email", "userId", "phoneNumber", "contextId"]) {
      expect([name, text.includes(person.words[name]!)]).toEqual([name, false])
    }
  })

  test("an erasure leaves no row that the inventory calls erased, and access shows what is left", async () => {
    const path = `/privacy-v1/organizations/${acme.id}/people/${person.guests[0]}/erasure`
    const json = { confirm: person.guests[0], reason: "request" }
    const erased = await server.request("POST", path, { headers: asOwner, json })
    expect([erased.status, erased.text]).toEqual([200, erased.text])
    const rows = await rowsOf(url)
    const tables = new Set(
      holdings.flatMap(({ holding, table }) => (holding !== "none" && holding.held === "erased" ? [table] : [])),
    )
    const left = [...tables].filter((table) => ofPerson(rows.get(table as TableName)!).length > 0)
    expect(left).toEqual([])
    const emptied = holdings.filter(({ holding }) => holding !== "none" && holding.held === "emptied")
    const full = emptied.filter(({ column, table }) =>
      ofPerson(rows.get(table as TableName)!).some((row) => row[column] !== null),
    )
    expect(full).toEqual([])
    expect(ofPerson(rows.get("outbox")!).length).toBeGreaterThan(0)
    expect(ofPerson(rows.get("event")!).length).toBe(5)
    expect(ofPerson(rows.get("erasure")!).length).toBe(3)
    expect(await lacking()).toEqual([])
    const data = (await dataOf(server, person.concordId)).json
    expect([data.identifiers, data.sessions, data.personalData, data.complianceRequests]).toEqual([[], [], [], []])
    expect(ofPerson(rows.get("compliance_fact")!).map(({ kind }) => kind)).toContain("resolved")
    expect(data.erasures).toMatchObject([{ id: erased.json.id, reason: "request" }])
  })
})
