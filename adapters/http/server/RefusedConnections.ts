/**
 * When a connection is read again after one of its requests was refused.
 *
 * A few refusals cost nothing. A thousand connections that send again at once, regardless of `Retry-After`, would keep
 * the service busy with refusing. So they are paused, and only a few are read in each iteration of the event loop, in
 * the order in which they were refused; accepted requests proceed in between.
 *
 * It is not known how long a request of a paused connection has waited in the kernel buffer. So it is refused again,
 * because if it were accepted, it might be answered late. Free places go first to connections that were not paused,
 * then to the connections that were refused most recently.
 */
import type { Socket } from "node:net"

/**
 * How many connections are read in one iteration of the event loop: `least` while many requests are refused, up to
 * `most` while few of the connections that are read have sent anything.
 */
export const readsPerIteration = { least: 8, most: 64 }

/** How long ago, in milliseconds, a connection may have been refused to get a free place: its request is not older. */
const recentMillis = 10

/** How many entries are read from the front of the queue before it is copied without them, to free their memory. */
const compactAfter = 1024

/** The connections of a server that had a request refused. */
export interface RefusedConnections {
  /** Adds a connection when its request is refused. */
  readonly add: (socket: Socket) => void
  /** Whether the request that a connection sends now may have waited while the connection was paused. */
  readonly hasWaited: (socket: Socket) => boolean
}

/** The refused connections of a server that can accept `free` more requests. */
export const make = (free: () => number): RefusedConnections => {
  let refused: Array<Socket> = []
  let queue: Array<{ readonly socket: Socket; readonly since: number }> = []
  let head = 0
  let resumed = new Set<Socket>()
  let count = readsPerIteration.least
  let isScheduled = false

  /** Pauses and queues the connections; one that does not read its answers is paused already. */
  const pauseRefused = (now: number): void => {
    for (const socket of refused) {
      if (socket.destroyed || socket.isPaused()) continue
      socket.pause()
      queue.push({ socket, since: now })
    }
    refused = []
  }

  const resumeNewest = (now: number): void => {
    for (let places = free(); places > 0 && queue.length > head; places--) {
      if (queue.at(-1)!.since < now - recentMillis) return
      queue.pop()!.socket.resume()
    }
  }

  const resumeOldest = (): void => {
    resumed = new Set(queue.slice(head, head + count).map(({ socket }) => socket))
    for (const socket of resumed) socket.resume()
    head = Math.min(head + count, queue.length)
    if (head < compactAfter && head < queue.length) return
    queue = queue.slice(head)
    head = 0
  }

  /** Runs once an iteration, after the connections that had sent something were read. */
  const iterate = (): void => {
    const now = performance.now()
    const { least, most } = readsPerIteration
    count = refused.length < least * 2 ? Math.min(count * 2, most) : least
    pauseRefused(now)
    resumeNewest(now)
    resumeOldest()
    isScheduled = resumed.size > 0
    if (isScheduled) setImmediate(iterate)
  }

  return {
    add: (socket) => {
      refused.push(socket)
      if (!isScheduled) setImmediate(iterate)
      isScheduled = true
    },
    hasWaited: (socket) => resumed.has(socket),
  }
}
