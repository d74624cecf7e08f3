/**
 * A process of the benchmark of access packages: fills a ledger with the events of one person, and builds the package,
 * or reads the same events and compresses them. Prints {@link Figures} as JSON.
 */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { createDeflateRaw } from "node:zlib"
import { Clock, Context, Effect, Layer, Option } from "effect"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../apps/Crypto.ts"
import * as PackageBuilding from "../core/compliance-requests/PackageBuilding.ts"
import * as LedgerContext from "../core/ledger/LedgerContext.ts"
import * as Ledger from "../core/Ledger.ts"
import type { LedgerStore } from "../core/ports/LedgerStore.ts"
import type { ProjectScope } from "../core/model/Catalog.ts"
import * as TestKeys from "../test/support/keys.ts"
import * as Samples from "./samples.ts"

/** The figures of a run. */
export interface Figures {
  readonly seconds: number
  /** The bytes of the bodies of all events. */
  readonly bytes: number
  /** The largest resident memory before the measured part, and in all, in MiB. */
  readonly before: number
  readonly megabytes: number
}

const blockSize = 500

const maxMegabytes = (): number => process.resourceUsage().maxRSS / 1024

const fill = Effect.fnUntraced(function* (
  { organization, project, ...scope }: ProjectScope,
  store: LedgerStore["Service"],
  person: string,
  count: number,
) {
  const next = Samples.maker({ organization, project, ...scope }, () => person)
  const now = yield* Clock.currentTimeMillis
  for (let done = 0; done < count; done += blockSize) {
    const events = Array.from({ length: Math.min(blockSize, count - done) }, () => next(now + done))
    yield* store.events.append({ organization, project, recordedAt: now + done, events, claims: [] })
  }
})

/** Builds the package of a person with a number of events. */
const build = (path: string, count: number) =>
  Effect.gen(function* () {
    const services = Layer.mergeAll(SqliteStore.layer(path), Crypto.layer, TestKeys.layer)
    const opened = yield* Layer.build(Layer.provideMerge(Ledger.layer, services))
    const ledger = Context.get(opened, Ledger.Ledger)
    yield* ledger.found
    const [id] = (yield* ledger.catalog).projects.keys()
    const scope = Option.getOrThrow(yield* ledger.projectScope(id!))
    const context = yield* Effect.provide(LedgerContext.make, opened)
    const person = "018d5c00-0000-7000-8000-0000000000ff"
    yield* fill(scope, context.store, person, count)
    const item = { request: "view", user: {}, isPreverified: true, subject: { concordId: person } } as const
    const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
    const outcome = yield* ledger.compliance.open(scope, { opener, items: [item] })
    if (outcome._tag !== "Opened") return yield* Effect.die(new Error(JSON.stringify(outcome)))
    const [before, started] = [maxMegabytes(), performance.now()]
    const built = yield* PackageBuilding.build({ project: scope.project.id, request: outcome.requests[0]!.id }, context)
    if (built !== "Built") return yield* Effect.die(new Error(built))
    return { before, seconds: (performance.now() - started) / 1000 }
  }).pipe(Effect.scoped)

/** Reads the bodies of all events, and compresses them if `write` does. */
const bodies = async (path: string, write: (body: string) => boolean, drained: () => Promise<unknown>) => {
  const db = new DatabaseSync(path, { readOnly: true })
  let bytes = 0
  for (const { body } of db.prepare("SELECT body FROM event ORDER BY lane, position").iterate()) {
    bytes += Buffer.byteLength(String(body))
    if (!write(String(body))) await drained()
  }
  db.close()
  return bytes
}

/** The limit: the bodies of the same events, compressed one after the other. */
const compress = async (path: string) => {
  const [before, started] = [maxMegabytes(), performance.now()]
  const deflate = createDeflateRaw()
  deflate.resume()
  await bodies(
    path,
    (body) => deflate.write(body),
    () => new Promise((resolve) => deflate.once("drain", resolve)),
  )
  await new Promise((resolve) => deflate.end(() => resolve(undefined)))
  return { before, seconds: (performance.now() - started) / 1000 }
}

const [what = "", folder = "", count = ""] = process.argv.slice(2)
const path = join(folder, `package-${count}.db`)
const run = what === "build" ? await Effect.runPromise(build(path, Number(count))) : await compress(path)
const megabytes = maxMegabytes()
const bytes = await bodies(
  path,
  () => true,
  () => Promise.resolve(),
)
console.log(JSON.stringify({ ...run, bytes, megabytes } satisfies Figures))
