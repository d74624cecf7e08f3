/**
 * Group commit: requests that arrive while one transaction is being written share the next one.
 *
 * Each request is answered only after the commit of its transaction. If the writer is idle, a request is written at
 * once. After a commit, the next group is held back for a moment, until the clients that were just answered have sent
 * their next requests: on a slow disk, more requests then share one sync.
 */
import { Worker } from "node:worker_threads"
import { Effect, type Tracer } from "effect"
import { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as GroupMeter from "../support/GroupMeter.ts"
import type { Command, CommandName, FromWriter, Input, Outcome, Result, ToWriter } from "./Command.ts"
import * as ThreadFile from "../support/ThreadFile.ts"
import * as Reader from "./Reader.ts"

/** The most events of one transaction; a request with more has a transaction of its own. */
export const maxGroupEvents = 500

/** The longest time that a group is held back for the clients of the last one, in milliseconds. */
const gatheringMaxMillis = 2

/** The most requests that wait. One more is refused at once, because its caller may give up before it is written. */
export const maxWaiting = 10_000

/** The longest time that a request waits for its answer, in milliseconds; then it fails, also while a disk hangs. */
const answerTimeoutMillis = 10_000

/** How often requests are looked for that have waited too long, in milliseconds. */
const timeoutCheckMillis = 500

/** Sends a command to the writer; succeeds once it is on the disk. */
export type Write = <Name extends CommandName>(
  name: Name,
  input: Input<Name>,
) => Effect.Effect<Result<Name>, StoreUnavailable>

/** The queue before the writer of one file. */
export interface GroupCommit {
  readonly write: Write
}

interface Waiting {
  readonly command: Command
  /** Does nothing when it is called again. */
  readonly answer: (outcome: Outcome) => void
  /** When the request arrived. */
  readonly since: number
  readonly span: Tracer.AnySpan | undefined
}

const unavailable = (reason: string): Outcome => ({ _tag: "Unavailable", reason })
const overdue = unavailable("the disk does not answer")
const eventsOf = (command: Command): number => (command.name === "append" ? command.input.events.length : 0)
const weight = (command: Command): number =>
  command.name === "append"
    ? eventsOf(command)
    : command.name === "writeFeed"
      ? Math.max(1, command.input.changes.length)
      : 1

/** Whether events were appended: they were neither stale nor repeated. */
const isAppended = (outcome: Outcome): boolean =>
  outcome._tag === "Done" &&
  typeof outcome.value === "object" &&
  "_tag" in outcome.value &&
  outcome.value._tag === "Appended"

class Queue implements GroupCommit {
  private readonly worker: Worker
  private readonly meter: GroupMeter.GroupMeter
  private waiting: Array<Waiting> = []
  private writing: ReadonlyArray<Waiting> = []
  private startedAt = 0n
  private refusal: Outcome | undefined = undefined
  private hasEnded = false
  private whenIdle: (() => void) | undefined = undefined
  /** The next group is written once this many requests wait, or when `gathering` is over. */
  private expected = 0
  private gathering: NodeJS.Timeout | undefined = undefined
  private readonly timeoutCheck = setInterval(() => this.refuseOverdue(), timeoutCheckMillis).unref()
  /** Whether the group being written is overdue: new requests are refused meanwhile. */
  private isStuck = false

  constructor(worker: Worker, meter: GroupMeter.GroupMeter) {
    this.worker = worker
    this.meter = meter
    worker.on("message", (message: FromWriter) => {
      if (message._tag === "Outcomes") this.answer(message.outcomes, message.commitMillis)
    })
    worker.on("error", () => this.stop("the writer failed"))
    worker.on("exit", () => {
      this.hasEnded = true
      clearInterval(this.timeoutCheck)
      this.stop("the store is closed")
    })
  }

  readonly write: Write = <Name extends CommandName>(name: Name, input: Input<Name>) =>
    Effect.withFiber(({ context }) =>
      Effect.callback<Result<Name>, StoreUnavailable>((resume) => {
        const answer = (outcome: Outcome) =>
          resume(
            outcome._tag === "Done"
              ? // The writer answers a command with the result that belongs to its name.
                Effect.succeed(outcome.value as Result<Name>)
              : new StoreUnavailable({ reason: outcome.reason }),
          )
        if (this.refusal !== undefined) return answer(this.refusal)
        if (this.isStuck) return answer(overdue)
        if (this.waiting.length >= maxWaiting) return answer(unavailable("too many requests wait to be written"))
        // The input is that of the name, which TypeScript cannot infer for a generic name.
        const command = { name, input } as Command
        this.waiting.push({ command, answer, since: performance.now(), span: GroupMeter.currentSpan(context) })
        this.meter.setWaiting(this.waiting.length)
        if (this.writing.length === 0 && this.waiting.length >= this.expected) this.next()
      }),
    )

  /** Refuses new requests, waits until all accepted ones are answered, and ends the thread. */
  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.hasEnded) return resume(Effect.void)
    this.refusal ??= unavailable("the store is closing")
    this.whenIdle = () => {
      this.worker.once("exit", () => resume(Effect.void))
      this.post({ _tag: "Close" })
    }
    if (this.writing.length === 0) this.next()
  })

  private next(): void {
    clearTimeout(this.gathering)
    this.expected = 0
    let events = 0
    let count = 0
    for (const { command } of this.waiting) {
      events += weight(command)
      if (count > 0 && events > maxGroupEvents) break
      count++
    }
    if (count === 0) return this.whenIdle?.()
    this.writing = this.waiting.splice(0, count)
    this.startedAt = this.meter.now()
    this.meter.setWaiting(this.waiting.length)
    this.post({ _tag: "Group", commands: this.writing.map(({ command }) => command) })
  }

  private answer(outcomes: ReadonlyArray<Outcome>, commitMillis: number): void {
    const answered = this.writing
    this.measure(answered, outcomes, commitMillis)
    this.writing = []
    this.isStuck = false
    this.expected = answered.length + this.waiting.length
    this.gathering = setTimeout(() => this.next(), gatheringMaxMillis)
    for (const [index, { answer }] of answered.entries()) answer(outcomes[index]!)
  }

  /**
   * Answers requests that have waited too long. Those that are being written may still be kept; those that wait are
   * dropped from the queue, so they are never written.
   */
  private refuseOverdue(): void {
    const isOverdue = ({ since }: Waiting): boolean => since < performance.now() - answerTimeoutMillis
    this.isStuck = this.writing.some(isOverdue)
    for (const each of [...this.writing, ...this.waiting]) if (isOverdue(each)) each.answer(overdue)
    this.waiting = this.waiting.filter((each) => !isOverdue(each))
  }

  /** A group of checks alone is not measured, because it is not what clients wait for. */
  private measure(group: ReadonlyArray<Waiting>, outcomes: ReadonlyArray<Outcome>, commitMillis: number): void {
    if (group.every(({ command }) => command.name === "check")) return
    const isDone = ({ _tag }: Outcome) => _tag === "Done"
    this.meter.record({
      requests: group.length,
      events: group.reduce(
        (events, { command }, index) => events + (isAppended(outcomes[index]!) ? eventsOf(command) : 0),
        0,
      ),
      startedAt: this.startedAt,
      commitMillis: outcomes.some(isDone) ? commitMillis : undefined,
      hasFailed: !outcomes.every(isDone),
      spans: group.flatMap(({ span }) => (span === undefined ? [] : [span])),
    })
  }

  private stop(reason: string): void {
    this.refusal = unavailable(reason)
    const left = [...this.writing, ...this.waiting]
    this.writing = []
    this.waiting = []
    this.meter.setWaiting(0)
    for (const { answer } of left) answer(this.refusal)
  }

  private post(message: ToWriter): void {
    this.worker.postMessage(message)
  }
}

const start = (path: string, meter: GroupMeter.GroupMeter) =>
  Effect.callback<Queue, StoreUnavailable | UpgradeNeeded>((resume) => {
    const worker = new Worker(ThreadFile.url(import.meta.url, "writerThread"), {
      workerData: path,
      name: "assent-writer",
    })
    worker.once("error", (error) => resume(new StoreUnavailable({ reason: error.message })))
    worker.once("message", (message: FromWriter) => {
      if (message._tag === "Ready") resume(Effect.succeed(new Queue(worker, meter)))
      if (message._tag !== "Failed") return
      const { fault, isUpgradeNeeded } = message
      resume(isUpgradeNeeded ? new UpgradeNeeded({ reason: fault.reason }) : Reader.cannotOpen(fault))
    })
  })

/** Starts the writer thread of a file. Closing the scope answers every accepted request, then closes the file. */
export const make = (path: string) =>
  Effect.acquireRelease(
    Effect.flatMap(GroupMeter.make, (meter) => start(path, meter)),
    (queue) => queue.close,
  )
