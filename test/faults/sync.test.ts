/**
 * After a loss of power, only synced bytes are on the disk for certain. So each acknowledgement is compared with the
 * calls of the system before it: the event was written to the log, and a sync of the log began after that and ended
 * before the acknowledgement.
 *
 * Killing a process cannot show this, because the system keeps what a dead process has written. That the check works is
 * shown with libeatmydata, which answers each sync at once and does nothing.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { attachStrace, type Call, readCalls, straced } from "../support/strace.ts"
import { hasPackages } from "../support/tools.ts"
import { type Appender, makeAppender } from "./appending.ts"

const idPattern = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g
/** `{"id":"`, which begins each body, and the 36 characters of the id. */
const bodyPattern = /7b226964223a22((?:[\da-f]{2}){36})/g
const textOf = (hex: string): string => Buffer.from(hex, "hex").toString("latin1")

/** When each event was acknowledged. */
const acknowledgedIn = (calls: ReadonlyArray<Call>): ReadonlyMap<string, number> =>
  new Map(
    calls
      .filter(({ name, path }) => name === "write" && path.endsWith("/acknowledged"))
      .flatMap(({ begin, hex }) => [...textOf(hex).matchAll(idPattern)].map(([id]) => [id, begin] as const)),
  )

/** The call that wrote each event to a log for the first time. */
const writtenIn = (log: ReadonlyArray<Call>): ReadonlyMap<string, Call> => {
  const written = new Map<string, Call>()
  for (const call of log) {
    for (const [, id] of call.hex.matchAll(bodyPattern)) {
      if (!written.has(textOf(id!))) written.set(textOf(id!), call)
    }
  }
  return written
}

/** The first write that holds an id as its 16 bytes, because its text may be split by the header of a page. */
const writesBytes = (log: ReadonlyArray<Call>, id: string): Call | undefined =>
  log.find(({ hex }) => hex.includes(id.replaceAll("-", "")))

/** The number of acknowledged events, and those that had not been synced by then. */
interface Synced {
  readonly acknowledged: number
  readonly unsynced: ReadonlyArray<string>
  readonly syncs: number
}

const compare = (calls: ReadonlyArray<Call>, isLog: (path: string) => boolean): Synced => {
  const log = calls.filter(({ path }) => isLog(path))
  const syncs = log.filter(({ name }) => name === "sync")
  const writes = log.filter(({ name }) => name === "write")
  const acknowledged = acknowledgedIn(calls)
  const written = writtenIn(writes)
  const isSynced = ([id, at]: readonly [string, number]): boolean => {
    const write = written.get(id) ?? writesBytes(writes, id)
    return (
      write !== undefined &&
      syncs.some(({ begin, end, path }) => path === write.path && begin >= write.end && end <= at)
    )
  }
  return {
    acknowledged: acknowledged.size,
    unsynced: [...acknowledged].filter((each) => !isSynced(each)).map(([id]) => id),
    syncs: syncs.length,
  }
}

/** How many events are acknowledged before the process is killed. */
const killedAfter = 300
/**
 * The number of acknowledgements that strace must have seen: it misses the write that the kill interrupts, which may
 * hold several.
 */
const enough = 200
const withoutSync = { LD_PRELOAD: "libeatmydata.so" }

describe.skipIf(!hasPackages({ strace: "strace", libeatmydata1: "libeatmydata.so" }))("what is acknowledged", () => {
  let folder: string
  let appender: Appender
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "assent-sync-"))
    appender = await makeAppender()
  })
  afterAll(() => {
    appender.remove()
    rmSync(folder, { recursive: true })
  })

  /** The calls of the system by an appender to a ledger. */
  const trace = async (name: string, url: string, env: Readonly<Record<string, string>>) => {
    const file = join(folder, `${name}.strace`)
    const appending = appender.start(url, straced(file, env))
    while (appending.acknowledged().length < killedAfter) await appending.goesOn()
    await appending.kill()
    return readCalls(file)
  }

  describe("by SQLite", () => {
    const traceFile = async (name: string, env: Readonly<Record<string, string>> = {}) => {
      const calls = await trace(name, `sqlite:${join(folder, name, "ledger.db")}`, env)
      return { calls, synced: compare(calls, (path) => path.endsWith("/ledger.db-wal")) }
    }

    test("was synced before, and so were the folder and the file that hold it", async () => {
      const { calls, synced } = await traceFile("sqlite")
      expect(synced).toMatchObject({ unsynced: [] })
      expect(synced.acknowledged).toBeGreaterThanOrEqual(enough)
      // Requests that arrive together share a sync; no other sync is left out.
      expect(synced.syncs).toBeGreaterThan(synced.acknowledged / 500)
      const first = Math.min(...acknowledgedIn(calls).values())
      const before = calls.filter(({ end, name }) => name === "sync" && end <= first).map(({ path }) => path)
      expect(before).toEqual(expect.arrayContaining([folder, join(folder, "sqlite")]))
    })

    test("is found to be unsynced where syncs do nothing", async () => {
      const { synced } = await traceFile("sqlite-unsynced", withoutSync)
      expect(synced.acknowledged).toBeGreaterThanOrEqual(enough)
      expect(synced.unsynced).toHaveLength(synced.acknowledged)
    })
  })

  describe("by PostgreSQL", () => {
    let postgres: Postgres
    let url: string
    beforeAll(async () => {
      // The server is set to answer a commit before it has synced, because the store must not rely on the server's
      // setting.
      postgres = await startPostgres([...synced, "-c", "synchronous_commit=off"])
      url = await postgres.database()
    })
    afterAll(() => postgres.stop())

    const traceServer = async (name: string): Promise<Synced> => {
      const file = join(folder, `${name}-server.strace`)
      const stop = await attachStrace(file, postgres.pids())
      const calls = await trace(name, url, {})
      await stop()
      return compare([...calls, ...(await readCalls(file))], (path) => path.includes("/pg_wal/"))
    }

    test("was synced before by the server", async () => {
      const synced = await traceServer("postgres")
      expect(synced).toMatchObject({ unsynced: [] })
      expect(synced.acknowledged).toBeGreaterThanOrEqual(enough)
    })

    test("is found to be unsynced where the server's syncs do nothing", async () => {
      await postgres.shutDown()
      Object.assign(process.env, withoutSync)
      try {
        await postgres.start()
      } finally {
        delete process.env["LD_PRELOAD"]
      }
      const synced = await traceServer("postgres-unsynced")
      expect(synced.acknowledged).toBeGreaterThanOrEqual(enough)
      expect(synced.unsynced).toHaveLength(synced.acknowledged)
    })
  })
})
