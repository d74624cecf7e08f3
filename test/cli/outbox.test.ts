/** `assent outbox`: the mails of compliance requests, by hand. */
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import type { MailAnswer, OutgoingMail } from "../../core/ports/MailTransport.ts"
import * as TestKeys from "../support/keys.ts"
import { workplace } from "./run.ts"

const { folder, run } = workplace()
const store = `sqlite:${join(folder, "ledger.db")}`
const address = "jo@example.com"

interface Item {
  readonly id: string
  readonly template: string
  readonly state: string
  readonly outcome?: string
  readonly complianceRequestId: string
}

/** A ledger with a request of each of two people, whose mails wait. */
const fill = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  yield* ledger.setup.updateProject(scope, { contactEmails: ["staff@example.com"] }, { answer: () => "" })
  const changed = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const items = [{ request: "view", user: { email: address }, isPreverified: true } as const]
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  yield* ledger.compliance.open(changed, { opener, items })
})

const layer = Ledger.layer.pipe(
  Layer.provide([SqliteStore.layer(join(folder, "ledger.db")), NodeCrypto.layer, TestKeys.layer]),
  Layer.provide(Layer.succeed(MailSettings.Current, { from: { address: "privacy@example.com" } })),
)

/** Sends what is due: a mail server that refuses the requester's address and takes all others. */
const sendAll = Effect.gen(function* () {
  const { mails } = yield* Ledger.Ledger
  const send = ({ to }: OutgoingMail) =>
    Effect.succeed<MailAnswer>(to === address ? { _tag: "Refused", code: "550" } : { _tag: "Taken", code: "250" })
  const isDone = Effect.map(mails.counts, ({ waiting }) => waiting === 0)
  const done = Effect.repeat(Effect.andThen(Effect.sleep(20), isDone), { until: (is) => is })
  yield* Effect.raceFirst(mails.run({ transport: { send } }), done)
})

beforeAll(async () => {
  await Effect.runPromise(Effect.provide(fill, layer))
  TestKeys.writeNextToKept(store)
})

const outbox = (...args: ReadonlyArray<string>) => run(["outbox", ...args, "--store", store])
const listed = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Item>> =>
  JSON.parse((await outbox("list", "--json", ...args)).stdout).items

describe("assent outbox", () => {
  test("lists mails without what is personal, and shows one with its address and words", async () => {
    const { code, stdout } = await outbox("list")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^mail +template +state +outcome +tries +when$/m)
    expect(stdout).toMatch(/received +waiting/)
    expect(stdout).toMatch(/staff_new +waiting/)
    expect(stdout).not.toContain("@")
    const received = (await listed()).find(({ template }) => template === "received")!
    const shown = await outbox("show", received.id)
    expect(shown.stdout).toContain(`To: ${address}`)
    expect(shown.stdout).toContain("Subject: ")
    expect((await outbox("show", received.id, "--json")).stdout).toContain(address)
    expect(await listed("--request", received.complianceRequestId)).toHaveLength(2)
    expect(await listed("--request", received.id)).toEqual([])
  })

  test("ends with 2 where a mail failed, which is sent again, cancelled, or gone for good", async () => {
    await Effect.runPromise(Effect.provide(sendAll, layer))
    const failed = await outbox("list")
    expect(failed.code).toBe(2)
    expect(failed.stdout).toMatch(/received +failed +550/)
    expect(failed.stdout).toMatch(/staff_new +sent +250/)
    const [received] = await listed("--state", "failed")
    const [staff] = await listed("--state", "sent")
    expect((await outbox("show", staff!.id)).stdout).toContain("what it said is not kept any more")

    expect(await outbox("retry", received!.id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("waits again"),
    })
    expect(await listed("--state", "waiting")).toMatchObject([{ id: received!.id }])
    const again = await outbox("retry", received!.id)
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("did not fail")])
    expect(await outbox("cancel", received!.id, "--json")).toMatchObject({ code: 0 })
    expect(await listed("--state", "cancelled")).toMatchObject([{ id: received!.id, outcome: "cancelled" }])
    expect((await outbox("cancel", received!.id)).stderr).toContain("sent already, or is cancelled")

    expect((await outbox("bounced", staff!.id)).stdout).toContain("bounced")
    expect(await outbox("bounced", staff!.id)).toMatchObject({ code: 0 })
    expect(await listed("--state", "failed")).toMatchObject([{ id: staff!.id, outcome: "bounced" }])
    expect((await outbox("retry", staff!.id)).stderr).toContain("was removed")
    // Mutant: says "noted" of a mail that failed or was cancelled before, of which nothing is noted.
    const cancelled = await outbox("bounced", received!.id)
    expect(cancelled.stdout).toContain("nothing is noted, because the mail was cancelled before")
    const shown = await run(["requests", "show", received!.complianceRequestId, "--store", store])
    expect(shown.stdout.match(/the mail \w+ (?:was )?\w+/g)?.toSorted()).toEqual([
      "the mail received failed",
      "the mail received was cancelled",
      "the mail staff_new came",
      "the mail staff_new was sent",
    ])
  })

  test("of another id fails", async () => {
    for (const name of ["show", "retry", "cancel", "bounced"]) {
      const { code, stderr } = await outbox(name, "11111111-1111-7111-8111-111111111111")
      expect([code, stderr]).toEqual([2, expect.stringContaining("the project has no such mail")])
    }
  })
})
