/**
 * When a connection that was refused is read again. A few refusals cost nothing. A thousand connections that come again at once,
 * whatever they were told, would have the service do little else: so few of them are read in each turn of the event loop, first
 * come, first served, and what was let in goes on in between.
 *
 * What they send meanwhile stays in the system's buffers, and since when is not known. Whoever had to be read in turn is refused
 * again: let in, it would be answered late. Room is for who comes of itself, then for who was refused just now.
 */
import type { Socket } from "node:net"

/** How many are read in one turn: while it has much to refuse, and while few of those that are read have sent anything. */
export const readsPerIteration = { least: 8, most: 64 }

/** How long ago, in milliseconds, a connection may have been refused that is given room: what it has sent is not older. */
const justNowMillis = 10

/** How many have gone from the front of the queue before its memory is given back. */
const goneMax = 1024

/** The connections of a server that were refused. */
export interface RefusedConnections {
  /** A request is refused: its connection is read again in its turn. */
  readonly refused: (socket: Socket) => void
  /** Whether what a connection sends now has been waiting for its turn. */
  readonly hasWaited: (socket: Socket) => boolean
}

/** Turns of a server where `room` more requests can be let in. */
export const make = (room: () => number): RefusedConnections => {
  let refused: Array<Socket> = []
  let queue: Array<{ readonly socket: Socket; readonly since: number }> = []
  let gone = 0
  let inTurn = new Set<Socket>()
  let count = readsPerIteration.least
  let isTurning = false

  /** They wait from now on; one that does not read its answers does so already. */
  const wait = (now: number): void => {
    for (const socket of refused) {
      if (socket.destroyed || socket.isPaused()) continue
      socket.pause()
      queue.push({ socket, since: now })
    }
    refused = []
  }

  const readNewest = (now: number): void => {
    for (let free = room(); free > 0 && queue.length > gone; free--) {
      if (queue.at(-1)!.since < now - justNowMillis) return
      queue.pop()!.socket.resume()
    }
  }

  const readOldest = (): void => {
    inTurn = new Set(queue.slice(gone, gone + count).map(({ socket }) => socket))
    for (const socket of inTurn) socket.resume()
    gone = Math.min(gone + count, queue.length)
    if (gone < goneMax && gone < queue.length) return
    queue = queue.slice(gone)
    gone = 0
  }

  /** Runs after what could be read was read. */
  const turn = (): void => {
    const now = performance.now()
    count =
      refused.length < readsPerIteration.least * 2
        ? Math.min(count * 2, readsPerIteration.most)
        : readsPerIteration.least
    wait(now)
    readNewest(now)
    readOldest()
    isTurning = inTurn.size > 0
    if (isTurning) setImmediate(turn)
  }

  return {
    refused: (socket) => {
      refused.push(socket)
      if (!isTurning) setImmediate(turn)
      isTurning = true
    },
    hasWaited: (socket) => inTurn.has(socket),
  }
}
