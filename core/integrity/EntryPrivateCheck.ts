/**
 * Checks what is personal of entries of the catalog: it has the form of what was encrypted, is in its lane, and belongs
 * to a contact that was not deleted; and every contact has it. What is encrypted is not opened.
 */
import { Effect } from "effect"
import * as Lane from "../model/Lane.ts"
import type { Next, Snapshot } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"
import * as SealedForm from "./SealedForm.ts"

/** The members of a contact that count here. */
interface Contact {
  readonly id: string
  readonly organization: string
  readonly family: string
  readonly isRemoved?: true
}

/** The organization of each contact that was not deleted, by its id. What cannot be read is found elsewhere. */
const contactsOf = Effect.fnUntraced(function* (snapshot: Snapshot) {
  const contacts = new Map<string, string>()
  const use = (body: string): void => {
    try {
      const { family, id, isRemoved, organization } = JSON.parse(body) as Contact
      if (family === "contact" && isRemoved !== true) contacts.set(id, organization)
      else contacts.delete(id)
    } catch {
      return
    }
  }
  yield* TableReader.forEach(yield* snapshot.rows("catalog_entry"), (rows) =>
    Effect.sync(() => {
      for (const { body, kind } of rows) if (kind === "dataSystemAttributes") use(body)
    }),
  )
  return contacts
})

/** Checks the rows. */
export const check = Effect.fnUntraced(function* (
  rows: Next<"entry_private">,
  snapshot: Snapshot,
  { byNumber }: CatalogCheck.Owners,
  findings: Findings,
) {
  const contacts = yield* contactsOf(snapshot)
  const without = new Set(contacts.keys())
  const note = (entry: string, what: string) =>
    findings.note({ table: "entry_private", what: `entry ${entry}: ${what}` })
  yield* TableReader.forEach(rows, (batch) =>
    Effect.sync(() => {
      for (const row of batch) {
        const owner = byNumber.get(CatalogCheck.numberOf(row.lane))
        without.delete(row.entry)
        if (!SealedForm.isWhole(row)) note(row.entry, "is not what was encrypted")
        if (owner === undefined || contacts.get(row.entry) !== owner.id)
          note(row.entry, "is no contact of its organization")
        else if (Lane.of(owner, row.entry) !== row.lane) note(row.entry, "is in another lane")
      }
    }),
  )
  for (const entry of without) note(entry, "has no address")
})
