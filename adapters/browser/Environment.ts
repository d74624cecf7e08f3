/**
 * Everything that the client touches outside itself. A page has it from the browser (PageEnvironment.ts), an app from
 * its own platform, and tests from a simulated one.
 */
import type { Events } from "./ConsentClient.ts"

/** Texts by their keys, kept by the browser. Every member may throw, because the browser refuses or has no room. */
export interface KeyStore {
  readonly get: (key: string) => string | null
  readonly set: (key: string, text: string) => void
  readonly remove: (key: string) => void
  readonly keys: () => ReadonlyArray<string>
}

/** A request to the server. */
export interface Sending {
  readonly method: "GET" | "POST"
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer of the server, with its body as JSON if it is one. */
export interface Sent {
  readonly status: number
  /** The seconds of `Retry-After`. */
  readonly retryAfter?: number
  readonly json?: unknown
}

/** A line to the other tabs of the origin. */
export interface Line {
  readonly post: () => void
  readonly close: () => void
}

/**
 * What happens to a page: it is shown or hidden, it is left or restored from the cache, the network is there again, a
 * prerendered page is activated, another tab has stored something.
 */
export type Happening = "visibility" | "leave" | "return" | "online" | "activate" | "store"

/** What the client runs in. */
export interface Environment {
  /** The clock of the device, in milliseconds. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** A UUID of random bits. */
  readonly uuid: () => string
  /** Runs once after at most 2³¹ − 1 milliseconds. Returns how to stop that. */
  readonly after: (millis: number, run: () => void) => () => void
  readonly storage: KeyStore
  readonly cookies: () => string
  /** 0 seconds remove the cookie. */
  readonly setCookie: (name: string, value: string, seconds: number) => void
  readonly line: (name: string, onPost: () => void) => Line
  /** Runs while no other tab runs under the name; without locks, at once. */
  readonly lock: (name: string, run: () => Promise<void>) => Promise<void>
  /** Rejects where there is no answer. A request that has begun goes on when the page is left. */
  readonly send: (sending: Sending) => Promise<Sent>
  readonly isOnline: () => boolean
  readonly isVisible: () => boolean
  readonly isPrerendered: () => boolean
  readonly listen: (happening: Happening, run: () => void) => void
  readonly reload: () => void
  readonly tell: <Each extends keyof Events>(event: Each, detail: Events[Each]) => void
  readonly on: <Each extends keyof Events>(event: Each, listener: (detail: Events[Each]) => void) => () => void
}
