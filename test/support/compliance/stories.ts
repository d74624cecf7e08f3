/** Random histories of compliance requests: commands that are decided one after the other, by anyone, on any day. */
import * as fc from "fast-check"
import * as CivilDate from "../../../core/compliance/CivilDate.ts"
import { type Clock, reference, requestKinds } from "../../../core/compliance/ClockPack.ts"
import type { Actor, ComplianceFact, FactBody } from "../../../core/compliance/ComplianceFact.ts"
import * as Fact from "../../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../../core/compliance/ComplianceState.ts"
import * as Transition from "../../../core/compliance/Transition.ts"
import * as ClockPacks from "../../../rule-packs/clock/ClockPacks.ts"

/** The data system of the ledger, and another one. */
export const [ledgerTask, shop] = ["ledger", "shop"]

const file = fc.constantFrom("letter", "package")
const hasReason = fc.boolean()

/** Any command, often one that its status refuses. */
export const anyCommand: fc.Arbitrary<Transition.Command> = fc.oneof(
  fc.constant({ kind: "send_code", verification: "v", expiresAt: 1 } as const),
  fc.record({ kind: fc.constant("verify" as const), method: fc.constantFrom("email" as const, "token" as const) }),
  fc.record({ kind: fc.constant("verify_by_staff" as const), hasReason }),
  fc.constant({ kind: "fail_verification", why: "wrong" } as const),
  fc.constantFrom({ kind: "acknowledge" } as const, { kind: "note" } as const, { kind: "lapse" } as const),
  fc.constantFrom({ kind: "ask_clarification" } as const, { kind: "clarify" } as const),
  fc.record({ kind: fc.constant("extend" as const), hasReason }),
  fc.record({
    kind: fc.constant("do_task" as const),
    dataSystem: fc.constantFrom(ledgerTask, shop, "nowhere"),
    result: fc.constantFrom(...Fact.taskResults),
    via: fc.constantFrom("staff" as const, "ledger" as const),
  }),
  fc.record({
    kind: fc.constantFrom("add_task" as const, "undo_task" as const),
    dataSystem: fc.constantFrom(ledgerTask, shop, "till"),
  }),
  fc.record({
    kind: fc.constant("attach_file" as const),
    file,
    origin: fc.constantFrom("staff" as const, "package" as const),
    sha256: fc.constant("00"),
    size: fc.constant(1),
    type: fc.constant("text/plain"),
  }),
  fc.record({ kind: fc.constantFrom("remove_file" as const, "note_download" as const), file }),
  fc.record({
    kind: fc.constant("note_mail" as const),
    mail: fc.constant("m"),
    text: fc.constantFrom("received", "verification", "clarification", "resolved", "denied"),
    outcome: fc.constantFrom("sent" as const, "sent" as const, "failed" as const, "bounced" as const),
  }),
  fc.record({
    kind: fc.constant("note_task" as const),
    dataSystem: fc.constantFrom(shop, "nowhere"),
    outcome: fc.constantFrom("sent" as const, "failed" as const, "cancelled" as const),
  }),
  fc.constant({ kind: "opt_out", types: 1, events: 1 } as const),
  fc.constant({ kind: "correct", fields: ["city"] } as const),
  fc
    .record({
      status: fc.constantFrom(...Fact.resolutionStatuses),
      denialGround: fc.option(fc.constantFrom(...Fact.denialGrounds), { nil: undefined }),
      hasResolution: fc.boolean(),
      scope: fc.option(fc.constantFrom("full" as const, "held" as const), { nil: undefined }),
      remaining: fc.constantFrom([], ["profile"]),
      otherRequests: fc.constantFrom([], ["other"]),
    })
    .map(({ denialGround, remaining, scope, ...given }) => ({
      kind: "resolve" as const,
      ...given,
      ...(denialGround !== undefined && { denialGround }),
      ...(scope !== undefined && { erasure: { erasure: "e", scope, counts: {}, remaining } }),
    })),
  fc.record({ kind: fc.constant("reopen" as const), hasReason }),
  fc.record({ kind: fc.constant("remind" as const), of: fc.constantFrom(...Fact.reminders) }),
  fc.record({ kind: fc.constant("purge" as const), scope: fc.constantFrom("files" as const, "private" as const) }),
)

const anyActor: fc.Arbitrary<Actor> = fc.constantFrom("key:1", "key:1", "requester", "visitor", "engine", "connector:c")

/** What happens to a request. */
export interface Step {
  readonly command: Transition.Command
  readonly by: Actor
  /** How many days after the step before. */
  readonly later: number
}

export const anySteps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.record({
    command: anyCommand,
    by: anyActor,
    later: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 80 })),
  }),
  { maxLength: 25 },
)

/** Days of 2024 to 2026, often at the end of a month. */
export const anyDay: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(2024, 2025, 2026), fc.integer({ min: 1, max: 12 }), fc.oneof(fc.constant(31), fc.nat(31)))
  .map(([year, month, day]) =>
    CivilDate.addDays(CivilDate.addMonths("2000-01-31", (year - 2000) * 12 + month - 1), -Math.max(0, 31 - day)),
  )

export const anyHolidays: fc.Arbitrary<ReadonlySet<string>> = fc
  .array(anyDay, { maxLength: 12 })
  .map((days) => new Set(days))

/** How a request begins. */
export interface Beginning {
  readonly opened: Extract<FactBody, { readonly kind: "opened" }>
  readonly clock: Clock
  readonly on: string
  readonly holidays: ReadonlySet<string>
}

export const anyBeginning: fc.Arbitrary<Beginning> = fc
  .record({
    pack: fc.constantFrom(...ClockPacks.all),
    request: fc.constantFrom(...requestKinds),
    receivedOn: anyDay,
    opened: fc.nat(3),
    isPreverified: fc.boolean(),
    holidays: anyHolidays,
  })
  .map(({ holidays, isPreverified, opened, pack, receivedOn, request }) => {
    const clock = pack.clocks[request]
    const identity = clock.identity === "not_needed" ? "not_needed" : isPreverified ? "preverified" : "needed"
    return {
      opened: {
        kind: "opened",
        request,
        clock: reference(pack),
        calendar: 1,
        receivedOn,
        receivedAt: CivilDate.toDays(receivedOn) * 86_400_000,
        channel: "site",
        identity,
        language: "en",
        tasks: [ledgerTask, shop],
        ledgerTask,
      },
      clock,
      on: CivilDate.addDays(receivedOn, opened),
      holidays,
    } satisfies Beginning
  })

/** A fact of the story's request. */
export const stamp = (body: FactBody, ordinal: number, on: string, by: Actor): ComplianceFact => ({
  ...body,
  id: `fact-${ordinal}`,
  requestId: "request",
  ordinal,
  at: CivilDate.toDays(on) * 86_400_000,
  on,
  by,
})

/** The request after a step, as the ledger would keep it. */
export interface Moment {
  readonly step: Step
  readonly today: string
  readonly facts: ReadonlyArray<ComplianceFact>
  readonly before: ComplianceState.ComplianceState
  readonly state: ComplianceState.ComplianceState
}

/** The state of a request that was only opened. */
export const begin = ({ on, opened }: Beginning) => {
  const fact = stamp(opened, 0, on, "visitor")
  return { fact, state: ComplianceState.apply(undefined, fact)! }
}

/** Decides the steps one after the other, and keeps what is decided. */
export const play = (beginning: Beginning, steps: ReadonlyArray<Step>): ReadonlyArray<Moment> => {
  const { clock, holidays, on } = beginning
  const { fact, state: first } = begin(beginning)
  let [state, today] = [first, on]
  const all = [fact]
  return steps.map((step) => {
    today = CivilDate.addDays(today, step.later)
    const before = state
    const decided = Transition.decide(state, step.command, { by: step.by, today, clock, holidays })
    for (const body of decided._tag === "Decided" ? decided.facts : []) {
      const next = stamp(body, state.ordinal, today, step.by)
      all.push(next)
      state = ComplianceState.apply(state, next)!
    }
    return { step, today, facts: all.slice(), before, state }
  })
}
