/**
 * A scheduler for Effect's fibers that runs one step at a time, of a fiber that is picked at random. Nothing else runs:
 * no promise, no timer, no thread, so that the same seed gives the same interleaving.
 *
 * A fiber belongs to a process, and a process can be dropped: none of its steps runs any more, as after `kill -9`. No
 * finalizer runs.
 */
import type { Scheduler } from "effect"
import type { Chance } from "./chance.ts"

/** The process of fibers. */
export interface Process {
  readonly name: string
}

interface Step {
  readonly process: Process
  readonly run: () => void
  /** Not before this turn, unless no other step is left. */
  readonly from: number
}

/** How often a fiber yields between two steps that Effect could run together. */
const yieldProbability = 1 / 200

export interface Turns {
  /** The number of steps that have run. */
  readonly now: () => number
  /** Schedules the fibers of a process. */
  readonly scheduler: (process: Process) => Scheduler.Scheduler
  /** Schedules a step of a process, from some turns later on. */
  readonly later: (process: Process, turns: number, run: () => void) => void
  readonly drop: (process: Process) => void
  /** Runs one step; `false` if none is left. */
  readonly runStep: () => boolean
}

export const make = (chance: Chance): Turns => {
  let turn = 0
  let steps: Array<Step> = []
  const dropped = new Set<Process>()

  const later = (process: Process, turns: number, run: () => void): void => {
    if (!dropped.has(process)) steps.push({ process, run, from: turn + turns })
  }

  const pick = (): Step => {
    const ready = steps.filter(({ from }) => from <= turn)
    if (ready.length > 0) return ready[chance.below(ready.length)]!
    return steps.reduce((first, step) => (step.from < first.from ? step : first))
  }

  return {
    now: () => turn,
    later,
    scheduler: (process) => ({
      executionMode: "async",
      shouldYield: () => chance.happens(yieldProbability),
      makeDispatcher: () => ({
        scheduleTask: (run) => later(process, 0, run),
        flush: () => {},
      }),
    }),
    drop: (process) => {
      dropped.add(process)
      steps = steps.filter((step) => step.process !== process)
    },
    runStep: () => {
      if (steps.length === 0) return false
      const step = pick()
      steps.splice(steps.indexOf(step), 1)
      turn++
      step.run()
      return true
    },
  }
}
