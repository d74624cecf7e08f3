/**
 * Questions to the ledger about one person, answered as JSON.
 */
import { Effect } from "effect"
import * as Exchange from "../../../core/Exchange.ts"
import * as Instant from "../../../core/Instant.ts"
import { Ledger, type Site } from "../../../core/ledger/Ledger.ts"
import type { Page } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "./Answer.ts"

interface Instants {
  readonly at?: Instant.Instant
  readonly knownAt?: Instant.Instant
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

/** One page of a person's events, newest first unless asked otherwise. */
export const events = Effect.fnUntraced(function* (site: Site, concordId: string, asked: Partial<Page>) {
  const ledger = yield* Ledger
  const page: Page = { ...firstPage, ...asked }
  const { events, total } = yield* ledger.page(site.project, concordId, page)
  const items = events.map(({ body }) => body)
  return `{"offset":${page.offset},"count":${items.length},"total":${total},"items":[${items.join(",")}]}`
})

const firstPage: Page = {
  startDate: Instant.min,
  // The latest instant itself is listed too: `endDate` is exclusive.
  endDate: Instant.max + 1,
  sort: "consentDate",
  order: "desc",
  offset: 0,
  limit: 100,
}
