/** Files are scanned by a server that speaks as `clamd` does, and are taken only where it has found nothing. */
import { Effect, Result } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import * as ClamdScanner from "../../adapters/clamd/ClamdScanner.ts"
import { FileScanner } from "../../core/ports/FileScanner.ts"
import { asKey, codesOf, opened } from "../http/complianceRequests.ts"
import { expectProblem } from "../http/problem.ts"
import { startWorld } from "../http/world.ts"
import { type Clamd, eicar, type Mode, startClamd } from "../support/clamd.ts"
import type { Server } from "../support/server.ts"

let clamd: Clamd
beforeAll(async () => {
  clamd = await startClamd()
})
beforeEach(() => clamd.setMode("works"))
afterAll(() => clamd.stop())

/** The verdict about parts, or the reason why there is none. */
const scan = (parts: ReadonlyArray<Uint8Array>, address = clamd.address, idle = 200) =>
  Effect.gen(function* () {
    const { begin } = yield* FileScanner
    const { verdict, write } = yield* begin
    for (const part of parts) yield* write(part)
    return yield* verdict
  }).pipe(
    Effect.scoped,
    Effect.result,
    Effect.map(Result.mapError(({ reason }) => reason)),
    Effect.provide(ClamdScanner.layer(address, idle)),
    Effect.runPromise,
  )

const reasonOf = async (outcome: ReturnType<typeof scan>) => {
  const found = await outcome
  return Result.isFailure(found) ? found.failure : found.success
}

describe("the scanner", () => {
  test("sends every byte, in any parts, and answers what it is told", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
    const parts = [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1, 100_000), bytes.subarray(100_000)]
    expect(await scan(parts)).toEqual(Result.succeed("clean"))
    expect(clamd.scanned.at(-1)!.equals(bytes)).toBe(true)
    expect(await scan([Buffer.from(eicar.slice(0, 20)), Buffer.from(eicar.slice(20))])).toEqual(
      Result.succeed("infected"),
    )
  })

  test("reads an answer that comes in pieces", async () => {
    clamd.setMode({ says: ["stream: ", "Some.Virus FOU", "ND\0"] })
    expect(await scan([Buffer.from("a")])).toEqual(Result.succeed("infected"))
  })

  // Kills: an answer other than OK that is treated as clean.
  test.each<readonly [string, Mode, RegExp]>([
    ["ends at once", "closes", /lost/],
    ["ends after a part", "closes after a part", /lost/],
    ["says nothing", "is silent", /too long/],
    ["finds the file too large", { says: ["INSTREAM size limit exceeded. ERROR\0"] }, /no verdict/],
    ["says something else", { says: ["stream: OKAY\0"] }, /no verdict/],
    ["says less", { says: ["stream: OK"] }, /lost/],
    ["says too much", { says: ["stream: OK\0 and more\0"] }, /no verdict/],
    ["says far too much", { says: ["a".repeat(100_000)] }, /lost/],
  ])("gives no verdict where the server %s", async (_, mode, reason) => {
    clamd.setMode(mode)
    expect(await reasonOf(scan([Buffer.alloc(100_000)]))).toMatch(reason)
  })

  test("gives no verdict where nothing listens", async () => {
    const gone = await startClamd()
    await gone.stop()
    expect(await reasonOf(scan([], gone.address))).toMatch(/lost/)
  })

  test.each([
    ["127.0.0.1:3310", { host: "127.0.0.1", port: 3310 }],
    ["clamd.internal:1", { host: "clamd.internal", port: 1 }],
    ["[::1]:3310", { host: "::1", port: 3310 }],
    ["3310", undefined],
    ["host:0", undefined],
    ["host:65536", undefined],
    ["http://host:3310", undefined],
    ["::1:3310", undefined],
  ])("is named as %s", (text, expected) => expect(ClamdScanner.parse(text)).toEqual(expected))
})

describe("a server with a scanner", () => {
  let server: Server
  let id: string
  beforeAll(async () => {
    server = await startWorld({ ASSENT_CLAMD: `127.0.0.1:${clamd.address.port}` })
    id = (await opened(server, { preverified: true })).id
  })
  afterAll(() => server.stop())

  const send = (body: string) => asKey(server, "POST", `compliance-requests/${id}/files?fileName=a.txt`, { body })
  const filesOf = async () => (await asKey(server, "GET", `compliance-requests/${id}`)).json.files

  test("says that a file was scanned, and keeps none that is infected", async () => {
    const clean = await send("nothing bad")
    expect([clean.status, clean.json.files[0].scanned]).toEqual([201, true])
    const infected = await send(eicar)
    expectProblem(infected, 422)
    expect(codesOf(infected)).toEqual(["file_infected"])
    expect((await filesOf()).length).toBe(1)
  })

  // Kills: a file that is kept where the scanner is away.
  test.each<Mode>(["closes", "closes after a part", { says: ["ERROR\0"] }])(
    "keeps no file while the scanner %s: 503, and another try is answered",
    async (mode) => {
      const before = (await filesOf()).length
      clamd.setMode(mode)
      const refused = await send("nothing bad")
      expectProblem(refused, 503)
      expect(refused.headers["retry-after"]).toBe("1")
      expect((await filesOf()).length).toBe(before)
      clamd.setMode("works")
      expect((await send("nothing bad")).status).toBe(201)
    },
  )
})
