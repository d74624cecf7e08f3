/**
 * The person's own events, from the server, with those that the server does not have yet.
 */
import type { VisitEvent } from "../../core/browser/VisitAnswer.ts"
import type { Answers } from "./Answers.ts"
import type { HistoryLine } from "./ConsentClient.ts"
import type { Environment } from "./Environment.ts"
import type { LocalLedger } from "./LocalLedger.ts"
import type { Sender } from "./Sending.ts"

/** What the history is read from. */
export interface HistorySource {
  readonly base: string
  readonly answers: Answers
  readonly ledger: LocalLedger
  readonly sending: Sender
  /** The events that the device knows, those of the unsent choices last. */
  readonly local: () => ReadonlyArray<VisitEvent>
}

interface Page {
  readonly items: ReadonlyArray<VisitEvent>
  readonly nextCursor?: string
}

/** All events that the server has; none if it does not answer. A session that has ended is opened once more. */
const fromServer = async (env: Environment, { base, sending }: HistorySource): Promise<ReadonlyArray<VisitEvent>> => {
  const events: Array<VisitEvent> = []
  let mayOpen = true
  let query = ""
  for (;;) {
    const token = await sending.session()
    if (token === undefined) return []
    const url = `${base}/consent-events?limit=1000${query}`
    const { json, status } = await env.send({ method: "GET", url, headers: { "x-session": token } })
    if (status === 401 && mayOpen) {
      mayOpen = false
      sending.endSession()
      continue
    }
    if (status !== 200) return []
    const { items, nextCursor } = json as Page
    events.push(...items)
    if (nextCursor === undefined) return events
    query = `&cursor=${encodeURIComponent(nextCursor)}`
  }
}

/** The lines of the history, latest first. Without the server, those that the device knows. */
export const read = async (env: Environment, source: HistorySource): Promise<ReadonlyArray<HistoryLine>> => {
  const { answers, ledger, local } = source
  const answered = ledger.isKnown() ? await fromServer(env, source).catch(() => []) : []
  const events = new Map([...answered, ...local()].map((event) => [event.id, event]))
  const deciding = new Set([...answers.all().values()].map(({ event }) => event?.id))
  const types = new Map(answers.types().map(({ id, visit }) => [id, visit]))
  return [...events.values()]
    .map((event) => ({
      event,
      type: types.get(event.consentType),
      decides: deciding.has(event.id),
      isPending: ledger.unsent().some(({ item }) => item.externalId === event.id),
    }))
    .sort((a, b) => (a.event.consentDate > b.event.consentDate ? -1 : 1))
}
