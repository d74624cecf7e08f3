/**
 * Checks personal data and the keys of people: each is in the lane of its person, has the form of what was encrypted,
 * and has a key. Sessions hold their own, and nothing of it in clear. What is encrypted is not opened.
 */
import { Effect } from "effect"
import * as Lane from "../model/Lane.ts"
import { type PersonalKind, personalKinds, type SealedData } from "../ports/LedgerStore.ts"
import type { Next, Row } from "../ports/LedgerRows.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"

/** The lengths of bytes as hexadecimal digits. */
const digits = { commitment: 64, nonce: 24, tag: 32, wrapped: 80 } as const

/** Whether a row is in the lane of its person in an organization. */
const isInLane = (
  { lane, person }: { readonly lane: number; readonly person: string },
  { byNumber }: CatalogCheck.Owners,
): boolean => {
  const owner = byNumber.get(CatalogCheck.numberOf(lane))
  return owner !== undefined && !("organization" in owner) && Lane.of(owner, person) === lane
}

/** The faults of a key by itself. */
const faultsOfKey = (row: Row<"person_key">, owners: CatalogCheck.Owners): ReadonlyArray<string> => [
  ...(isInLane(row, owners) ? [] : ["is not in the lane of its person"]),
  ...(row.wrapped.length === digits.wrapped && row.epoch >= 1 ? [] : ["is not a wrapped key"]),
]

/** The faults of personal data by themselves. */
const faultsOfPart = (row: Row<"personal_data">, owners: CatalogCheck.Owners): ReadonlyArray<string> => {
  const isKind = personalKinds.includes(row.kind as PersonalKind)
  const isId = row.id.length === (row.kind === "profile" ? 0 : digits.commitment)
  const isEncrypted = row.nonce.length === digits.nonce && row.encrypted.length >= digits.tag
  return [
    ...(isInLane(row, owners) ? [] : ["is not in the lane of its person"]),
    ...(isKind && isId ? [] : ["belongs to nothing"]),
    ...(isEncrypted ? [] : ["is not what was encrypted"]),
  ]
}

/** The members of a session that are personal data: none of them stands in it in clear. */
const inClear = ["ipAddress", "userAgent"]

/** The faults of the personal data in a session. */
const faultsOfSession = ({ body, person }: Row<"session">): ReadonlyArray<string> => {
  const session = membersOf(body)
  if (session === undefined) return ["the body cannot be read"]
  const { commitment, personal } = session
  const clear = inClear.some((name) => name in session) ? ["has personal data in clear"] : []
  if (typeof commitment !== "string") return [...clear, "has no commitment"]
  if (personal === undefined) return clear
  const part = isSealed(personal) ? SessionPart.of({ commitment, concordId: person, personal }) : undefined
  const isPart =
    part !== undefined &&
    part.id.length === digits.commitment &&
    2 * part.nonce.length === digits.nonce &&
    2 * part.encrypted.length >= digits.tag
  return isPart ? clear : [...clear, "has personal data that are not what was encrypted"]
}

const membersOf = (body: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    return Object(JSON.parse(body))
  } catch {
    return undefined
  }
}

const isSealed = (value: unknown): value is SealedData => {
  const { encrypted, nonce } = Object(value)
  return typeof encrypted === "string" && typeof nonce === "string"
}

/** Checks the personal data in sessions. */
export const checkSessions = (next: Next<"session">, findings: Findings) =>
  TableReader.forEach(next, (rows) =>
    Effect.sync(() => {
      for (const row of rows) {
        for (const what of faultsOfSession(row)) findings.note({ table: "session", person: row.person, what })
      }
    }),
  )

type Place = Pick<Row<"person_key">, "lane" | "person">

/** Orders rows by the person. */
const compare = (a: Place, b: Place): number =>
  a.lane - b.lane || (a.person < b.person ? -1 : a.person > b.person ? 1 : 0)

/** Checks the keys and the personal data, both in the order of the lane and the person. */
export const check = Effect.fnUntraced(function* (
  keys: Next<"person_key">,
  parts: Next<"personal_data">,
  owners: CatalogCheck.Owners,
  findings: Findings,
) {
  const note = (table: "person_key" | "personal_data", { lane, person }: Place, whats: ReadonlyArray<string>) => {
    for (const what of whats) findings.note({ table, lane, person, what })
  }
  const key = yield* TableReader.reader(keys)
  const part = yield* TableReader.reader(parts)
  while (key.row !== undefined || part.row !== undefined) {
    // The key of a person comes before its personal data, because it is advanced past only after them.
    const order = part.row === undefined ? -1 : key.row === undefined ? 1 : compare(key.row, part.row)
    if (order < 0) {
      note("person_key", key.row!, faultsOfKey(key.row!, owners))
      yield* key.advance
      continue
    }
    note("personal_data", part.row!, faultsOfPart(part.row!, owners))
    if (order > 0) note("personal_data", part.row!, ["its person has no key"])
    yield* part.advance
  }
})
