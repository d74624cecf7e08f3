/**
 * Lists events in a thread of its own, which the first list starts: a short command lists nothing.
 */
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Owner } from "../../core/model/Lane.ts"
import { type EventFilter, type EventPage, type PageRequest, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as ThreadFile from "../support/ThreadFile.ts"

/** A message to the thread. */
export interface ListRequest {
  /** The number of the request, which its answer repeats. */
  readonly number: number
  readonly project: Owner
  readonly filter: EventFilter
  readonly page: PageRequest
}

/** A message from the thread. */
export type ListAnswer =
  | { readonly number: number; readonly page: EventPage }
  | { readonly number: number; readonly reason: string }

/** Lists events of a project. */
export type List = (project: Owner, filter: EventFilter, page: PageRequest) => Answer

type Answer = Effect.Effect<EventPage, StoreUnavailable>

const unavailable = (reason: string): Answer => Effect.fail(new StoreUnavailable({ reason }))

const start = (path: string) => {
  const worker = new Worker(ThreadFile.url(import.meta.url, "listThread"), { workerData: path, name: "assent-lists" })
  const waiting = new Map<number, (answer: Answer) => void>()
  let lastNumber = 0
  let hasEnded = false
  const end = (): void => {
    hasEnded = true
    for (const resume of waiting.values()) resume(unavailable("lists are closed"))
    waiting.clear()
  }
  worker.on("message", (answer: ListAnswer) => {
    waiting.get(answer.number)?.("page" in answer ? Effect.succeed(answer.page) : unavailable(answer.reason))
    waiting.delete(answer.number)
  })
  worker.on("error", end)
  worker.on("exit", end)
  const list: List = (project, filter, page) =>
    Effect.callback((resume) => {
      if (hasEnded) return resume(unavailable("lists are closed"))
      const number = ++lastNumber
      waiting.set(number, resume)
      worker.postMessage({ number, project, filter, page } satisfies ListRequest)
    })
  return {
    list,
    close: Effect.callback<void>((resume) => {
      if (hasEnded) return resume(Effect.void)
      worker.once("exit", () => resume(Effect.void))
      worker.postMessage("close")
    }),
  }
}

const atFirstList = (path: string) => {
  let started: ReturnType<typeof start> | undefined
  let isClosed = false
  const list: List = (project, filter, page) =>
    Effect.suspend(() =>
      isClosed ? unavailable("lists are closed") : (started ??= start(path)).list(project, filter, page),
    )
  return {
    list,
    close: Effect.suspend(() => {
      isClosed = true
      return started === undefined ? Effect.void : started.close
    }),
  }
}

/** Closing the scope answers every request sent before, then ends the thread. */
export const make = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => atFirstList(path)),
    ({ close }) => close,
  )
