/** Two servers on one store whose clocks are up to an hour apart. */
import * as fc from "fast-check"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { times } from "../support/long.ts"
import { changed, open, play, script, type Servers } from "./clocksApart.ts"

/** Plays many scripts on one store. */
export const playAll = async (servers: Servers, numRuns: number): Promise<void> => {
  changed.times = 0
  try {
    await fc.assert(
      fc.asyncProperty(script, (each) => play(servers, each)),
      { numRuns },
    )
    expect(changed.times, "some answers did change").toBeGreaterThan(0)
  } finally {
    await servers.end()
  }
}

test("On SQLite an answer changes only by what the other server records while its clock is behind; refusals count at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-clocks-"))
  try {
    await playAll(await open(`sqlite:${join(folder, "ledger.db")}`), times(60, 1000))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("A yes counts on the other server from the instant that it is dated", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-clocks-"))
  const servers = await open(`sqlite:${join(folder, "ledger.db")}`)
  try {
    const { both, scope, time } = servers
    const hour = 3_600_000
    time.ahead = [0, hour]
    const person = { userId: "ann" }
    const consentType = scope.types.all[0]!.id
    const item = { person, consentType, consentState: "accepted" as const, consentAction: "user_click" as const }
    const recorded = await both[1].run((ledger) =>
      ledger.record({ ...scope, submitter: scope.organization.id, items: [item] }),
    )
    const concordId = recorded._tag === "Recorded" ? recorded.events[0]!.concordId : undefined
    const isPermitted = async (server: 0 | 1): Promise<boolean> => {
      const { items } = await both[server].run((ledger) => ledger.decisions({ ...scope, concordId }))
      return items.find(({ type }) => type.id === consentType)!.decision.permitted
    }
    expect([await isPermitted(0), await isPermitted(1)]).toEqual([false, true])
    time.now += hour
    expect([await isPermitted(0), await isPermitted(1)]).toEqual([true, true])
  } finally {
    await servers.end()
    rmSync(folder, { recursive: true })
  }
})
