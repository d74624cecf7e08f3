/**
 * The clock of a page: that of the device, corrected by the server's, which never goes back by itself. A device whose
 * clock is set back revives nothing.
 */
import type { Instant } from "../../core/engine/Instant.ts"

/** The part of a clock that is stored. */
export interface ClockState {
  /** Milliseconds that the server's clock is ahead of the device's. */
  readonly offset: number
  /** The greatest instant that was ever decided at. */
  readonly floor: Instant
}

/** A corrected clock. */
export interface Clock {
  readonly now: () => Instant
  /** Sets the clock by an instant that the server answered between two readings of the device's clock. */
  readonly correct: (server: Instant, sentAt: number, receivedAt: number) => void
  /** Takes an instant of an answer that may have been kept by a cache: the server's clock is not before it. */
  readonly atLeast: (server: Instant) => void
  readonly state: () => ClockState
  /** Takes what another tab has stored: never an earlier instant. */
  readonly restore: (state: ClockState) => void
}

/** A smaller difference is within what a network makes of it. */
const keptMillis = 2000

/** An answer that took longer tells too little about the clock. */
const longestMillis = 60_000

export const make = (device: () => number): Clock => {
  let offset = 0
  let floor = 0
  return {
    now: () => (floor = Math.max(floor, Math.round(device() + offset))),
    correct: (server, sentAt, receivedAt) => {
      const took = receivedAt - sentAt
      if (took < 0 || took > longestMillis) return
      const measured = server - sentAt - took / 2
      if (Math.abs(measured - offset) >= keptMillis) offset = Math.round(measured)
      floor = server
    },
    atLeast: (server) => {
      floor = Math.max(floor, server)
    },
    state: () => ({ offset, floor }),
    restore: (state) => {
      offset = state.offset
      floor = Math.max(floor, state.floor)
    },
  }
}
