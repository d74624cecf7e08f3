/**
 * The store in memory with the faults of a disk and a network: every call takes a while, in which others run; some fail
 * before anything is kept, and some after, so that the caller does not learn what was kept.
 *
 * What it keeps outlives the processes that use it. It notes everything that is kept, in order: this one order has to
 * explain every answer.
 */
import { Context, Effect } from "effect"
import type { Catalog } from "../../../core/model/Catalog.ts"
import {
  type Append,
  type CatalogChange,
  type FeedStep,
  type FeedWritten,
  LedgerStore,
  type IdentityChange,
  StoreUnavailable,
} from "../../../core/ports/LedgerStore.ts"
import type { Chance } from "./chance.ts"
import type { Process, Turns } from "./turns.ts"

/** The name of a request, which links it to what is kept for it. */
export const Request = Context.Reference<string>("test/faults/Request", { defaultValue: () => "nobody" })

/** How often calls fail, and how long they take. */
export interface Troubles {
  /** Probabilities of a call. */
  readonly failsBefore: number
  readonly failsAfter: number
  /** The most turns that a call takes, before and after its effect. */
  readonly slowness: number
}

/** A commit: everything in it was kept at one turn. */
export type Commit = { readonly turn: number; readonly request: string } & (
  | { readonly kind: "events.append"; readonly change: Append }
  | { readonly kind: "catalog.change"; readonly change: CatalogChange; readonly catalog: Catalog }
  | { readonly kind: "people.change"; readonly change: IdentityChange }
)

/** A step of the change feed: everything in it was kept at one turn. */
export interface KeptStep {
  readonly turn: number
  readonly request: string
  readonly step: FeedStep
}

type Store = LedgerStore["Service"]
type Member = Effect.Effect<unknown> | ((...sent: ReadonlyArray<unknown>) => Effect.Effect<unknown>)

const commitOf = (kind: string, change: unknown, outcome: unknown, store: Store) => {
  if (kind === "events.append") {
    const { _tag } = outcome as { readonly _tag: string }
    return _tag === "Appended" ? ({ kind, change: change as Append } as const) : undefined
  }
  if (outcome !== "kept") return undefined
  if (kind === "catalog.change") {
    return { kind, change: change as CatalogChange, catalog: Effect.runSync(store.catalog.current) } as const
  }
  return kind === "people.change" ? ({ kind, change: change as IdentityChange } as const) : undefined
}

/** The store as one process sees it. What is kept is added to `commits` and `steps`. */
export const make = (
  store: Store,
  process: Process,
  troubles: Troubles,
  commits: Array<Commit>,
  {
    chance,
    steps,
    trace,
    turns,
  }: {
    readonly chance: Chance
    readonly steps: Array<KeptStep>
    readonly trace: (line: string) => void
    readonly turns: Turns
  },
): Store => {
  const takesAWhile = Effect.callback<void>((resume) => {
    turns.later(process, chance.below(troubles.slowness + 1), () => resume(Effect.void))
  })

  const fails = (probability: number, line: string) =>
    Effect.suspend(() => {
      if (!chance.happens(probability)) return Effect.void
      trace(line)
      return Effect.fail(new StoreUnavailable({ reason: "no answer" }))
    })

  const call = (name: string, member: Member, sent: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const request = yield* Request
      yield* takesAWhile
      yield* fails(troubles.failsBefore, `${name} of ${request} fails`)
      const outcome = yield* Effect.sync(() => {
        const outcome = Effect.runSync(typeof member === "function" ? member(...sent) : member)
        const commit = commitOf(name, sent[0], outcome, store)
        if (commit !== undefined) {
          commits.push({ turn: turns.now(), request, ...commit })
          trace(`${name} of ${request} is kept`)
        }
        if (name === "feed.write" && (outcome as FeedWritten)._tag === "Written") {
          const step = sent[0] as FeedStep
          steps.push({ turn: turns.now(), request, step })
          trace(`${name} of ${request} is kept: ${step.changes.map(({ type }) => type).join()}`)
        }
        return outcome
      })
      yield* takesAWhile
      yield* fails(troubles.failsAfter, `the answer to ${name} of ${request} is lost`)
      return outcome
    })

  /** A part of the store with members that take a while and may fail. */
  const faulty = <Part extends object>(part: string, members: Part): Part =>
    Object.fromEntries(
      Object.entries(members).map(([name, member]: [string, Member]) => [
        name,
        typeof member === "function"
          ? (...sent: ReadonlyArray<unknown>) => call(`${part}.${name}`, member, sent)
          : call(`${part}.${name}`, member, []),
      ]),
    ) as Part
  const { catalog, compliance, events, feed, metrics, outbox, people, ...others } = store
  const { personal, requestFiles, sessions, webhooks, ...whole } = others
  return LedgerStore.of({
    ...faulty("store", whole),
    catalog: faulty("catalog", catalog),
    compliance: faulty("compliance", compliance),
    events: faulty("events", events),
    feed: faulty("feed", feed),
    metrics: faulty("metrics", metrics),
    outbox: faulty("outbox", outbox),
    people: faulty("people", people),
    personal: faulty("personal", personal),
    requestFiles: faulty("requestFiles", requestFiles),
    sessions: faulty("sessions", sessions),
    webhooks: faulty("webhooks", webhooks),
  })
}
