/**
 * Moves that are killed, and moves that are refused: the target has all of the ledger or nothing, and the source is
 * unchanged.
 */
import { copyFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Exit, Layer } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import type * as Verifying from "../../core/integrity/Verifying.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { workplace } from "../cli/run.ts"
import { move, moving, verify } from "../support/checking.ts"
import { fillLedger } from "../support/filled.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { ofPostgres } from "../support/tampering.ts"

/** The number of kills in each direction. */
const kills = Number(process.env["ASSENT_TEST_ROUNDS"] ?? 1)

const place = workplace()
let postgres: Postgres
let files = 0
const places = {
  sqlite: async () => `sqlite:${join(place.folder, `${++files}.db`)}`,
  postgres: () => postgres.database(),
}
const names = ["sqlite", "postgres"] as const
const directions = names.flatMap((from) => names.map((to) => [from, to] as const))

const sources = { sqlite: "", postgres: "" }
let whole: Verifying.Report
beforeAll(async () => {
  postgres = await startPostgres(synced)
  sources.sqlite = await places.sqlite()
  await fillLedger(sources.sqlite, 1200)
  sources.postgres = await places.postgres()
  await move(sources.sqlite, sources.postgres)
  whole = await verify(sources.sqlite)
}, 120_000)
afterAll(() => postgres.stop())

/** Runs the command, and kills it after a number of milliseconds if `after` is given. */
const command = (from: string, to: string, after?: number): Promise<NodeJS.Signals | null> =>
  new Promise((resolve, reject) => {
    const child = place.start(["move", "--from", from, "--to", to])
    if (after !== undefined) setTimeout(() => child.kill("SIGKILL"), after)
    child.on("error", reject)
    child.on("close", (_code, signal) => resolve(signal))
  })

const tagOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string | undefined =>
  Exit.isFailure(exit)
    ? /NotEmpty|NotWhole|NotTheSame|NoLedger|SourceChanged|StoreUnavailable/.exec(String(exit.cause))?.[0]
    : "moved"

describe.each(directions)("a move from %s to %s", (from, to) => {
  test("that is killed at any moment leaves nothing or all; where nothing, it can be run again", async () => {
    const started = performance.now()
    await command(sources[from], await places[to]())
    const millis = performance.now() - started
    let cut = 0
    for (let n = 0; n < kills || cut === 0; n++) {
      const target = await places[to]()
      const signal = await command(sources[from], target, millis * (0.3 + 0.65 * Math.random()))
      const tag = tagOf(await moving(sources[from], target))
      expect(tag).toMatch(signal === null ? /^NotEmpty$/ : /^NotEmpty$|^moved$/)
      if (tag === "moved") cut++
      expect(await verify(target)).toEqual(whole)
    }
    expect(await verify(sources[from])).toEqual(whole)
  })
})

describe("a move is refused", () => {
  const refuse = async (from: string, to: string, tag: string) => {
    expect(tagOf(await moving(from, to))).toBe(tag)
  }

  test("into a ledger that is there already, itself under another name too: nothing is changed", async () => {
    const there = await places.sqlite()
    await fillLedger(there, 40)
    const before = await verify(there)
    await refuse(sources.sqlite, there, "NotEmpty")
    await refuse(sources.postgres, there, "NotEmpty")
    await refuse(there, there.replace(/\/(\d+\.db)$/, "/./$1"), "NotEmpty")
    expect(await verify(there)).toEqual(before)
    await refuse(there, sources.postgres, "NotEmpty")
    expect(await verify(sources.postgres)).toEqual(whole)
  })

  test("from where there is no ledger; the target is not made", async () => {
    const target = await places.sqlite()
    await refuse(await places.sqlite(), target, "NoLedger")
    await refuse(await postgres.database(), target, "NoLedger")
    expect(existsSync(target.slice("sqlite:".length))).toBe(false)
  })

  test("from a ledger that lacks an event, in the middle of a lane or at its end, or has a damaged one", async () => {
    const last = "WHERE lane = (SELECT max(lane) FROM event)"
    for (const damage of [
      `DELETE FROM event ${last} AND position = 1`,
      `DELETE FROM event ${last} AND position = (SELECT max(position) FROM event ${last})`,
      `DELETE FROM lane_head ${last}`,
      `UPDATE event SET body = replace(body, 'import', 'implied') ${last} AND position = 2`,
    ]) {
      const source = await postgres.copy(sources.postgres)
      await ofPostgres(source).run(damage)
      const target = await places.sqlite()
      await refuse(source, target, "NotWhole")
      await move(sources.sqlite, target)
    }
  })

  test("where the target stores other rows than it was given; it stays empty", async () => {
    const changes = {
      head: "DELETE FROM head WHERE lane = new.lane AND person = new.person AND position % 7 = 0",
      idempotency: "UPDATE idempotency SET recorded_at = recorded_at + 1 WHERE hash = new.hash",
      event: "UPDATE event SET body = body || ' ' WHERE lane = new.lane AND position = new.position",
    }
    for (const [table, change] of Object.entries(changes)) {
      const target = await places.sqlite()
      await Effect.runPromise(Effect.scoped(Layer.build(Store.layer(target))))
      const db = new DatabaseSync(target.slice("sqlite:".length))
      db.exec(`DROP TRIGGER event_is_never_changed; CREATE TRIGGER other AFTER INSERT ON ${table} BEGIN ${change}; END`)
      const exit = await moving(sources.sqlite, target)
      expect(String(exit)).toContain(`${table === "event" ? "lane" : `the table ${table}`}`)
      expect(tagOf(exit)).toBe("NotTheSame")
      db.exec("DROP TRIGGER other")
      db.close()
      await move(sources.sqlite, target)
    }
  })

  test("where any table of the source is written to during the move; the target stays empty", async () => {
    const source = await postgres.copy(sources.postgres)
    const target = await places.sqlite()
    const filled = whole.tables.filter(({ rows, table }) => rows > 0 && table !== "event").map(({ table }) => table)
    for (const table of filled) {
      const change =
        table === "lane_head"
          ? "UPDATE lane_head SET last_recorded_at = last_recorded_at + 1"
          : `DELETE FROM ${table} WHERE ctid = (SELECT min(ctid) FROM ${table})`
      let isDone = false
      const exit = await moving(source, target, () =>
        Effect.promise(async () => {
          if (!isDone) await ofPostgres(source).run(change)
          isDone = true
        }),
      )
      expect([table, tagOf(exit)]).toEqual([table, "SourceChanged"])
      expect(String(exit)).toContain(`in its table ${table}`)
    }
    expect(tagOf(await moving(sources.sqlite, target))).toBe("moved")
  })

  test("from a file that a server writes to during the move, whether it had it open before or not", async () => {
    let at = 0
    const useKey = Effect.flatMap(LedgerStore, (store) =>
      store.catalog.useKey("018d5d1e-0000-7000-8000-000000000001", ++at),
    )
    for (const isOpen of [true, false]) {
      const source = await places.sqlite()
      copyFileSync(sources.sqlite.slice("sqlite:".length), source.slice("sqlite:".length))
      const target = await postgres.database()
      const exit = await Effect.runPromise(
        Effect.scopedWith(
          Effect.fnUntraced(function* (scope) {
            const open = yield* Effect.cached(Layer.buildWithScope(Store.layer(source), scope))
            const use = Effect.orDie(Effect.flatMap(open, (context) => Effect.provide(useKey, context)))
            if (isOpen) yield* use
            return yield* Effect.promise(() => moving(source, target, () => use))
          }),
        ),
      )
      expect(tagOf(exit)).toBe(isOpen ? "SourceChanged" : "StoreUnavailable")
      expect(tagOf(await moving(sources.sqlite, target))).toBe("moved")
    }
  })
})
