/**
 * Group commit: requests that arrive while one transaction is being written share the next one.
 *
 * Each request is answered only after the commit that holds it. A request that finds the writer idle is written at once.
 * After a commit, the next group waits a moment for the clients just answered to come back: where a sync of the disk is
 * slow, as many as possible should share it.
 */
import { Worker } from "node:worker_threads"
import { Effect, type Tracer } from "effect"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as GroupMeter from "../support/GroupMeter.ts"
import type { Command, FromWriter, Outcome, Results, ToWriter } from "./Command.ts"
import * as Thread from "./Thread.ts"

/** The most events of one transaction, unless a single request has more. */
export const maxGroupEvents = 500

/** The longest that a group waits for the clients of the last one, in milliseconds. */
const gatheringMaxMillis = 2

/** The most requests that wait; one more is refused at once instead of waiting for what it may not live to see. */
export const maxWaiting = 10_000

/** The longest that a request waits for its answer, in milliseconds: a disk that hangs must not hang everybody. */
const patienceMillis = 10_000

/** Where requests to write are brought. */
export interface GroupCommit {
  readonly write: <Asked extends Command>(command: Asked) => Effect.Effect<Results[Asked["_tag"]], StoreUnavailable>
}

interface Waiting {
  readonly command: Command
  /** Does nothing the second time. */
  readonly answer: (outcome: Outcome) => void
  readonly since: number
  readonly span: Tracer.AnySpan | undefined
}

const unavailable = (reason: string): Outcome => ({ _tag: "Unavailable", reason })
const overdue = unavailable("the disk does not answer")
const eventsOf = (command: Command): number => (command._tag === "Append" ? command.request.events.length : 0)
const weight = (command: Command): number => (command._tag === "Append" ? eventsOf(command) : 1)

/** Whether it is about events that were appended: not prepared too late, nor sent a second time. */
const isAppended = (outcome: Outcome): boolean =>
  outcome._tag === "Done" && typeof outcome.value === "object" && outcome.value._tag === "Appended"

/** The queue before a writer thread. */
class Queue implements GroupCommit {
  private readonly worker: Worker
  private readonly meter: GroupMeter.GroupMeter
  private waiting: Array<Waiting> = []
  private writing: ReadonlyArray<Waiting> = []
  private startedAt = 0n
  private refusal: Outcome | undefined = undefined
  private hasEnded = false
  private whenIdle: (() => void) | undefined = undefined
  /** How many requests are waited for before the next group is written, until `gathering` is over. */
  private expected = 0
  private gathering: NodeJS.Timeout | undefined = undefined
  private readonly watch = setInterval(() => this.tellOverdue(), 500).unref()
  /** Whether the group being written is overdue: nothing is taken behind it. */
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
      clearInterval(this.watch)
      this.stop("the store is closed")
    })
  }

  readonly write = <Asked extends Command>(command: Asked): Effect.Effect<Results[Asked["_tag"]], StoreUnavailable> =>
    Effect.withFiber(({ context }) =>
      Effect.callback((resume) => {
        const answer = (outcome: Outcome) =>
          resume(
            outcome._tag === "Done"
              ? // The writer answers a command with what it comes to.
                Effect.succeed(outcome.value as Results[Asked["_tag"]])
              : new StoreUnavailable({ reason: outcome.reason }),
          )
        if (this.refusal !== undefined) return answer(this.refusal)
        if (this.isStuck) return answer(overdue)
        if (this.waiting.length >= maxWaiting) return answer(unavailable("too many requests wait to be written"))
        this.waiting.push({ command, answer, since: performance.now(), span: GroupMeter.currentSpan(context) })
        this.meter.setWaiting(this.waiting.length)
        if (this.writing.length === 0 && this.waiting.length >= this.expected) this.next()
      }),
    )

  /** Refuses new requests, waits until those accepted are answered, and ends the thread. */
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

  /** What is being written may yet be kept; what waits behind it is not written any more. */
  private tellOverdue(): void {
    const isOverdue = ({ since }: Waiting): boolean => since < performance.now() - patienceMillis
    this.isStuck = this.writing.some(isOverdue)
    for (const each of [...this.writing, ...this.waiting]) if (isOverdue(each)) each.answer(overdue)
    this.waiting = this.waiting.filter((each) => !isOverdue(each))
  }

  /** Questions whether the store is ready write nothing: a group of them says nothing of the disk. */
  private measure(group: ReadonlyArray<Waiting>, outcomes: ReadonlyArray<Outcome>, commitMillis: number): void {
    if (group.every(({ command }) => command._tag === "Check")) return
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
  Effect.callback<Queue, StoreUnavailable>((resume) => {
    const worker = new Worker(Thread.url("writerThread"), { workerData: path, name: "assent-writer" })
    worker.once("error", (error) => resume(new StoreUnavailable({ reason: error.message })))
    worker.once("message", (message: FromWriter) => {
      if (message._tag === "Ready") resume(Effect.succeed(new Queue(worker, meter)))
      if (message._tag === "Failed") resume(new StoreUnavailable({ reason: message.reason }))
    })
  })

/** Starts the writer thread of a file. Closing the scope answers what was accepted, then closes the file. */
export const make = (path: string) =>
  Effect.acquireRelease(
    Effect.flatMap(GroupMeter.make, (meter) => start(path, meter)),
    (queue) => queue.close,
  )
