import { describe, expect, test } from "vitest"
import * as ClockPack from "../../core/compliance/ClockPack.ts"
import type { FactBody, FactKind } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import * as Transition from "../../core/compliance/Transition.ts"
import * as RequestMails from "../../core/compliance-requests/RequestMails.ts"
import * as ClockPacks from "../../rule-packs/clock/ClockPacks.ts"
import * as Stories from "../support/compliance/stories.ts"

const gdpr = ClockPacks.find("clock:gdpr@2018-05")!
const on = "2026-03-02"

/** A request by these facts, all of one day, under the GDPR. */
const requestOf = (kind: ClockPack.RequestKind, ...later: ReadonlyArray<FactBody>): ComplianceState.ComplianceState => {
  const { identity } = gdpr.clocks[kind]
  const opened: FactBody = {
    kind: "opened",
    request: kind,
    clock: ClockPack.reference(gdpr),
    calendar: 1,
    receivedOn: on,
    receivedAt: 0,
    channel: "site",
    identity,
    language: "en",
    tasks: [Stories.ledgerTask, Stories.shop],
    ledgerTask: Stories.ledgerTask,
  }
  const facts = [opened, ...later].map((body, index) => Stories.stamp(body, index, on, "engine"))
  return ComplianceState.fold(facts)!
}

const verified: FactBody = { kind: "verified", method: "email" }
const acknowledged: FactBody = { kind: "acknowledged" }
const denied: FactBody = { kind: "resolved", resolutionStatus: "denied", denialGround: "exempt" }

const decide = (state: ComplianceState.ComplianceState, command: Transition.Command, by = "key:1" as const) =>
  Transition.decide(state, command, { by, today: on, clock: gdpr.clocks[state.request], holidays: new Set() })

/** What comes of a command: the kinds of its facts, or the code of its refusal. */
const outcome = (state: ComplianceState.ComplianceState, command: Transition.Command): ReadonlyArray<string> => {
  const decided = decide(state, command)
  return decided._tag === "Refused" ? [decided.code] : decided.facts.map(({ kind }) => kind)
}

const shop = Stories.shop
const doShop: Transition.Command = { kind: "do_task", dataSystem: shop, result: "completed", via: "staff" }
const letter = { file: "letter", origin: "staff", sha256: "00", size: 1, type: "text/plain" } as const
const attached: FactBody = { kind: "file_attached", ...letter }
const answer = (status: "completed" | "no_records_found" | "partially_completed"): Transition.Command => ({
  kind: "resolve",
  status,
  hasResolution: true,
})

/** For each command: what comes of it while identity is awaited, once submitted, once acknowledged, once resolved. */
const table: ReadonlyArray<readonly [Transition.Command, string, string, string, string]> = [
  [
    { kind: "send_code", verification: "v", expiresAt: 1 },
    "verification_sent",
    "already_verified",
    "already_verified",
    "not_open",
  ],
  [{ kind: "verify", method: "token" }, "verified", "code_not_valid", "code_not_valid", "code_not_valid"],
  [{ kind: "verify_by_staff", hasReason: true }, "verified", "already_verified", "already_verified", "not_open"],
  [{ kind: "verify_by_staff", hasReason: false }, "reason_missing", "already_verified", "already_verified", "not_open"],
  [
    { kind: "fail_verification", why: "wrong" },
    "verification_failed",
    "code_not_valid",
    "code_not_valid",
    "code_not_valid",
  ],
  [{ kind: "acknowledge" }, "not_verified", "acknowledged", "", "not_open"],
  [{ kind: "ask_clarification" }, "not_verified", "clarification_asked", "clarification_asked", "not_open"],
  [{ kind: "clarify" }, "not_verified", "no_clarification_open", "no_clarification_open", "not_open"],
  [{ kind: "extend", hasReason: true }, "not_verified", "extended", "extended", "not_open"],
  [{ kind: "extend", hasReason: false }, "not_verified", "reason_missing", "reason_missing", "not_open"],
  [doShop, "not_verified", "task_done", "task_done", "not_open"],
  [{ ...doShop, dataSystem: "nowhere" }, "not_verified", "unknown_task", "unknown_task", "not_open"],
  [{ ...doShop, dataSystem: Stories.ledgerTask }, "not_verified", "ledger_task", "ledger_task", "not_open"],
  [{ kind: "undo_task", dataSystem: shop }, "not_verified", "", "", "not_open"],
  [{ kind: "attach_file", ...letter }, "not_verified", "file_attached", "file_attached", "not_open"],
  [{ kind: "remove_file", file: "letter" }, "not_verified", "unknown_file", "unknown_file", "unknown_file"],
  [answer("completed"), "not_verified", "tasks_open", "tasks_open", "not_open"],
  [answer("no_records_found"), "not_verified", "tasks_open", "tasks_open", "not_open"],
  [answer("partially_completed"), "not_verified", "acknowledged resolved", "resolved", "not_open"],
  [
    { kind: "resolve", status: "denied", hasResolution: false },
    "denial_ground_missing",
    "denial_ground_missing",
    "denial_ground_missing",
    "not_open",
  ],
  [
    { kind: "resolve", status: "denied", denialGround: "duplicate", hasResolution: false },
    "resolved",
    "acknowledged resolved",
    "resolved",
    "not_open",
  ],
  [
    { kind: "resolve", status: "withdrawn", hasResolution: false },
    "resolved",
    "acknowledged resolved",
    "resolved",
    "not_open",
  ],
  [{ kind: "reopen", hasReason: true }, "not_resolved", "not_resolved", "not_resolved", "reopened"],
  [{ kind: "reopen", hasReason: false }, "not_resolved", "not_resolved", "not_resolved", "reason_missing"],
  [{ kind: "note" }, "noted", "noted", "noted", "noted"],
]

describe("A command", () => {
  test.each(table)("%j gives %s, %s, %s, %s", (command, ...expected) => {
    const states = [
      requestOf("view"),
      requestOf("view", verified),
      requestOf("view", verified, acknowledged),
      requestOf("view", verified, acknowledged, denied),
    ]
    expect(states.map((state) => outcome(state, command).join(" "))).toEqual(expected)
  })

  test("of every kind is in the table", () => {
    const others = [
      "remind",
      "add_task",
      "note_download",
      "note_mail",
      "note_task",
      "opt_out",
      "correct",
      "lapse",
      "purge",
    ]
    const kinds = new Set([...table.map(([{ kind }]) => kind), ...others])
    expect(kinds).toEqual(new Set(Object.keys(Transition.refusals)))
  })
})

describe("Completing a request", () => {
  const done: FactBody = { kind: "task_done", dataSystem: shop, result: "completed", via: "staff" }
  const packaged: FactBody = { kind: "task_done", dataSystem: Stories.ledgerTask, result: "completed", via: "ledger" }
  const erasure = { erasure: "e", scope: "full", counts: { alias: 2 }, remaining: [] } as const

  test("names the tasks that are open, and needs words for the requester", () => {
    const state = requestOf("view", verified)
    expect(decide(state, answer("completed"))).toEqual({
      _tag: "Refused",
      code: "tasks_open",
      names: [Stories.ledgerTask, shop],
    })
    const wordless: Transition.Command = { kind: "resolve", status: "completed", hasResolution: false }
    expect(outcome(requestOf("view", verified, done, packaged), wordless)).toEqual(["resolution_missing"])
    expect(outcome(requestOf("view", verified, done, packaged), answer("completed"))).toEqual([
      "acknowledged",
      "resolved",
    ])
  })

  test("of an erasure needs that everything was erased, and that no other request of the person is open", () => {
    const state = requestOf("delete", verified, acknowledged, done)
    const complete = { kind: "resolve", status: "completed", hasResolution: true } as const
    expect(outcome(state, complete)).toEqual(["erasure_incomplete"])
    expect(decide(state, { ...complete, erasure: { ...erasure, remaining: ["profile"] } })).toEqual({
      _tag: "Refused",
      code: "erasure_incomplete",
      names: ["profile"],
    })
    expect(outcome(state, { ...complete, erasure: { ...erasure, scope: "held" } })).toEqual(["erasure_incomplete"])
    expect(outcome(state, { ...complete, erasure, otherRequests: ["r2"] })).toEqual(["other_requests_open"])
    expect(outcome(state, { ...complete, erasure })).toEqual(["erased", "task_done", "resolved"])
    const held = { ...complete, status: "partially_completed", erasure: { ...erasure, scope: "held" } } as const
    expect(outcome(state, held)).toEqual(["erased", "task_done", "resolved"])
  })

  test("of a delete or a change does the ledger's task, as far as there was something to do", () => {
    const answered = (status: "completed" | "partially_completed" | "no_records_found") =>
      ({ kind: "resolve", status, hasResolution: true }) as const
    const resultOf = (state: ComplianceState.ComplianceState, command: Transition.Command) => {
      const decided = decide(state, command)
      const facts = decided._tag === "Decided" ? decided.facts : []
      return facts.flatMap((fact) => (fact.kind === "task_done" ? [fact.result] : []))
    }
    const [toErase, toChange] = [requestOf("delete", verified, done), requestOf("change", verified, done)]
    expect(resultOf(toErase, { ...answered("completed"), erasure })).toEqual(["completed"])
    expect(resultOf(toErase, answered("no_records_found"))).toEqual(["no_records"])
    const left = { ...erasure, remaining: ["profile"] }
    expect(resultOf(toErase, { ...answered("partially_completed"), erasure: left })).toEqual([])
    expect(resultOf(toErase, answered("partially_completed"))).toEqual([])
    expect(resultOf(toErase, { kind: "resolve", status: "withdrawn", hasResolution: false })).toEqual([])
    expect(resultOf(toChange, answered("completed"))).toEqual(["no_records"])
    expect(resultOf(toChange, answered("partially_completed"))).toEqual([])
    expect(resultOf(requestOf("change", verified, done, packaged), answered("completed"))).toEqual([])
    expect(resultOf(requestOf("view", verified, done, packaged), answered("completed"))).toEqual([])
  })

  test("of what was erased is not undone", () => {
    const erased: FactBody = { kind: "erased", ...erasure }
    const resolved: FactBody = { kind: "resolved", resolutionStatus: "completed" }
    const state = requestOf("delete", verified, acknowledged, done, erased, resolved)
    expect(outcome(state, { kind: "reopen", hasReason: true })).toEqual(["erased_already"])
  })
})

describe("An opt-out", () => {
  test("is what the ledger owes, and needs no identity", () => {
    const state = requestOf("do_not_sell")
    expect(ComplianceState.statusOf(state)).toBe("submitted")
    expect(outcome(state, { kind: "opt_out", types: 1, events: 2 })).toEqual(["opted_out", "task_done"])
  })

  // Mutant: a project without a consent type to decline says that it has recorded the refusal.
  test("is nothing of the ledger where no consent type is declined, and is not mailed as recorded", () => {
    const state = requestOf("do_not_sell")
    for (const [types, result, template] of [
      [0, "no_records", "received"],
      [1, "completed", "opted_out"],
    ] as const) {
      const decision = decide(state, { kind: "opt_out", types, events: types })
      expect(decision).toMatchObject({
        facts: [
          { kind: "opted_out", types },
          { kind: "task_done", result },
        ],
      })
      const facts = [{ kind: "opened" }, { kind: "opted_out", types }] as never
      expect(RequestMails.templatesOf(facts, state, {})).toEqual([template])
    }
  })

  test("is of no other request", () => {
    const optOut: Transition.Command = { kind: "opt_out", types: 1, events: 2 }
    expect(outcome(requestOf("view", verified), optOut)).toEqual(["transition_not_allowed"])
  })
})

describe("A package", () => {
  test("is a file that says it is the answer, once", () => {
    const file = { ...letter, file: "package", origin: "package" } as const
    expect(outcome(requestOf("view", verified), { kind: "attach_file", ...file })).toEqual([
      "file_attached",
      "packaged",
    ])
    const attachedFact: FactBody = { kind: "file_attached", ...file }
    expect(outcome(requestOf("view", verified, attachedFact), { kind: "attach_file", ...file })).toEqual([])
  })

  test("and every other file can be removed after the end", () => {
    const state = requestOf("view", verified, attached, acknowledged, denied)
    expect(outcome(state, { kind: "remove_file", file: "letter" })).toEqual(["file_removed"])
  })
})

describe("A request whose identity was never shown", () => {
  const sent: FactBody = { kind: "mailed", mail: "m", text: "verification", outcome: "sent" }
  const situation = { clock: gdpr.clocks.view, holidays: new Set<string>() }
  const lapse = (today: string, by: "engine" | "key:1" = "engine"): ReadonlyArray<FactKind> | string => {
    const decided = Transition.decide(requestOf("view", sent), { kind: "lapse" }, { ...situation, by, today })
    return decided._tag === "Refused" ? decided.code : decided.facts.map(({ kind }) => kind)
  }

  test("lapses on the ninety-first day, and what is personal of it goes", () => {
    expect(lapse("2026-05-31")).toEqual([])
    expect(lapse("2026-06-01")).toEqual(["lapsed", "purged"])
    expect(lapse("2026-06-01", "key:1")).toBe("transition_not_allowed")
  })

  test("can only be denied or withdrawn afterwards", () => {
    const state = requestOf("view", sent, { kind: "lapsed" }, { kind: "purged", scope: "private" })
    expect(outcome(state, { kind: "verify", method: "email" })).toEqual(["purged_already"])
    expect(outcome(state, { kind: "note" })).toEqual(["purged_already"])
    const deny = {
      kind: "resolve",
      status: "denied",
      denialGround: "identity_not_shown",
      hasResolution: false,
    } as const
    expect(outcome(state, deny)).toEqual(["resolved"])
  })

  test("waits for identity again when it is reopened", () => {
    const state = requestOf("view", sent, denied, { kind: "reopened" })
    expect(ComplianceState.statusOf(state)).toBe("pending_verification")
    expect(outcome(state, doShop)).toEqual(["not_verified"])
  })

  test("is in a pause again when it is reopened, and the days on which it was denied are in none", () => {
    expect(requestOf("view", sent, denied).identityPauses).toEqual([{ from: on, to: on }])
    expect(requestOf("view", sent, denied, { kind: "reopened" }).identityPauses).toEqual([
      { from: on, to: on },
      { from: on },
    ])
  })
})
