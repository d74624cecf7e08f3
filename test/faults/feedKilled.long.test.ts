/**
 * A scheduler whose process is killed at any moment, again and again: the processes after it announce what one does
 * that is not killed, each change once (F6), and the laws of the feed hold.
 */
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, Effect, Option } from "effect"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import type { Ledger } from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Fact } from "../../core/model/People.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { childEnv } from "../support/childEnv.ts"
import * as Laws from "../support/feed/laws.ts"
import * as Playing from "../support/feed/playing.ts"
import { random, seedOf } from "../support/seeded.ts"
import * as Chance from "./interleavings/chance.ts"

const hour = 3_600_000
const accounts = 60
const joins = 12
/** How many processes are killed. */
const kills = 40

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assent-feed-killed-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

type Service = Ledger["Service"]

/** Fills a ledger with answers that lapse, people that are joined, and a version that asks everyone again. */
const fill = Effect.fnUntraced(function* (ledger: Service, setTime: (now: number) => void) {
  const { project } = yield* ledger.firstProject
  const scopeNow = Effect.map(ledger.projectScope(project.id), Option.getOrThrow)
  yield* ledger.scheduler.tick
  const scope = yield* scopeNow
  const [first, second] = scope.types.all
  for (let account = 0; account < accounts; account++) {
    const item = { person: { userId: `user ${account}` }, consentAction: "import", consentState: "accepted" } as const
    const expirationDate = Playing.start + hour + (account % 20) * 60_000
    const items = [
      { ...item, consentType: first!.id, expirationDate },
      { ...item, consentType: second!.id },
    ]
    yield* ledger.record({ ...scope, submitter: "test", items })
  }
  for (let guest = 0; guest < joins; guest++) {
    setTime(Playing.start + guest)
    const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
    if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
    const { session } = opened
    const said = { consentType: second!.id, consentState: "declined", consentAction: "import" } as const
    const person = { concordId: session.concordId }
    yield* ledger.record({ ...scope, submitter: "test", items: [{ ...said, person }] })
    const proven = { kind: "userId", value: `user ${guest}`, isHashed: false } as const
    const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, proven))
    const evidence = { kind: "userId", issuedAt: Playing.start, expiresAt: Playing.start + hour } as const
    yield* ledger.identify({ ...scope, session, alias, evidence, signed: `proof ${guest}` })
  }
  const change = { requireReaccept: true, publishedAt: Playing.start + 2 * hour }
  yield* ledger.setup.updateType(scope, second!.id, change, { answer: () => "" })
  yield* ledger.setup.updateType(scope, first!.id, { rules: { permits: "accepted" } }, { answer: () => "" })
  return yield* scopeNow
})

/** Opens the ledger of a file, with a clock that is set. */
const within = <A>(
  path: string,
  use: (ledger: Service, store: LedgerStore["Service"], setTime: (now: number) => void) => Effect.Effect<A, unknown>,
) => {
  let now = Playing.start
  return Effect.gen(function* () {
    const store = yield* LedgerStore
    const ledger = yield* Playing.ledgerOver(store, Chance.make("killed").bytes, 2)
    return yield* use(ledger, store, (at) => void (now = at))
  }).pipe(
    Effect.provideService(
      Clock.Clock,
      Playing.clockOf(() => now),
    ),
    Effect.provide(Store.layer(`sqlite:${path}`)),
    Effect.runPromise,
  )
}

const later = Playing.start + 24 * hour

/** A process that announces what is due; it is killed after some milliseconds, unless it is done. */
const announceUntilKilled = async (path: string, millis: number): Promise<"done" | "killed"> => {
  const main = join(import.meta.dirname, "feedTicker.ts")
  const child = spawn(process.execPath, [main, `sqlite:${path}`, String(later)], {
    env: childEnv,
    stdio: ["ignore", "pipe", "pipe"],
  })
  let [output, errors] = ["", ""]
  child.stdout.on("data", (data: Buffer) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), millis)
    output += data.toString()
  })
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()))
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve))
  if (code !== null && code !== 0) throw new Error(`the process has ended by itself: ${errors}`)
  return output.endsWith("done\n") ? "done" : "killed"
}

/** What a feed says, without the ids and instants that differ from one process to another. */
const sayings = (lanes: Laws.Lanes): ReadonlyArray<string> =>
  lanes
    .flat()
    .flatMap((item) => (item._tag === "Change" ? [`${item.type} ${item.at} ${item.concordId} ${item.body}`] : []))
    .map((text) => text.replace(/"reevaluation":"[^"]*"/, ""))
    .toSorted()

const factsOf = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  people: ReadonlyArray<string>,
  store: LedgerStore["Service"],
) {
  const places = people.map((concordId) => ({ concordId, from: 0 }))
  const facts = yield* store.people.facts(organization, places, 100)
  return [...new Map(facts.flat().map((fact: Fact) => [fact.id, fact])).values()]
})

test("F6: processes that are killed announce what one does that is not", async () => {
  const next = random(seedOf("the scheduler's processes"))
  const begun = join(folder, "begun.db")
  const scope = await within(begun, (ledger, _, setTime) => fill(ledger, setTime))
  const expected = await (async () => {
    const path = join(folder, "alone.db")
    cpSync(begun, path)
    return within(path, (ledger, store, setTime) =>
      Effect.gen(function* () {
        setTime(later)
        yield* Effect.repeat(ledger.scheduler.tick, { until: ({ changes, hasMore }) => changes === 0 && !hasMore })
        return sayings(yield* Playing.lanesOf(scope, store))
      }),
    )
  })()
  expect(expected.length).toBeGreaterThan(accounts)
  let killed = 0
  for (let run = 0; killed < kills; run++) {
    const path = join(folder, `${run}.db`)
    cpSync(begun, path)
    // From a kill at once to one when about everything is announced.
    while ((await announceUntilKilled(path, next() ** 2 * 150)) === "killed") killed++
    await within(path, (ledger, store) =>
      Effect.gen(function* () {
        const lanes = yield* Playing.lanesOf(scope, store)
        const events = lanes.flat().flatMap((item) => (item._tag === "Event" ? [item.event] : []))
        const people = [...new Set(events.map(({ concordId }) => concordId))]
        const facts = yield* factsOf(scope, people, store)
        const history = { events, facts, erasures: [], types: [...scope.types.byId.values()] }
        const read = { scope, ledger, history, lanes, ticks: [{ at: later, step: Infinity }], end: later }
        expect(sayings(lanes)).toEqual(expected)
        expect([...Laws.order(read), ...Laws.lastWordCounts(read), ...Laws.nothingInvented(read)]).toEqual([])
      }),
    )
  }
})
