/**
 * Sends requests to record one event each at a steady rate, whatever is answered, and tells how each was answered. Runs as a
 * process of its own, so that it keeps nobody from anything but the processor: `node test/support/flood.ts '<Orders as JSON>'`.
 *
 * With `calm`, one connection sends one request after the other there meanwhile: how long an answer takes somewhere, as seen
 * from a process that is as busy.
 */
import { connect } from "node:net"

/** Where requests go. */
export interface Target {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What to do. */
export interface Orders {
  readonly flooded: Target
  readonly calm?: Target
  readonly connections: number
  readonly perSecond: number
  readonly millis: number
  /** The item of each request; `userId` is added, and is another one each time. */
  readonly item: object
  readonly name: string
}

/** One answer: its status, when it came and how long it took in milliseconds, and the id that it tells. */
export type Answered = readonly [status: number, at: number, millis: number, id: string | undefined]

/** What came of it. */
export interface Outcome {
  readonly flooded: ReadonlyArray<Answered>
  readonly calm: ReadonlyArray<Answered>
  /** Requests that got no answer. */
  readonly lost: number
}

interface Lane {
  isIdle: boolean
  readonly send: () => void
}

const run = async ({ calm, connections, flooded, item, millis, name, perSecond }: Orders): Promise<Outcome> => {
  const outcome = { flooded: [] as Array<Answered>, calm: [] as Array<Answered>, lost: 0 }
  const start = performance.now()
  let sent = 0

  const open = async (
    { headers, path, port }: Target,
    answers: Array<Answered>,
    answered: () => void,
  ): Promise<Lane> => {
    const head = [`POST ${path} HTTP/1.1`, "host: a", "content-type: application/json"]
    for (const [field, value] of Object.entries(headers)) head.push(`${field}: ${value}`)
    const socket = connect(port, "127.0.0.1").setNoDelay().setEncoding("latin1")
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject))
    let sentAt = 0
    let received = ""
    const lane: Lane = {
      isIdle: true,
      send: () => {
        const body = JSON.stringify({ items: [{ ...item, userId: `${name}-${sent++}` }] })
        lane.isIdle = false
        sentAt = performance.now()
        socket.write(`${head.join("\r\n")}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      },
    }
    socket.on("data", (data: string) => {
      received += data
      const end = received.indexOf("\r\n\r\n")
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1])
      if (end < 0 || received.length < end + 4 + length) return
      const now = performance.now()
      const id = /"id":"([^"]+)"/.exec(received)?.[1]
      answers.push([Number(received.slice(9, 12)), now - start, now - sentAt, id])
      received = ""
      lane.isIdle = true
      answered()
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      if (!lane.isIdle) outcome.lost++
      lane.isIdle = false
    })
    socket.unref()
    return lane
  }

  const isOver = (): boolean => performance.now() - start > millis
  const lanes = await Promise.all(Array.from({ length: connections }, () => open(flooded, outcome.flooded, () => {})))
  if (calm !== undefined) {
    const lane = await open(calm, outcome.calm, () => isOver() || lane.send())
    lane.send()
    lanes.push(lane)
  }
  const flooding = lanes.slice(0, connections)
  const begun = performance.now()
  let offered = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - begun) / 1000) * perSecond
      for (const lane of flooding) {
        if (offered >= due) break
        if (!lane.isIdle) continue
        lane.send()
        offered++
      }
      if (!isOver()) return
      clearInterval(timer)
      resolve()
    }, 2)
  })
  // What was sent is answered, or its connection ends.
  const patience = performance.now() + 30_000
  while (lanes.some((lane) => !lane.isIdle) && performance.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  outcome.lost += lanes.filter((lane) => !lane.isIdle).length
  return outcome
}

if (import.meta.main) process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2]!) as Orders)))
