/**
 * Checks the mails of compliance requests: each belongs to a request, says what its state says, and has words that a
 * key opens for as long as it may be sent. What is encrypted is not opened.
 */
import { Effect } from "effect"
import { mailStates } from "../compliance/MailState.ts"
import type { Next, Row, Snapshot, StoreDamaged } from "../ports/LedgerRows.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as TableReader from "../transfer/TableReader.ts"
import type { Findings } from "./Findings.ts"
import * as SealedForm from "./SealedForm.ts"

const faultsOf = (mail: Row<"outbox">): ReadonlyArray<string> => {
  const { encrypted, ended_at, recipient_hash, state } = mail
  const isOver = state === "sent" || state === "cancelled"
  return [
    ...((mailStates as ReadonlyArray<string>).includes(state) ? [] : ["has a state that mails do not have"]),
    ...(SealedForm.isWhole(mail) ? [] : ["is not what was encrypted"]),
    ...(state === "waiting" && encrypted === null ? ["waits, and its words are missing"] : []),
    ...(isOver && encrypted !== null ? ["is not sent any more, and its words are still there"] : []),
    ...((state === "waiting") === (ended_at === null) ? [] : ["its end does not agree with its state"]),
    ...(SealedForm.isHash(recipient_hash) ? [] : ["the hash of the address is none"]),
  ]
}

/** Checks the form of each mail while its rows are read. */
export const watch = (next: Next<"outbox">, findings: Findings): Next<"outbox"> =>
  Effect.tap(next, (mails) =>
    Effect.sync(() => {
      for (const mail of mails) {
        for (const fault of faultsOf(mail)) {
          findings.note({ table: "outbox", lane: mail.lane, what: `mail ${mail.mail}: ${fault}` })
        }
      }
    }),
  )

/** A request, in the order in which requests are read. */
type Place = Pick<Row<"outbox">, "lane" | "request">

const compare = (a: Place, b: Place): number =>
  a.lane - b.lane || (a.request < b.request ? -1 : a.request > b.request ? 1 : 0)

/** Checks the mails of one request after the other, and those of no request. */
export interface MailCheck {
  readonly check: (request: Place, hasKey: boolean) => Effect.Effect<void, StoreUnavailable | StoreDamaged>
  readonly finish: Effect.Effect<void, StoreUnavailable | StoreDamaged>
}

/** Begins to read the mails in the order of their requests. */
export const make = Effect.fnUntraced(function* (snapshot: Snapshot, findings: Findings) {
  const next = yield* snapshot.rows("outbox", {
    columns: ["lane", "mail", "request", "nonce"],
    by: ["lane", "request", "mail"],
  })
  const mail = yield* TableReader.reader(next)
  const note = ({ lane, mail }: Pick<Row<"outbox">, "lane" | "mail">, what: string) =>
    findings.note({ table: "outbox", lane, what: `mail ${mail}: ${what}` })
  const passTo = Effect.fnUntraced(function* (place: Place | undefined) {
    for (let row = mail.row; row !== undefined; row = mail.row) {
      if (place !== undefined && compare(row, place) >= 0) return
      note(row, "there is no such request")
      yield* mail.advance
    }
  })
  const check = Effect.fnUntraced(function* (request: Place, hasKey: boolean) {
    yield* passTo(request)
    for (let row = mail.row; row !== undefined && compare(row, request) === 0; row = mail.row) {
      if (row.nonce !== null && !hasKey) note(row, "has no key")
      yield* mail.advance
    }
  })
  return { check, finish: passTo(undefined) } satisfies MailCheck as MailCheck
})
