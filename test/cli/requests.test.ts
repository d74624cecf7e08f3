/** `assent requests`: what is due, and what has happened to a compliance request. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ComplianceRequest } from "../../core/compliance-requests/ComplianceRequest.ts"
import * as TestKeys from "../support/keys.ts"
import { workplace } from "./run.ts"

const { folder, run } = workplace()
const store = `sqlite:${join(folder, "ledger.db")}`
const day = 86_400_000

let late: ComplianceRequest
let soon: ComplianceRequest
let paused: ComplianceRequest

/** A ledger with a request that is overdue, one that is not, one that is paused, and one that has no clock. */
const fill = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const item = { request: "view", user: { email: "jo@example.com" }, isPreverified: true } as const
  // Under British law the clock starts when identity is shown.
  const british = { request: "view", user: {}, regulation: "clock:uk-gdpr@2026-02" } as const
  const items = [
    { ...item, requestDate: Date.now() - 60 * day },
    item,
    { ...item, regulation: "clock:none@1" },
    british,
  ]
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  const outcome = yield* ledger.compliance.open(scope, { opener, items })
  if (outcome._tag !== "Opened") return yield* Effect.die(outcome)
  return outcome.requests
})

/** A view and a deletion of a person that the ledger and the web shop know: the shop has none of it. */
const answer = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const catalog = yield* ledger.catalog
  const scope = Option.getOrThrow(yield* ledger.projectScope([...catalog.projects.keys()][0]!))
  const shop = catalog.dataSystems.get(scope.organization.id)![0]!.id
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  const item = { user: { email: "ann@example.com" }, isPreverified: true } as const
  const items = [
    { ...item, request: "delete" },
    { ...item, request: "view" },
  ] as const
  const opened = yield* ledger.compliance.open(scope, { opener, items })
  if (opened._tag !== "Opened") return yield* Effect.die(opened)
  const [deletion, view] = opened.requests.map(({ id }) => id)
  const looked = { tasks: [{ dataSystem: shop, isCompleted: true, result: "no_records" }] } as const
  const held = { scope: "held", ground: "legal_claim" } as const
  const end = {
    status: "resolved",
    resolution: "done",
    resolutionStatus: "partially_completed",
    erasure: held,
  } as const
  for (const [id, change] of [[view!, looked] as const, [deletion!, end] as const]) {
    const changed = yield* ledger.compliance.change(scope, id, change, { keyId: opener.id, mayErase: true })
    if (changed._tag !== "Changed") return yield* Effect.die(changed)
  }
  return { deletion: deletion!, view: view! }
})

/** Does something with the ledger that the commands read. */
const withLedger = <A, E>(effect: Effect.Effect<A, E, Ledger.Ledger>): Promise<A> => {
  const layer = Ledger.layer.pipe(
    Layer.provide([SqliteStore.layer(join(folder, "ledger.db")), NodeCrypto.layer, TestKeys.layer]),
  )
  return Effect.runPromise(Effect.provide(effect, layer) as Effect.Effect<A, E>)
}

beforeAll(async () => {
  const opened = await withLedger(fill)
  late = opened[0]!
  soon = opened[1]!
  paused = opened[3]!
  TestKeys.writeNextToKept(store)
})

describe("assent requests due", () => {
  test("lists the open requests by their due date, and ends with 2 if one is overdue", async () => {
    const { code, stdout } = await run(["requests", "due", "--store", store])
    expect(code).toBe(2)
    const [head, , first, second, third, ...others] = stdout.trimEnd().split("\n")
    expect(head).toMatch(/^due +days left +request +status +id$/)
    expect(first).toContain(`${late.clock.dueDate}`)
    expect(first).toContain(late.id)
    expect(second).toContain(soon.id)
    expect(third).toMatch(new RegExp(`^paused +\\d+ +view +pending_verification +${paused.id}$`))
    expect(others).toEqual([])
    expect(stdout).not.toContain("jo@example.com")
  })

  test("writes them as JSON", async () => {
    const { stdout } = await run(["requests", "due", "--json", "--store", store])
    expect(JSON.parse(stdout)).toMatchObject({
      total: 3,
      items: [
        { id: late.id, overdue: true, paused: false },
        { id: soon.id, paused: false },
        { id: paused.id, overdue: false, paused: true, daysLeft: paused.clock.daysLeft },
      ],
    })
  })
})

describe("assent requests show", () => {
  test("shows every fact, and what is personal only where it is asked for", async () => {
    const shown = await run(["requests", "show", late.id, "--store", store])
    expect(shown).toMatchObject({ code: 0, stderr: "" })
    expect(shown.stdout).toContain("overdue")
    expect(shown.stdout).toMatch(/Z {2}key 11111111-1111-7111-8111-111111111111 {2}opened by a server: view, received /)
    expect(shown.stdout).toMatch(/clock:gdpr@2018-05, language en; identity was shown before$/m)
    // Mutant: prints the members of facts.
    expect(shown.stdout).not.toMatch(/ledgerTask|receivedAt|calendar|[a-zA-Z]=/)
    expect(shown.stdout).not.toContain("jo@example.com")
    const personal = await run(["requests", "show", late.id, "--personal", "--store", store])
    expect(personal.stdout).toContain("jo@example.com")
    expect(shown.stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}key /m)
    const raw = await run(["requests", "show", late.id, "--json", "--store", store])
    expect(JSON.parse(raw.stdout).facts[0]).toMatchObject({
      kind: "opened",
      by: "key:11111111-1111-7111-8111-111111111111",
    })
  })

  test("names data systems, says on which ground identifiers were kept, and what is still to be done", async () => {
    const systems = join(folder, "systems.json")
    const history = join(folder, "history.ndjson")
    writeFileSync(systems, JSON.stringify({ system: [{ fides_key: "web_shop", name: "Web shop" }] }))
    const yes = { category: "communication", subcategory: "email", label: "newsletter", consentState: "accepted" }
    writeFileSync(history, JSON.stringify({ ...yes, email: "ann@example.com", consentDate: "2025-03-01T12:00:00Z" }))
    expect((await run(["data-systems", "import", systems, "--store", store])).code).toBe(0)
    expect((await run(["import", history, "--store", store])).code).toBe(0)
    const { deletion, view } = await withLedger(answer)
    const shown = await run(["requests", "show", view, "--store", store])
    expect(shown.stdout).toMatch(/^to be done: Consent ledger$/m)
    expect(shown.stdout).toMatch(/the task of the data system Web shop is done: no records$/m)
    const erased = await run(["requests", "show", deletion, "--store", store])
    expect(erased.stdout).toMatch(
      /erased the person but for its identifiers, on the ground legal claim \(erasure .*\)$/m,
    )
    // Mutant: names columns or ids of data systems.
    expect(erased.stdout).not.toMatch(/alias\.|to be done/)
  })

  test("of another id fails", async () => {
    const { code, stderr } = await run(["requests", "show", "11111111-1111-7111-8111-111111111111", "--store", store])
    expect(code).not.toBe(0)
    expect(stderr).toContain("the project has no such request")
  })
})
