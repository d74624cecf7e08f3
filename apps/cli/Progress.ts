/**
 * Shows the progress of a long task in one line of the terminal. If standard error is not a terminal, it prints nothing
 * or, for tasks that take minutes, a plain line every five seconds.
 */
import { Clock, Effect, type Scope } from "effect"

/** How far a task is. */
export interface Extent {
  /** What is counted: `events read`. */
  readonly what: string
  readonly done: number
  /** From 0 to 1; `undefined` if it is not known. */
  readonly share: number | undefined
}

/** A progress line. */
export interface Progress {
  /** Shows how far the task is, at most ten times a second and not in the first half second. */
  readonly show: (extent: Extent) => Effect.Effect<void>
  /** Erases the line. This also happens when the scope closes. */
  readonly clear: Effect.Effect<void>
}

const silent: Progress = { show: () => Effect.void, clear: Effect.void }

const delayMillis = 500
const intervalMillis = 100

/** The line: `1,234,567 events read, 123,456/s, 42 %, 0:12 left`. */
export const format = ({ what, done, share }: Extent, elapsedMillis: number): string => {
  const count = (value: number): string => Math.round(value).toLocaleString("en-US")
  const rate = `${count((done * 1000) / Math.max(elapsedMillis, 1))}/s`
  if (share === undefined || share <= 0) return [`${count(done)} ${what}`, rate].join(", ")
  const left = Math.ceil((elapsedMillis * (1 - Math.min(share, 1))) / share / 1000)
  const remaining = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`
  return [`${count(done)} ${what}`, rate, `${Math.floor(Math.min(share, 1) * 100)} %`, remaining].join(", ")
}

const barWidth = 20

/** The line, after a bar if the share is known. */
const withBar = (extent: Extent, elapsedMillis: number): string => {
  const line = format(extent, elapsedMillis)
  if (extent.share === undefined) return line
  const full = Math.round(Math.min(extent.share, 1) * barWidth)
  return `${"█".repeat(full)}${"░".repeat(barWidth - full)} ${line}`
}

const onTerminal = Effect.gen(function* () {
  const started = yield* Clock.currentTimeMillis
  let shownAt: number | undefined
  const clear = Effect.sync(() => {
    if (shownAt !== undefined) process.stderr.write("\r\u001B[K")
    shownAt = undefined
  })
  yield* Effect.addFinalizer(() => clear)
  const show = (extent: Extent) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (now - started < delayMillis || (shownAt !== undefined && now - shownAt < intervalMillis)) return
      shownAt = now
      process.stderr.write(`\r${withBar(extent, now - started)}\u001B[K`)
    })
  return { show, clear }
})

/** A progress line, whose time starts now. */
export const make: Effect.Effect<Progress, never, Scope.Scope> = Effect.suspend(() =>
  process.stderr.isTTY === true ? onTerminal : Effect.succeed(silent),
)

const plainIntervalMillis = 5_000

const withLines = Effect.gen(function* () {
  const started = yield* Clock.currentTimeMillis
  let shownAt = started
  const show = (extent: Extent) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (now - shownAt < plainIntervalMillis) return
      shownAt = now
      process.stderr.write(`${format(extent, now - started)}\n`)
    })
  return { show, clear: Effect.void }
})

/** The same, but with a plain line every five seconds if standard error is not a terminal. */
export const makeWithLines: Effect.Effect<Progress, never, Scope.Scope> = Effect.suspend(() =>
  process.stderr.isTTY === true ? onTerminal : withLines,
)
