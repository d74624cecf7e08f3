/**
 * Measures the change feed on a SQLite file: how fast it is read as a library and over HTTP, and how long it takes from
 * the answer to a request that records until a waiting reader has the event.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, Option, Stream } from "effect"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../apps/Crypto.ts"
import * as Ledger from "../core/Ledger.ts"
import { LedgerStore } from "../core/ports/LedgerStore.ts"
import * as TestKeys from "../test/support/keys.ts"
import * as Http from "./http.ts"
import * as Measure from "./measure.ts"
import * as Samples from "./samples.ts"

const events = Number(process.env["BENCH_ROWS"] ?? 200_000)
const blockSize = 500

/** Opens a ledger with the demonstration's project. */
export const open = (path: string) =>
  Effect.gen(function* () {
    const opened = yield* Layer.build(
      Ledger.layer.pipe(Layer.provideMerge(SqliteStore.layer(path)), Layer.provide([Crypto.layer, TestKeys.layer])),
    )
    const ledger = Context.get(opened, Ledger.Ledger)
    yield* ledger.found
    const [projectId] = (yield* ledger.catalog).projects.keys()
    const scope = Option.getOrThrow(yield* ledger.projectScope(projectId!))
    return { ledger, scope, store: Context.get(opened, LedgerStore), next: Samples.maker(scope) }
  })

/** Records a number of events, each of another person. */
export const fill = Effect.fnUntraced(function* (
  { next, scope: { organization, project }, store }: Effect.Success<ReturnType<typeof open>>,
  count: number,
  now: number,
) {
  for (let done = 0; done < count; done += blockSize) {
    const block = Array.from({ length: Math.min(blockSize, count - done) }, () => next(now))
    yield* store.events.append({ organization, project, recordedAt: now, events: block, claims: [] })
  }
})

/** The columns of a change, read from bare rows in the order of the lanes. */
const bareRows = (path: string): number => {
  const db = new DatabaseSync(path, { readOnly: true })
  const select = db.prepare(
    `SELECT position, person, event_id, consent_type, version, consent_state, consent_action, consent_date, recorded_at,
            expiration_date FROM event ORDER BY lane, position`,
  )
  let rows = 0
  for (const _ of select.iterate()) rows++
  db.close()
  return rows
}

const byLibrary = (folder: string) =>
  Effect.gen(function* () {
    const path = join(folder, "feed.db")
    const opened = yield* open(path)
    const { ledger, scope } = opened
    yield* fill(opened, events, Date.now())
    const all = Stream.runFold(
      ledger.followChanges(scope, {}, false),
      () => 0,
      (count, { items }) => count + items.length,
    )
    return yield* Measure.compareEffects({
      "bare SELECT of the columns of all events": Effect.sync(() => bareRows(path)),
      "the feed as a stream": all,
    })
  }).pipe(Effect.scoped)

const readPages = async (demo: Http.Demo): Promise<number> => {
  const headers = { "x-api-key": demo.apiKey }
  const changes = `${demo.url}/privacy-v1/organizations/${demo.organization}/projects/${demo.project}/changes`
  let [count, after] = [0, "start"]
  for (;;) {
    const answer = await fetch(`${changes}?limit=1000&after=${encodeURIComponent(after)}`, { headers })
    const page = (await answer.json()) as { count: number; mark: string; isCurrent: boolean }
    count += page.count
    after = page.mark
    if (page.isCurrent) return count
  }
}

const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN

/** How long after the answer to a POST a waiting reader has the event, in milliseconds, in ascending order. */
const tailLatencies = async (demo: Http.Demo, posts: number): Promise<ReadonlyArray<number>> => {
  const headers = { "content-type": "application/json", "x-api-key": demo.apiKey }
  const project = `${demo.url}/privacy-v1/organizations/${demo.organization}/projects/${demo.project}`
  const ask = async (after: string, wait: number) => {
    const answer = await fetch(`${project}/changes?wait=${wait}&after=${encodeURIComponent(after)}`, { headers })
    const page = (await answer.json()) as { items: ReadonlyArray<{ event: string }>; mark: string }
    return { ...page, at: performance.now() }
  }
  let { mark } = await ask("now", 0)
  const latencies: Array<number> = []
  for (let posted = 0; posted < posts; posted++) {
    const waiting = ask(mark, 30)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const item = {
      userId: `tail-${posted}`,
      consentType: demo.consentType,
      consentState: "declined",
      consentAction: "user_click",
    }
    const answer = await fetch(`${project}/consent-events`, {
      method: "POST",
      headers,
      body: JSON.stringify({ items: [item] }),
    })
    await answer.arrayBuffer()
    const answeredAt = performance.now()
    const page = await waiting
    latencies.push(Math.max(0, page.at - answeredAt))
    mark = page.mark
  }
  return latencies.toSorted((a, b) => a - b)
}

const byHttp = async (folder: string): Promise<void> => {
  const demo = await Http.start(folder)
  try {
    const path = `/privacy-v1/organizations/${demo.organization}/projects/${demo.project}/consent-events`
    const headers = { "content-type": "application/json", "x-api-key": demo.apiKey }
    for (let posted = 0; posted < 50; posted++) {
      const items = Array.from({ length: 1000 }, (_, index) => ({
        userId: `user-${posted * 1000 + index}`,
        consentType: demo.consentType,
        consentState: "accepted",
        consentAction: "user_click",
      }))
      const answer = await fetch(`${demo.url}${path}`, { method: "POST", headers, body: JSON.stringify({ items }) })
      if (!answer.ok) throw new Error(`recording failed: ${answer.status} ${(await answer.text()).slice(0, 500)}`)
      await answer.arrayBuffer()
    }
    const rates = await Measure.compare({ "HTTP, pages of 1,000 changes": () => readPages(demo) }, 3)
    Measure.print("The feed over HTTP, in changes", rates, {})
    const latencies = await tailLatencies(demo, 500)
    const figure = (share: number) => `${percentile(latencies, share).toFixed(1)} ms`
    console.log(
      `  after the answer to a POST a waiting reader has it: p50 ${figure(0.5)}, p99 ${figure(0.99)} (aim: 20 ms)`,
    )
  } finally {
    await demo.stop()
  }
}

/** Runs and prints the measurements. */
export const run = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  try {
    Measure.print("The feed as a library, in changes", await Effect.runPromise(byLibrary(folder)), {})
    await byHttp(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
