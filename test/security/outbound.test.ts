/** One try of a webhook, over real sockets: what comes back, and where it connects to. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import * as Allowance from "../../adapters/webhooks/Allowance.ts"
import * as HttpsOutbound from "../../adapters/webhooks/HttpsOutbound.ts"
import { Outbound, type OutboundAnswer } from "../../core/ports/Outbound.ts"
import { type Certificate, certificate } from "../support/certificate.ts"
import { type DnsAnswer, type DnsServer, startDns } from "../support/dnsServer.ts"
import { startProxy } from "../support/connectProxy.ts"
import { type Behaviour, type Receiver, startReceiver, taken } from "../support/receiver.ts"

let own: Certificate
let receiver: Receiver
let dns: DnsServer
let resolved: (name: string) => DnsAnswer = () => ["127.0.0.1"]

beforeAll(async () => {
  own = certificate("DNS:hooks.test", "IP:127.0.0.1")
  receiver = await startReceiver({ certificate: own })
  dns = await startDns((name) => resolved(name))
})
afterAll(() => Promise.all([receiver.stop(), dns.stop()]))
beforeEach(() => {
  resolved = () => ["127.0.0.1"]
  receiver.behave(() => taken)
})

const allow = (text: string) => Option.getOrThrow(Allowance.parse(text))

const options = (allowed = "127.0.0.1/32"): HttpsOutbound.HttpsOutboundOptions => ({
  allowance: allow(allowed),
  ca: own.cert,
  dnsServers: [dns.address],
})

const request = (url: string) => ({
  url,
  headers: { "content-type": "application/json", "webhook-id": "c0-1" },
  body: '{"type":"é"}',
})

/** The URL of the receiver, by its name. */
const named = (): string => `https://hooks.test:${receiver.port}/consent`

/** Sends one try; `during` runs while it waits, by a clock that the test moves. */
const sending = (url: string, given = options(), during?: Effect.Effect<void>): Promise<OutboundAnswer> =>
  Effect.gen(function* () {
    const outbound = yield* Outbound
    if (during === undefined) return yield* outbound.send(request(url))
    const fiber = yield* Effect.forkChild(outbound.send(request(url)))
    yield* during
    return yield* Fiber.join(fiber)
  }).pipe(
    Effect.provide(HttpsOutbound.layer(given)),
    (running) => (during === undefined ? running : Effect.provide(running, TestClock.layer())),
    Effect.runPromise,
  )

/** Waits for something of the world, not of the clock. */
const until = (isTrue: () => boolean) => Effect.promise(() => receiver.until(isTrue))

const failed = (failure: string) => ({ _tag: "Failed", failure, millis: expect.any(Number) })
const answered = (status: number) => ({ _tag: "Answered", status, millis: expect.any(Number) })

test("A try arrives as it was signed, with the name of the host checked against the certificate", async () => {
  expect(await sending(named())).toEqual(answered(204))
  const { body, headers, path } = receiver.received.at(-1)!
  expect({ body, path }).toEqual({ body: '{"type":"é"}', path: "/consent" })
  expect(headers).toMatchObject({
    host: `hooks.test:${receiver.port}`,
    "content-type": "application/json",
    "content-length": "13",
    "webhook-id": "c0-1",
  })
})

test.each([200, 299, 301, 404, 410, 500])("The status %d is returned, and no redirect is followed", async (status) => {
  const before = receiver.received.length
  receiver.behave(() => ({ status, headers: { location: `https://127.0.0.1:${receiver.port}/other` } }))
  expect(await sending(named())).toEqual(answered(status))
  expect(receiver.received.length).toBe(before + 1)
})

test("Retry-After is read as seconds and as a date", async () => {
  receiver.behave(() => ({ status: 429, headers: { "retry-after": "7" } }))
  expect(await sending(named())).toMatchObject({ status: 429, retryAfterMillis: 7_000 })
  receiver.behave(() => ({ status: 503, headers: { "retry-after": "Thu, 01 Jan 1970 00:01:00 GMT" } }))
  expect(await sending(named())).toMatchObject({ status: 503, retryAfterMillis: 0 })
  expect(await sending(named(), options(), Effect.void)).toMatchObject({ status: 503, retryAfterMillis: 60_000 })
  receiver.behave(() => ({ status: 503, headers: { "retry-after": "soon" } }))
  expect(await sending(named())).toEqual(answered(503))
})

test("A connection that ends before the answer is a reset", async () => {
  receiver.behave(() => "reset")
  expect(await sending(named())).toEqual(failed("reset"))
})

describe("time", () => {
  const patient = (behaviour: Behaviour) => {
    const before = receiver.received.length
    receiver.behave(() => behaviour)
    return until(() => receiver.received.length > before)
  }

  /** Mutant: the limit of 15 s left out. */
  test.each(["hang", "endless head"] as const)("15 s without a status are too long: %s", async (behaviour) => {
    const during = patient(behaviour)
    let isEarly = true
    const running = sending(
      named(),
      options(),
      Effect.gen(function* () {
        yield* during
        yield* TestClock.adjust("14999 millis")
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
        isEarly = false
        yield* TestClock.adjust("1 millis")
      }),
    ).then((outcome) => ({ outcome, isEarly }))
    expect(await running).toEqual({ outcome: { _tag: "Failed", failure: "timeout", millis: 15_000 }, isEarly: false })
    await receiver.until(() => receiver.connections().open === 0)
  })

  test("The body of an answer is waited for 1 s at most, and its status counts all the same", async () => {
    const during = Effect.andThen(
      patient("endless body"),
      Effect.gen(function* () {
        // The head and the first bytes are on their way; the clock moves only when they are there.
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))
        yield* TestClock.adjust("1 second")
        yield* until(() => receiver.connections().open === 0)
        yield* TestClock.adjust("1 minute")
      }),
    )
    expect(await sending(named(), options(), during)).toEqual({ _tag: "Answered", status: 200, millis: 1_000 })
  })

  test("A server that accepts and never shakes hands is given 5 s", async () => {
    const silent: Server = createServer().listen(0, "127.0.0.1")
    const accepted = new Promise<Socket>((resolve) => silent.once("connection", resolve))
    await new Promise((resolve) => silent.once("listening", resolve))
    const { port } = silent.address() as AddressInfo
    const during = Effect.andThen(
      Effect.promise(() => accepted),
      TestClock.adjust("5 seconds"),
    )
    const outcome = await sending(`https://hooks.test:${port}/`, options(), during)
    expect(outcome).toEqual({ _tag: "Failed", failure: "timeout", millis: 5_000 })
    const socket = (await accepted).resume()
    await new Promise((resolve) => socket.once("close", resolve))
    await new Promise((resolve) => silent.close(resolve))
  })

  test("A server of DNS that does not answer is given 5 s", async () => {
    const before = dns.questions().length
    resolved = () => "silence"
    const during = Effect.gen(function* () {
      while (dns.questions().length === before)
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
      yield* TestClock.adjust("5 seconds")
    })
    expect(await sending(named(), options(), during)).toMatchObject({ _tag: "Failed", failure: "timeout" })
  })
})

/** Mutant: an answer's body is read to its end, however long it is. */
test.each(["endless body", "huge body"] as const)(
  "The status counts, and the body is cut off: %s",
  async (behaviour) => {
    const before = receiver.connections().opened
    receiver.behave(() => behaviour)
    await Effect.gen(function* () {
      const { send } = yield* Outbound
      for (let n = 1; n <= 2; n += 1) {
        expect(yield* send(request(named()))).toEqual(answered(200))
        yield* until(() => receiver.connections().open === 0)
        expect(receiver.connections().opened).toBe(before + n)
      }
    }).pipe(Effect.provide(HttpsOutbound.layer(options())), Effect.runPromise)
  },
)

describe("what is not connected to", () => {
  test("A port that nothing listens on, a certificate for another host, and one that is not trusted", async () => {
    const closed = await startReceiver()
    await closed.stop()
    expect(await sending(`https://hooks.test:${closed.port}/`)).toEqual(failed("connect"))
    expect(await sending(`https://other.test:${receiver.port}/`)).toEqual(failed("tls"))
    expect(await sending(named(), { ...options(), ca: certificate("DNS:hooks.test").cert })).toEqual(failed("tls"))
    const plain = await startReceiver()
    expect(await sending(`https://hooks.test:${plain.port}/`)).toEqual(failed("tls"))
    expect(plain.received).toEqual([])
    await plain.stop()
  })

  test("A certificate that is not trusted is refused, whatever the environment says", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
    try {
      expect(await sending(named(), { ...options(), ca: certificate("DNS:hooks.test").cert })).toEqual(failed("tls"))
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
    }
  })

  test.each<DnsAnswer>(["NXDOMAIN", "SERVFAIL", []])("A name that is not resolved: %s", async (answer) => {
    resolved = () => answer
    expect(await sending(named())).toEqual(failed("dns"))
  })

  test("A proxy that the environment names is not used", async () => {
    process.env["HTTPS_PROXY"] = "http://127.0.0.1:1"
    try {
      expect(await sending(named())).toEqual(answered(204))
    } finally {
      delete process.env["HTTPS_PROXY"]
    }
  })
})

describe("which URLs are allowed", () => {
  const fault = (url: string, given = options()) =>
    Effect.map(Outbound, ({ urlFault }) => urlFault(url)).pipe(
      Effect.provide(HttpsOutbound.layer(given)),
      Effect.runSync,
    )?.detail

  test.each([
    ["hooks.example/consent", /must be a URL/],
    ["http://hooks.example/", /scheme/],
    ["ftp://hooks.example/", /scheme/],
    ["file:///etc/passwd", /scheme/],
    ["https://user@hooks.example/", /user information/],
    ["https://:pass@hooks.example/", /user information/],
    ["https://hooks.example/#here", /fragment/],
    ["https://hooks.example/#", /fragment/],
    ["https://hooks.example:22/", /port/],
    ["https://hooks.example:80/", /port/],
    ["https://hooks.example:0/", /port/],
    [`https://hooks.example/${"a".repeat(2048)}`, /2048/],
    [`https://hooks.example/${"é".repeat(1000)}`, /2048/],
  ])("%s is not", (url, rule) => {
    expect(fault(url)).toMatch(rule)
  })

  test("A name on the usual port, or on one that any user may listen on, is allowed", () => {
    for (const url of ["https://hooks.example", "https://hooks.example:443/a?b=c", "https://hooks.example:1024/"]) {
      expect(fault(url)).toBeUndefined()
    }
  })

  /** Every spelling that `URL` reads as an address of the machine itself, of its network, or of its cloud. */
  const spellings = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "0",
    "0.0.0.0",
    "10.1",
    "192.168.257",
    "169.254.169.254",
    "0xa9fea9fe",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[fd00:ec2::254]",
    "[fe80::1]",
  ]

  test.each(spellings)("An address that is not public is refused in any spelling: %s", async (host) => {
    const url = `https://${host}:${receiver.port}/`
    const none = { ...options(""), allowance: Allowance.none }
    expect(fault(url, none)).toMatch(/not public/)
    const before = receiver.connections().opened
    expect(await sending(url, none)).toEqual(failed("refused_address"))
    expect(receiver.connections().opened).toBe(before)
  })

  test.each(["localhost", "LOCALHOST", "localhost.", "api.localhost"])(
    "The machine by its name is refused: %s",
    async (name) => {
      const before = receiver.connections().opened
      const none = { ...options(""), allowance: Allowance.none }
      expect(await sending(`https://${name}:${receiver.port}/`, none)).toEqual(failed("refused_address"))
      expect(receiver.connections().opened).toBe(before)
    },
  )

  test("An origin without TLS is called if the operator lists it, and only by its own port", async () => {
    const plain = await startReceiver()
    const allowed = options(`http://127.0.0.1:${plain.port} http://hooks.test:${plain.port}`)
    expect(await sending(`${plain.url}/a`, allowed)).toEqual(answered(204))
    expect(await sending(`http://hooks.test:${plain.port}/a`, allowed)).toEqual(answered(204))
    expect(await sending(`http://hooks.test:${receiver.port}/a`, allowed)).toEqual(failed("refused_address"))
    expect(await sending(`http://other.test:${plain.port}/a`, allowed)).toEqual(failed("refused_address"))
    const apart = options(`http://hooks.test:${plain.port}`)
    expect(await sending(`http://hooks.test:${plain.port}/a`, apart)).toEqual(failed("refused_address"))
    await plain.stop()
  })
})

test("Connections are used again, and one that was closed meanwhile is replaced within the try", async () => {
  const before = receiver.connections().opened
  await Effect.gen(function* () {
    const { send } = yield* Outbound
    const one = send(request(named()))
    for (let n = 0; n < 20; n += 1) expect(yield* one).toEqual(answered(204))
    expect(receiver.connections().opened).toBe(before + 1)
    let isFirst = true
    receiver.behave(() => {
      const behaviour = isFirst ? "reset" : taken
      isFirst = false
      return behaviour
    })
    expect(yield* one).toEqual(answered(204))
    expect(receiver.connections().opened).toBe(before + 2)
  }).pipe(Effect.provide(HttpsOutbound.layer(options())), Effect.runPromise)
  await receiver.until(() => receiver.connections().open === 0)
})

test("A try that is interrupted closes its connection", async () => {
  const before = receiver.received.length
  receiver.behave(() => "hang")
  await Effect.gen(function* () {
    const { send } = yield* Outbound
    const fiber = yield* Effect.forkChild(send(request(named())))
    yield* until(() => receiver.received.length > before)
    yield* Fiber.interrupt(fiber)
    yield* until(() => receiver.connections().open === 0)
  }).pipe(Effect.provide(HttpsOutbound.layer(options())), Effect.runPromise)
})

describe("through a proxy", () => {
  const proxy = (port: number) => ({ ...options(), proxy: new URL(`http://us%C3%A9r:secret@127.0.0.1:${port}`) })
  const credentials = `Basic ${Buffer.from("usér:secret").toString("base64")}`

  test("a tunnel carries each try, the proxy resolves its name, and the connection is used again", async () => {
    const through = await startProxy(receiver.port)
    const before = dns.questions().length
    await Effect.gen(function* () {
      const { send } = yield* Outbound
      expect(yield* send(request(named()))).toEqual(answered(204))
      expect(yield* send(request(named()))).toEqual(answered(204))
    }).pipe(Effect.provide(HttpsOutbound.layer(proxy(through.port))), Effect.runPromise)
    expect(through.asked).toEqual([{ line: `CONNECT hooks.test:${receiver.port} HTTP/1.1`, credentials }])
    expect(dns.questions().length).toBe(before)
    await through.stop()
  })

  test("a certificate for another host is refused in a tunnel, too", async () => {
    const through = await startProxy(receiver.port)
    expect(await sending("https://other.test/", proxy(through.port))).toEqual(failed("tls"))
    await through.stop()
  })

  test("a proxy that opens no tunnel, or is not there, is a failed connection", async () => {
    const through = await startProxy(undefined)
    expect(await sending(named(), proxy(through.port))).toEqual(failed("connect"))
    await through.stop()
    expect(await sending(named(), proxy(through.port))).toEqual(failed("connect"))
  })

  test("an address that is not public is refused before the proxy is asked", async () => {
    const through = await startProxy(receiver.port)
    const given = { ...proxy(through.port), allowance: Allowance.none }
    expect(await sending("https://169.254.169.254/", given)).toEqual(failed("refused_address"))
    expect(through.asked).toEqual([])
    await through.stop()
  })

  test("a request without TLS goes to the proxy as it is", async () => {
    const plain = await startReceiver()
    const given = { ...proxy(plain.port), allowance: allow("http://hooks.test:8080") }
    expect(await sending("http://hooks.test:8080/consent", given)).toEqual(answered(204))
    expect(plain.received[0]).toMatchObject({
      path: "http://hooks.test:8080/consent",
      headers: { host: "hooks.test:8080", "proxy-authorization": credentials },
    })
    await plain.stop()
  })
})
