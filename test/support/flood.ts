/**
 * Sends requests to record one event each at a steady rate, whatever is answered, and prints how each was answered.
 * Runs as a process of its own, so that it delays the test by nothing but its processor time: `node
 * test/support/flood.ts '<Orders as JSON>'`.
 *
 * Connections are used in turn. One that waits for its answer is skipped. If all of them wait, the request is sent as
 * soon as one is free, and its time counts from when it was due, because a client that cannot send waits, too.
 */
import { connect } from "node:net"

/** What to send, and for how long. */
export interface Orders {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly perSecond: number
  readonly millis: number
  /** The item of each request; a different `userId` is added to each. */
  readonly item: object
  readonly name: string
  /** Whether a refused connection is not used for one second, as its `Retry-After` says. */
  readonly isPatient?: boolean
}

/**
 * One answer: its status; when it arrived, how long it took, and how long its request had been due before it was sent,
 * all in milliseconds; and the id of the event in it.
 */
export type Answered = readonly [status: number, at: number, millis: number, late: number, id: string | undefined]

/** The outcome of a flood. */
export interface Outcome {
  readonly answers: ReadonlyArray<Answered>
  /** Requests that got no answer. */
  readonly lost: number
}

interface Lane {
  isIdle: boolean
  readonly send: (dueAt: number) => void
}

const endOfHead = Buffer.from("\r\n\r\n")

/** The length of the answer that begins here; `undefined` if it is not complete. */
const wholeLength = (received: Buffer): number | undefined => {
  const end = received.indexOf(endOfHead)
  if (end < 0) return undefined
  const head = received.toString("latin1", 0, end)
  const length = end + endOfHead.length + Number(/content-length: (\d+)/i.exec(head)![1])
  return received.length < length ? undefined : length
}

const run = async (orders: Orders): Promise<Outcome> => {
  const { connections, headers, isPatient, item, millis, name, path, perSecond, port } = orders
  const answers: Array<Answered> = []
  let lost = 0
  let sent = 0

  // Encoded once: only the number of the person differs.
  const body = JSON.stringify({ items: [{ ...item, userId: `${name}-NNNNNNN` }] })
  const fields = { host: "a", "content-type": "application/json", "content-length": body.length, ...headers }
  const head = Object.entries(fields).map(([field, value]) => `${field}: ${value}\r\n`)
  const [before, after] = `POST ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`.split("NNNNNNN")

  const open = async (): Promise<Lane> => {
    const socket = connect(port, "127.0.0.1").setNoDelay()
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject))
    let sentAt = 0
    let late = 0
    let received: Buffer = Buffer.alloc(0)
    const lane: Lane = {
      isIdle: true,
      send: (dueAt) => {
        lane.isIdle = false
        sentAt = performance.now()
        late = sentAt - dueAt
        socket.write(`${before}${String(sent++).padStart(7, "0")}${after}`, "latin1")
      },
    }
    socket.on("data", (data) => {
      received = received.length === 0 ? data : Buffer.concat([received, data])
      if (wholeLength(received) === undefined) return
      const now = performance.now()
      const status = Number(received.toString("latin1", 9, 12))
      const id = status === 201 ? /"id":"([^"]+)"/.exec(received.toString("latin1"))![1]! : undefined
      answers.push([status, now - start, now - sentAt, late, id])
      received = Buffer.alloc(0)
      if (isPatient === true && status === 503) setTimeout(() => (lane.isIdle = true), 1000)
      else lane.isIdle = true
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      if (!isOver()) lost++
    })
    return lane
  }

  const isOver = (): boolean => performance.now() - start > millis && lanes.every(({ isIdle }) => isIdle)
  let start = performance.now()
  const lanes = await Promise.all(Array.from({ length: connections }, open))
  start = performance.now()
  const due: Array<number> = []
  let turn = 0
  /** The next connection that is free. */
  const free = (): Lane | undefined => {
    for (let tried = 0; tried < lanes.length; tried++) {
      const lane = lanes[turn++ % lanes.length]!
      if (lane.isIdle) return lane
    }
    return undefined
  }
  let offered = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      for (; offered < (Math.min(now - start, millis) / 1000) * perSecond; offered++) due.push(now)
      for (let lane = due.length > 0 ? free() : undefined; lane !== undefined;) {
        lane.send(due.shift()!)
        lane = due.length > 0 ? free() : undefined
      }
      if (now - start < millis) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  const deadline = performance.now() + 30_000
  while (lanes.some(({ isIdle }) => !isIdle) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return { answers, lost: lost + lanes.filter(({ isIdle }) => !isIdle).length }
}

if (import.meta.main) {
  const outcome = await run(JSON.parse(process.argv[2]!) as Orders)
  process.stdout.write(JSON.stringify(outcome), () => process.exit())
}
