/**
 * Refused connections are read a few at a time: on a real server, whose clients send again as soon as they are
 * answered.
 */
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { setImmediate as turnOfLoop } from "node:timers/promises"
import { afterEach, expect, test } from "vitest"
import * as RefusedConnections from "../../adapters/http/server/RefusedConnections.ts"

/** A request that arrived: the name of its client, the iteration of the event loop, and whether it may have waited. */
interface Arrival {
  readonly of: string
  readonly iteration: number
  readonly hasWaited: boolean
}

let server: Server
let sockets: Array<Socket> = []
let isOver = false
afterEach(async () => {
  isOver = true
  for (const socket of sockets) socket.destroy()
  sockets = []
  server.close()
  await once(server, "close")
})

/** A server that refuses everything, while it says that it has `free` places. Returns the list of arrivals. */
const start = async (free: () => number): Promise<ReadonlyArray<Arrival>> => {
  isOver = false
  const arrivals: Array<Arrival> = []
  let iteration = 0
  const count = () => {
    iteration++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const refused = RefusedConnections.make(free)
  server = createServer((request, response) => {
    arrivals.push({ of: request.url!, iteration, hasWaited: refused.hasWaited(request.socket) })
    response.writeHead(503, { "content-length": 0 }).end()
    refused.add(request.socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return arrivals
}

/** Sends the same request `times` times on one connection; `next` runs before each but the first. */
const ask = async (name: string, times: number, next = () => Promise.resolve()): Promise<void> => {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay()
  sockets.push(socket)
  await once(socket, "connect")
  for (let n = 0; n < times; n++) {
    if (n > 0) await next()
    socket.write(`GET ${name} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await once(socket, "data")
  }
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `/${n}`)

// Mutants: all are read at once; the connection that waited longest is read last.
test("a few of the connections that send again at once are read in each iteration of the event loop, and none is left out", async () => {
  const arrivals = await start(() => 0)
  await Promise.all(names(400).map((name) => ask(name, 20)))
  const again = arrivals.filter(({ hasWaited }) => hasWaited)
  expect(again.length).toBeGreaterThan(400 * 15)
  const sizes = [...Map.groupBy(again, ({ iteration }) => iteration).values()].map(({ length }) => length)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(RefusedConnections.readsPerIteration.most)
  expect(sizes.toSorted((a, b) => a - b)[sizes.length >> 1]).toBeLessThan(
    RefusedConnections.readsPerIteration.least * 2,
  )
  // Between two requests of one connection, no other connection has three.
  const last = new Map<string, number>()
  for (const [index, { of }] of again.entries()) {
    const between = again.slice((last.get(of) ?? index) + 1, index).map((one) => one.of)
    const counts = [...Map.groupBy(between, (name) => name).values()].map(({ length }) => length)
    expect(Math.max(0, ...counts)).toBeLessThanOrEqual(2)
    last.set(of, index)
  }
})

// Mutant: no request counts as one that has waited.
test("a request of a paused connection has waited, and one of a connection that was not paused has not", async () => {
  const arrivals = await start(() => 0)
  const pause = async () => {
    // Longer than the queue takes, so the connection was read again before it sends.
    for (let n = 0; n < 200; n++) await turnOfLoop()
  }
  await Promise.all([...names(400).map((name) => ask(name, 20)), ask("/patient", 5, pause)])
  const ofPatient = arrivals.filter(({ of }) => of === "/patient")
  expect(ofPatient.map(({ hasWaited }) => hasWaited)).toEqual(Array(5).fill(false))
  expect(arrivals.filter(({ hasWaited }) => hasWaited).length).toBeGreaterThan(400 * 15)
})

// Mutant: free places stay empty.
test("a free place goes to a connection that was refused just now", async () => {
  const arrivals = await start(() => 1)
  await Promise.all(names(400).map((name) => ask(name, 20)))
  const accepted = arrivals.filter(({ hasWaited }) => !hasWaited).slice(400)
  expect(accepted.length).toBeGreaterThan(100)
  for (const one of accepted.slice(0, 100)) {
    const before = arrivals.findLast(({ of, iteration }) => of === one.of && iteration < one.iteration)!
    const queued = new Set(arrivals.slice(arrivals.indexOf(before) + 1, arrivals.indexOf(one)).map(({ of }) => of))
    // The connections that have waited longer are still paused.
    expect(queued.size).toBeLessThan(200)
  }
})

test("a request that is incomplete when it is refused is read to its end, and the next one has not waited", async () => {
  const arrivals = await start(() => 0)
  const slow = connect((server.address() as AddressInfo).port, "127.0.0.1")
  sockets.push(slow)
  slow.write("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
  await once(slow, "data")
  for (let n = 0; n < 20; n++) await turnOfLoop()
  slow.write("cdGET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
  await once(slow, "data")
  expect(arrivals.map(({ hasWaited, of }) => [of, hasWaited])).toEqual([
    ["/slow", false],
    ["/slow", false],
  ])
})
