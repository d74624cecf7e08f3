/**
 * Servers that are killed at any moment while clients send requests with idempotency keys. An acknowledged request is
 * answered again byte for byte; any other is carried out once when it is sent again. On SQLite and on PostgreSQL,
 * concurrently.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Asker, newAsker, type Post, posts } from "../http/posts.ts"
import { acme, asOwner, privacy, startWorld, startWorldOn } from "../http/world.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { type Answer, type Server, start } from "../support/server.ts"
import { type Asked, faultsOf, postgres as inPostgres, sqlite } from "./wholeness.ts"

const cycles = times(2, 15)
const kinds = ["createConsentEvents", "createConsentEvents", "createSession", "createApiKey", "keepProfile"]
const env = { ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }

/** A request that was sent once or more. */
interface Sent {
  readonly kind: string
  readonly post: Post
  readonly key: string
  /** The first answer that arrived. */
  answer?: Answer
  isReplayed?: boolean
}

/** A ledger, its server, and the requests that were sent to it. */
interface Ledger {
  server: Server
  readonly first: Server
  readonly asker: Asker
  readonly asked: Asked
  readonly restart: () => Promise<Server>
  readonly sent: Array<Sent>
  readonly wrong: Array<string>
}

const send = ({ server }: Ledger, { key, post: { headers, json, path } }: Sent): Promise<Answer> =>
  server.request("POST", path, { headers: { ...headers, "idempotency-key": key }, json })

const isReplay = ({ headers }: Answer): boolean => headers["idempotent-replayed"] === "true"

/** Sends a request that is not acknowledged yet. */
const acknowledge = async (ledger: Ledger, request: Sent): Promise<void> => {
  const answer = await send(ledger, request)
  if (answer.status !== 200 && answer.status !== 201) return void ledger.wrong.push(`${request.kind}: ${answer.text}`)
  request.answer = answer
  request.isReplayed = isReplay(answer)
}

/** Sends an acknowledged request again, and compares the answers. */
const check = async (ledger: Ledger, request: Sent): Promise<void> => {
  const again = await send(ledger, request)
  const { answer, kind } = request
  const isSame = isReplay(again) && again.status === answer!.status && again.text === answer!.text
  if (!isSame) ledger.wrong.push(`${kind}: ${again.text} instead of ${answer!.text}`)
}

/** Sends requests without pause, until the server is killed. */
const write = async (ledger: Ledger, kind: string): Promise<void> => {
  for (;;) {
    const request: Sent = { kind, post: await posts[kind]!(ledger.asker), key: crypto.randomUUID() }
    ledger.sent.push(request)
    await acknowledge(ledger, request)
  }
}

const each = (
  ledger: Ledger,
  requests: ReadonlyArray<Sent>,
  act: (ledger: Ledger, request: Sent) => Promise<void>,
): Promise<unknown> => {
  const left = requests.values()
  const work = async () => {
    for (const request of left) await act(ledger, request)
  }
  // Fewer at a time than the number of tries of a catalog change, so that none is refused as a conflict.
  return Promise.all(Array.from({ length: 5 }, work))
}

const killOften = async (ledger: Ledger): Promise<void> => {
  // Goes on until a request was carried out though its answer never arrived: its next try is a replay.
  const isReplayed = () => ledger.sent.some((request) => request.isReplayed)
  for (let cycle = 0; cycle < cycles || (!isReplayed() && cycle < 40); cycle++) {
    const writers = kinds.map((kind) => write(ledger, kind).catch(() => {}))
    await sleep(5 + Math.random() * 150)
    await ledger.server.end("SIGKILL")
    await Promise.all(writers)
    if (ledger.server !== ledger.first) await ledger.server.stop()
    ledger.server = await ledger.restart()
    const open = ledger.sent.filter(({ answer }) => answer === undefined)
    await each(ledger, open, acknowledge)
  }
}

let postgres: Postgres
const ledgers: Record<string, Ledger> = {}

const make = async (first: Server, asked: Asked, restart: () => Promise<Server>): Promise<Ledger> => ({
  ...{ server: first, first, asker: await newAsker(first), asked, restart },
  ...{ sent: [], wrong: [] },
})

beforeAll(async () => {
  const onSqlite = async () => {
    const first = await startWorld(env)
    ledgers["SQLite"] = await make(first, sqlite(first.file), () => start({ file: first.file, env }))
    await killOften(ledgers["SQLite"])
  }
  const onPostgres = async () => {
    postgres = await startPostgres(synced)
    const url = await postgres.database()
    const restart = () => start({ env: { ...env, ASSENT_STORE: url } })
    ledgers["PostgreSQL"] = await make(await startWorldOn(url, env), inPostgres(url), restart)
    await killOften(ledgers["PostgreSQL"])
  }
  await Promise.all([onSqlite(), onPostgres()])
}, 280_000)

afterAll(async () => {
  for (const { first, server } of Object.values(ledgers)) {
    await server.stop()
    await first.stop()
  }
  await postgres?.stop()
})

describe.each(["SQLite", "PostgreSQL"])(
  "a server on %s that is killed again and again under writers with keys",
  (store) => {
    let ledger: Ledger
    beforeAll(() => void (ledger = ledgers[store]!))

    const of = (kind: string): ReadonlyArray<Sent> => ledger.sent.filter((request) => request.kind === kind)
    const count = async (table: string): Promise<number> => {
      const [rows] = await ledger.asked.ask([`SELECT count(*) AS n FROM ${table}`])
      return Number(rows![0]!["n"])
    }

    test("has answered every request in the end, once with the same key or twice", () => {
      expect(ledger.wrong).toEqual([])
      expect(ledger.sent.filter(({ answer }) => answer === undefined)).toEqual([])
      for (const kind of new Set(kinds)) expect(of(kind).length).toBeGreaterThanOrEqual(cycles)
      // Some were carried out although their answer never arrived, which the key shows.
      expect(ledger.sent.some(({ isReplayed }) => isReplayed)).toBe(true)
    })

    test("answers every request again byte for byte", async () => {
      await each(ledger, ledger.sent, check)
      expect(ledger.wrong).toEqual([])
    })

    test("has carried out every request once", async () => {
      const events = of("createConsentEvents")
      expect(await count("event")).toBe(2 * events.length)
      const people = events.map(({ answer }) => answer!.json.items[0].concordId)
      expect(new Set(people).size).toBe(events.length)
      const path = `${privacy()}/consent-events?concordId=`
      for (const [index, { answer }] of events.slice(-50).entries()) {
        const person = people.slice(-50)[index]
        const { items } = (await ledger.server.request("GET", path + person, { headers: asOwner })).json
        expect(items.map(({ id }: { id: string }) => id).toSorted()).toEqual(
          answer!.json.items.map(({ id }: { id: string }) => id).toSorted(),
        )
      }
      // The clients have one session of their own.
      expect(await count("session")).toBe(of("createSession").length + 1)
      const keys = `/privacy-v1/organizations/${acme.id}/api-keys?limit=1`
      const { total } = (await ledger.server.request("GET", keys, { headers: asOwner })).json
      expect(total).toBe(of("createApiKey").length + 5)
      expect(await count("idempotency")).toBe(ledger.sent.length)
    })

    test("has a ledger that is whole", async () => {
      const acknowledged = of("createConsentEvents").flatMap(({ answer }) =>
        answer!.json.items.map(({ id }: { id: string }) => id),
      )
      expect(await faultsOf(ledger.asked, acknowledged)).toEqual([])
    })
  },
)
