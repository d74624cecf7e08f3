/**
 * Clients of a server during a fault: writers that send each request with a key until it is acknowledged, readers, and
 * health checks. They keep every answer.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { expect } from "vitest"
import type { Answer, Server } from "../support/server.ts"
import { type Asked, faultsOf } from "./wholeness.ts"

/** An answer, with the instant of its arrival and its duration, in milliseconds. */
export interface Answered {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly at: number
  readonly millis: number
}

/** Writers that run. */
export interface Load {
  readonly writes: ReadonlyArray<Answered>
  /** The ids of the events that were acknowledged. */
  readonly acknowledged: ReadonlyArray<string>
  /** The people of these events. */
  readonly people: ReadonlyArray<string>
  /** The number of requests that were begun, with two events each. */
  readonly requests: () => number
  /** Resolves when another request is acknowledged. */
  readonly goesOn: () => Promise<void>
  /** Begins no new request, and resolves when every request is acknowledged. */
  readonly finish: () => Promise<void>
}

const isReset = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ECONNRESET"

const timed = async (ask: () => Promise<Answer>): Promise<Answered & { readonly answer: Answer }> => {
  const from = performance.now()
  // The server may close a kept connection at the moment at which it is used again.
  const answer = await ask().catch((error: unknown) => (isReset(error) ? ask() : Promise.reject(error)))
  const at = performance.now()
  return { status: answer.status, retryAfter: answer.headers["retry-after"], at, millis: at - from, answer }
}

/** The requests of clients of the demonstration. */
export const clientsOf = (server: Server) => {
  const { apiKey, consentTypes, organization, project, session } = server.banner()
  const privacy = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const item = { consentType: consentTypes[0]!, consentAction: "user_click" }
  const get = (path: string, more = {}) => timed(() => server.request("GET", path, { headers: more }))

  const record = (userId: string) => {
    const items = ["accepted", "declined"].map((consentState) => ({ ...item, userId, consentState }))
    return timed(() =>
      server.request("POST", `${privacy}/consent-events`, {
        headers: { ...headers, "idempotency-key": userId },
        json: { items },
      }),
    )
  }
  return {
    record,
    /** Asks for the consent states of a person, with the API key. */
    state: (userId: string) => get(`${privacy}/consent-state?userId=${userId}`, headers),
    /** Asks for the consent states of the visitor. */
    visit: () => get(`/site-v1/${project}/consent-state`, { "x-session": session }),
    ready: () => get("/readyz"),
    alive: () => get("/livez"),
    /** Starts writers. */
    load: (writers: number): Load => {
      const writes: Array<Answered> = []
      const acknowledged: Array<string> = []
      const people: Array<string> = []
      let requests = 0
      let isOver = false
      const work = async () => {
        while (!isOver) {
          const userId = `user-${++requests}`
          for (let status = 0; status !== 201;) {
            const { answer, ...answered } = await record(userId)
            writes.push(answered)
            status = answer.status
            if (status === 201) {
              acknowledged.push(...answer.json.items.map(({ id }: { id: string }) => id))
              people.push(userId)
            }
            // Sooner than the second that Retry-After asks for.
            await sleep(status === 201 ? 5 : 100)
          }
        }
      }
      const all = Promise.all(Array.from({ length: writers }, work))
      // If a test fails, its server ends before its clients.
      all.catch(() => {})
      const finish = async () => {
        isOver = true
        await all
      }
      const goesOn = async () => {
        for (const before = acknowledged.length; acknowledged.length === before;) await sleep(20)
      }
      return { writes, acknowledged, people, requests: () => requests, goesOn, finish }
    },
  }
}

/** Asks until an answer has a status. Returns the duration, in milliseconds. */
export const until = async (status: number, ask: () => Promise<Answered>, limitMillis: number): Promise<number> => {
  const from = performance.now()
  for (;;) {
    const answered = await ask()
    const millis = performance.now() - from
    if (answered.status === status) return millis
    if (millis > limitMillis)
      throw new Error(`still ${answered.status} instead of ${status} after ${Math.round(millis)} ms`)
    await sleep(50)
  }
}

/** Expects that every answer was in time, and that the ledger holds every event of the requests once and no other. */
export const expectKept = async (load: Load, ledger: Asked, limitMillis: number): Promise<void> => {
  await load.finish()
  const { acknowledged, requests, writes } = load
  expect(acknowledged).toHaveLength(2 * requests())
  // A request that is sent again while its first try is under way is answered 409.
  const statuses = new Set(writes.map(({ status }) => status).filter((status) => status !== 409))
  expect(statuses).toEqual(new Set([201, 503]))
  expect(writes.filter(({ retryAfter, status }) => status === 503 && retryAfter === undefined)).toEqual([])
  expect(Math.max(...writes.map(({ millis }) => millis))).toBeLessThan(limitMillis)
  expect(await faultsOf(ledger, acknowledged)).toEqual([])
  const [rows] = await ledger.ask(["SELECT count(*) AS n FROM event WHERE body LIKE '%user_click%'"])
  expect(rows).toEqual([{ n: acknowledged.length }])
}
