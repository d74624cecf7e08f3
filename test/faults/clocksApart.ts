/**
 * Two ledgers on one store whose clocks are apart, as of two servers. Time is given; the stores are real.
 */
import * as fc from "fast-check"
import { Clock, Effect, Layer, ManagedRuntime, Option } from "effect"
import { expect } from "vitest"
import * as Crypto from "../../apps/Crypto.ts"
import * as Store from "../../apps/Store.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as TestKeys from "../support/keys.ts"

const real = Effect.runSync(Effect.clockWith(Effect.succeed))

/** A clock that shows what `now` returns, and sleeps in real time. */
const clockOf = (now: () => number): Clock.Clock => ({
  ...real,
  currentTimeMillisUnsafe: now,
  currentTimeMillis: Effect.sync(now),
  currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
  currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: Effect.suspend(() => real.monotonicTimeNanos),
  sleep: (duration) => real.sleep(duration),
})

/** A ledger, and how far its clock is ahead in the current run. */
interface Server {
  readonly run: <A, E>(use: (ledger: Ledger.Ledger["Service"]) => Effect.Effect<A, E>) => Promise<A>
  readonly end: () => Promise<void>
}

/** Two servers on one store. The time is that of the clock that is right. */
export interface Servers {
  readonly both: readonly [Server, Server]
  readonly scope: ProjectScope
  readonly time: { now: number; ahead: readonly [number, number] }
  readonly end: () => Promise<void>
}

/** Opens a new, empty store twice. */
export const open = async (url: string): Promise<Servers> => {
  const time = { now: Date.UTC(2024, 0, 31), ahead: [0, 0] as readonly [number, number] }
  const server = (index: 0 | 1): Server => {
    const clock = clockOf(() => time.now + time.ahead[index])
    const runtime = ManagedRuntime.make(
      Ledger.layer.pipe(Layer.provide([Store.layer(url), Crypto.layer, TestKeys.layer])),
    )
    return {
      run: (use) => runtime.runPromise(Effect.provideService(Effect.flatMap(Ledger.Ledger, use), Clock.Clock, clock)),
      end: () => runtime.dispose(),
    }
  }
  const both = [server(0), server(1)] as const
  const { project } = Option.getOrThrow(await both[0].run((ledger) => ledger.found))
  const scope = Option.getOrThrow(await both[0].run((ledger) => ledger.projectScope(project.id)))
  const end = async () => {
    for (const each of both) await each.end()
  }
  return { both, scope, time, end }
}

/** What one of the servers is asked to do, some milliseconds after the step before. */
export interface Step {
  readonly server: 0 | 1
  readonly wait: number
  readonly person: 0 | 1
  /** `ask`: nothing is recorded. */
  readonly does: "ask" | ConsentState
}

/** How far the clocks are ahead: the same, within a moment, 5 seconds, an hour; either of them. */
const leads = [0, 1, 5_000, 3_600_000]

/** The leads of both clocks, and the steps. */
export interface Script {
  readonly ahead: readonly [number, number]
  readonly steps: ReadonlyArray<Step>
}

/** A run: the leads of both clocks, and the steps. Few waits, so that events are recorded at the same instant. */
export const script: fc.Arbitrary<Script> = fc.record({
  ahead: fc.constantFrom(...leads).chain((lead) => fc.constantFrom([0, lead] as const, [lead, 0] as const)),
  steps: fc.array(
    fc.record({
      server: fc.constantFrom(0 as const, 1 as const),
      wait: fc.constantFrom(0, 1, 2500, 5_000),
      person: fc.constantFrom(0 as const, 1 as const),
      does: fc.constantFrom(
        "ask" as const,
        "ask" as const,
        "accepted" as const,
        "declined" as const,
        "viewed" as const,
      ),
    }),
    { minLength: 2, maxLength: 12 },
  ),
})

/** An event, by the number of its step and the server that recorded it. */
interface Recorded {
  readonly step: number
  readonly server: 0 | 1
  readonly person: number
  readonly state: ConsentState
  readonly dateCreated: number
  /** What the clock of the server showed. */
  readonly clock: number
}

/** An answer, by the number of its step and the server that gave it. */
interface Answered {
  readonly step: number
  readonly server: 0 | 1
  readonly person: number
  readonly instants: { readonly at: number; readonly knownAt: number }
  readonly text: string
  /** What the clock that is ahead showed. */
  readonly latestClock: number
}

/** How often answers changed by what the other server recorded, in all runs. */
export const changed = { times: 0 }

let runs = 0

/** Plays a script with two new people, and checks everything that holds for servers whose clocks are apart. */
export const play = async ({ both, scope, time }: Servers, { ahead, steps }: Script): Promise<void> => {
  const names = [`first ${++runs}`, `second ${runs}`] as const
  const type = scope.types.all[0]!
  const recorded: Array<Recorded> = []
  const answered: Array<Answered> = []
  // The last run may have had a clock that was further ahead.
  time.now += 2 * leads.at(-1)!
  time.ahead = ahead

  const ask = async (server: 0 | 1, person: number, instants: Partial<Answered["instants"]> = {}) => {
    const { decision, knownAt } = await both[server].run((ledger) =>
      Effect.gen(function* () {
        const found = yield* ledger.find(scope, { userId: names[person]! })
        if (found._tag !== "Found") return yield* Effect.die(found)
        const { concordId, alias } = found
        const asked = { ...scope, concordId, ...(alias !== undefined && { alias }), ...instants }
        const { items, knownAt } = yield* ledger.decisions(asked)
        return { decision: items.find((item) => item.type.id === type.id)!.decision, knownAt }
      }),
    )
    const text = JSON.stringify({ ...Exchange.decisionToLine(undefined, type, decision) })
    return { decision, instants: { at: decision.at, knownAt }, text }
  }

  for (const [step, { does, person, server, wait }] of steps.entries()) {
    time.now += wait
    if (does === "ask") {
      const { instants, text } = await ask(server, person)
      answered.push({ step, server, person, instants, text, latestClock: time.now + Math.max(...ahead) })
      continue
    }
    const item = {
      person: { userId: names[person]! },
      consentType: type.id,
      consentState: does,
      consentAction: "user_click" as const,
    }
    const outcome = await both[server].run((ledger) =>
      ledger.record({ ...scope, submitter: scope.organization.id, items: [item] }),
    )
    if (outcome._tag !== "Recorded") throw new Error(JSON.stringify(outcome))
    for (const { dateCreated } of outcome.events) {
      recorded.push({ step, server, person, state: does, dateCreated, clock: time.now + ahead[server] })
    }
    if (does !== "declined") continue
    for (const other of [0, 1] as const) {
      const { decision } = await ask(other, person)
      expect(decision.permitted, `a refusal recorded by server ${server} counts on server ${other} at once`).toBe(false)
    }
  }

  // Later than both clocks were: what was recorded last counts everywhere.
  time.now += leads.at(-1)!
  for (const person of [0, 1] as const) {
    const last = recorded.findLast((event) => event.person === person && event.state !== "viewed")
    for (const server of last?.state === "declined" ? ([0, 1] as const) : []) {
      const { decision } = await ask(server, person)
      expect(decision.permitted, `a refusal stays, on server ${server} too`).toBe(false)
    }
  }

  for (const { instants, latestClock, person, server, step, text } of answered) {
    // An answer puts what is recorded next a millisecond later, and a later answer knows of that.
    expect(instants.knownAt).toBeLessThanOrEqual(latestClock + step)
    const again = await ask(server, person, instants)
    if (again.text === text) continue
    changed.times++
    const isCause = (event: Recorded): boolean =>
      event.step > step &&
      event.person === person &&
      event.server !== server &&
      event.dateCreated <= instants.knownAt &&
      event.clock <= instants.knownAt
    expect(recorded.some(isCause), `what changed the answer of step ${step}:\n${text}\n${again.text}`).toBe(true)
  }
}
