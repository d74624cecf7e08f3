/**
 * Questions to the ledger about one person, answered as JSON.
 */
import { Effect } from "effect"
import * as Exchange from "../../../core/Exchange.ts"
import type { Instant } from "../../../core/Instant.ts"
import { Ledger, type Site } from "../../../core/ledger/Ledger.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "./Answer.ts"

interface Instants {
  readonly at?: Instant
  readonly knownAt?: Instant
}

const questionOf = ({ project, types }: Site, concordId: string | undefined, { at, knownAt }: Instants) => ({
  project,
  types,
  concordId,
  ...(at !== undefined && { at }),
  ...(knownAt !== undefined && { knownAt }),
})

/** The consent state: the deciding event of every type whose answer is in force. */
export const state = Effect.fnUntraced(function* (site: Site, concordId: string | undefined, instants: Instants) {
  const ledger = yield* Ledger
  const answered = yield* ledger.state(questionOf(site, concordId, instants))
  return Answer.list(answered.map(({ event }) => event.body))
})

/** The decisions: one for each type of the project. */
export const decisions = Effect.fnUntraced(function* (site: Site, concordId: string | undefined, instants: Instants) {
  const ledger = yield* Ledger
  const answered = yield* ledger.decisions(questionOf(site, concordId, instants))
  const lines = answered.map(({ type, decision }) => Exchange.decisionToLine(concordId, type.id, decision))
  return Answer.list(lines.map((line) => JSON.stringify(line)))
})

/** Which of a person's events are listed, and how. Half-open: from `startDate` to before `endDate`. */
export interface Page {
  readonly startDate?: Instant
  readonly endDate?: Instant
  readonly offset?: number
  readonly limit?: number
  readonly sort?: "consentDate" | "dateCreated"
  readonly order?: "asc" | "desc"
}

/** One page of a person's events, newest first unless asked otherwise. */
export const events = Effect.fnUntraced(function* (site: Site, concordId: string, page: Page) {
  const ledger = yield* Ledger
  const { startDate = -Infinity, endDate = Infinity, offset = 0, limit = 100, sort = "consentDate" } = page
  const direction = page.order === "asc" ? 1 : -1
  const compare = (a: StoredEvent, b: StoredEvent) => direction * (a[sort] - b[sort] || (a.id < b.id ? -1 : 1))
  const matching = (yield* ledger.events(site.project, concordId))
    .filter(({ consentDate }) => consentDate >= startDate && consentDate < endDate)
    .toSorted(compare)
  const items = matching.slice(offset, offset + limit).map(({ body }) => body)
  return `{"offset":${offset},"count":${items.length},"total":${matching.length},"items":[${items.join(",")}]}`
})
