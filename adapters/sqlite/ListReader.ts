/**
 * Lists events in a thread of its own.
 */
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Owner } from "../../core/model/Lane.ts"
import {
  type EventFilter,
  type EventPage as Page,
  type PageRequest as AskedPage,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as Thread from "./Thread.ts"

/** To the thread. */
export interface Asked {
  /** Comes back with the answer. */
  readonly number: number
  readonly project: Owner
  readonly filter: EventFilter
  readonly page: AskedPage
}

/** From the thread. */
export type Listed =
  | { readonly number: number; readonly listed: Page }
  | { readonly number: number; readonly reason: string }

type Answer = Effect.Effect<Page, StoreUnavailable>

const unavailable = (reason: string): Answer => Effect.fail(new StoreUnavailable({ reason }))

const start = (path: string) => {
  const worker = new Worker(Thread.url("listThread"), { workerData: path, name: "assent-lists" })
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  let hasEnded = false
  const end = (): void => {
    hasEnded = true
    for (const resume of waiting.values()) resume(unavailable("lists are closed"))
    waiting.clear()
  }
  worker.on("message", (message: Listed) => {
    waiting.get(message.number)?.("listed" in message ? Effect.succeed(message.listed) : unavailable(message.reason))
    waiting.delete(message.number)
  })
  worker.on("error", end)
  worker.on("exit", end)
  return {
    list: (project: Owner, filter: EventFilter, page: AskedPage): Answer =>
      Effect.callback((resume) => {
        if (hasEnded) return resume(unavailable("lists are closed"))
        const number = ++last
        waiting.set(number, resume)
        worker.postMessage({ number, project, filter, page } satisfies Asked)
      }),
    close: Effect.callback<void>((resume) => {
      if (hasEnded) return resume(Effect.void)
      worker.once("exit", () => resume(Effect.void))
      worker.postMessage("close")
    }),
  }
}

/** Starts the thread; closing the scope answers what was asked, then ends it. */
export const make = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => start(path)),
    ({ close }) => close,
  )
