/** Connections that were refused are read in turns: on a real server, whose clients come again as soon as they are answered. */
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { setImmediate as turnOfLoop } from "node:timers/promises"
import { afterEach, expect, test } from "vitest"
import * as RefusedConnections from "../../adapters/http/server/RefusedConnections.ts"

/** What came to the server, in order: whose it was, in which turn of the event loop, and whether it was late. */
interface Came {
  readonly of: string
  readonly turn: number
  readonly isLate: boolean
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

/** A server that refuses everything, with room for so many as that. */
const start = async (room: () => number): Promise<ReadonlyArray<Came>> => {
  isOver = false
  const came: Array<Came> = []
  let turn = 0
  const count = () => {
    turn++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const refused = RefusedConnections.make(room)
  server = createServer((request, response) => {
    came.push({ of: request.url!, turn, isLate: refused.hasWaited(request.socket) })
    response.writeHead(503, { "content-length": 0 }).end()
    refused.add(request.socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return came
}

/** A connection on which the same is asked, again and again; `next` runs before each but the first. */
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

// Mutants: all are read at once; who waited longest is last.
test("a few of those that come again at once are read in each turn of the event loop, and nobody is passed over", async () => {
  const came = await start(() => 0)
  await Promise.all(names(400).map((name) => ask(name, 20)))
  const again = came.filter(({ isLate }) => isLate)
  expect(again.length).toBeGreaterThan(400 * 15)
  const sizes = [...Map.groupBy(again, ({ turn }) => turn).values()].map(({ length }) => length)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(RefusedConnections.readsPerIteration.most)
  expect(sizes.toSorted((a, b) => a - b)[sizes.length >> 1]).toBeLessThan(
    RefusedConnections.readsPerIteration.least * 2,
  )
  // Between two of one connection, none of another comes three times.
  const last = new Map<string, number>()
  for (const [index, { of }] of again.entries()) {
    const between = again.slice((last.get(of) ?? index) + 1, index).map((one) => one.of)
    const counts = [...Map.groupBy(between, (name) => name).values()].map(({ length }) => length)
    expect(Math.max(0, ...counts)).toBeLessThanOrEqual(2)
    last.set(of, index)
  }
})

// Mutant: whoever is read is looked at.
test("what waited for its turn is late, and what came by itself is not", async () => {
  const came = await start(() => 0)
  const pause = async () => {
    // Longer than the queue is: it has been read again, and had said nothing.
    for (let n = 0; n < 200; n++) await turnOfLoop()
  }
  await Promise.all([...names(400).map((name) => ask(name, 20)), ask("/patient", 5, pause)])
  const ofPatient = came.filter(({ of }) => of === "/patient")
  expect(ofPatient.map(({ isLate }) => isLate)).toEqual(Array(5).fill(false))
  expect(came.filter(({ isLate }) => isLate).length).toBeGreaterThan(400 * 15)
})

// Mutant: room stays empty.
test("room is given to who was refused just now", async () => {
  const came = await start(() => 1)
  await Promise.all(names(400).map((name) => ask(name, 20)))
  const looked = came.filter(({ isLate }) => !isLate).slice(400)
  expect(looked.length).toBeGreaterThan(100)
  for (const one of looked.slice(0, 100)) {
    const before = came.findLast(({ of, turn }) => of === one.of && turn < one.turn)!
    const queued = new Set(came.slice(came.indexOf(before) + 1, came.indexOf(one)).map(({ of }) => of))
    // Those that have waited longer still wait.
    expect(queued.size).toBeLessThan(200)
  }
})

test("a request that is not whole is read to its end, and the next one is not late", async () => {
  const came = await start(() => 0)
  const slow = connect((server.address() as AddressInfo).port, "127.0.0.1")
  sockets.push(slow)
  slow.write("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
  await once(slow, "data")
  for (let n = 0; n < 20; n++) await turnOfLoop()
  slow.write("cdGET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
  await once(slow, "data")
  expect(came.map(({ isLate, of }) => [of, isLate])).toEqual([
    ["/slow", false],
    ["/slow", false],
  ])
})
