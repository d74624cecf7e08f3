/**
 * A visit with acts out of the requests that it joins: a session, a batch of events, and the events of the person. In
 * place of `POST …/visit` where the service does not have that yet.
 */
import type { Sending, Sent } from "../../../../adapters/browser/Environment.ts"
import type { Visit, VisitEvent, VisitRequest } from "../../../../core/browser/VisitAnswer.ts"

type Answer = (sending: Sending) => Promise<Sent>

interface Opened {
  readonly session: string
  readonly id: string
  readonly contextId: string
  readonly concordId: string
  readonly expiresAt: string
}

const json = { "content-type": "application/json" }

/** A difference between clocks that is within what a network makes of it. */
const keptMillis = 2000

/** Answers what `POST …/visit` would. */
export const act = async (base: string, { body }: Sending, now: number, answer: Answer): Promise<Sent> => {
  const { contextId, items = [], language, revision, sentAt }: VisitRequest = JSON.parse(body!)
  const url = `${base}/visit${language === undefined ? "" : `?language=${language}`}`
  const visit = (await answer({ method: "GET", url })).json as Visit
  const sent = JSON.stringify({ ...(contextId !== undefined && { contextId }) })
  const opening = await answer({ method: "POST", url: `${base}/session`, headers: json, body: sent })
  if (opening.status !== 201) return opening
  const opened = opening.json as Opened
  const headers = { "x-session": opened.session }
  const ahead = now - Date.parse(sentAt)
  const shift = Math.abs(ahead) < keptMillis ? 0 : ahead
  const shifted = items.map(({ consentDate, ...item }) => ({
    ...item,
    consentDate: new Date(Math.min(now, Date.parse(consentDate) + shift)).toISOString(),
  }))
  const batch = JSON.stringify({ items: shifted })
  const recording =
    items.length === 0
      ? undefined
      : await answer({ method: "POST", url: `${base}/consent-events`, headers: { ...headers, ...json }, body: batch })
  if (recording !== undefined && recording.status >= 400) return recording
  const listing = await answer({ method: "GET", url: `${base}/consent-events?limit=1000`, headers })
  const { items: heads } = listing.json as { readonly items: ReadonlyArray<VisitEvent> }
  const { at, ...members } = visit
  const recorded = (recording?.json as { readonly items: ReadonlyArray<VisitEvent> } | undefined)?.items ?? []
  return {
    status: items.length > 0 ? 201 : 200,
    json: {
      at,
      ...(revision !== visit.revision && members),
      revision: visit.revision,
      ...opened,
      heads,
      items: recorded,
    },
  }
}
