/**
 * Mails over real sockets, to a mail server that takes them, refuses them in each way that there is, or says nothing.
 */
import { createServer, type AddressInfo, type Socket } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import * as SmtpServer from "../../adapters/mail/SmtpServer.ts"
import type { MailAnswer } from "../../core/ports/MailTransport.ts"
import { certificate } from "../support/certificate.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { mail, open, sendOnce, short } from "./sentMail.ts"

const stops: Array<() => Promise<unknown>> = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

const started = async (...options: Parameters<typeof startMailServer>): Promise<MailServer> => {
  const server = await startMailServer(...options)
  stops.push(server.stop)
  return server
}

/** A server of plain TCP: it does to a connection what the test wants. */
const raw = async (behave: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    behave(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  stops.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const misconfigured = (code: string): MailAnswer => ({ _tag: "Misconfigured", code })
const later = (code: string): MailAnswer => ({ _tag: "Later", code })
const refused = (code: string): MailAnswer => ({ _tag: "Refused", code })

const named = certificate("DNS:localhost", "IP:127.0.0.1")
const remote = { isLoopback: false }

describe("a mail that is taken", () => {
  test("has one recipient, its Message-ID and date, text and HTML, and says that a program sent it", async () => {
    const server = await started()
    expect(await sendOnce(server.url)).toEqual({ _tag: "Taken", code: "250" })
    const [taken] = server.mails
    const { parsed, ...envelope } = taken!
    expect(envelope).toMatchObject({ from: mail.from.address, to: [mail.to] })
    expect(parsed).toMatchObject({
      from: mail.from,
      to: [{ address: mail.to, name: "" }],
      subject: mail.subject,
      messageId: `<${mail.messageId}>`,
      date: "2026-11-30T12:00:00.000Z",
      attachments: [],
    })
    expect(parsed.text?.trimEnd()).toBe(mail.text.trimEnd())
    expect(parsed.html?.trimEnd()).toBe(mail.html)
    const headers = new Map(parsed.headers.map(({ key, value }) => [key, value]))
    expect(headers.get("auto-submitted")).toBe("auto-generated")
    expect(headers.get("x-auto-response-suppress")).toBe("All")
    expect(headers.get("content-language")).toBe("de")
    expect([...headers.keys()].toSorted()).toEqual([
      "auto-submitted",
      "content-language",
      "content-type",
      "date",
      "from",
      "message-id",
      "mime-version",
      "subject",
      "to",
      "x-auto-response-suppress",
    ])
  })

  test("has the same bytes at every try, and the envelope's sender is the return path", async () => {
    const server = await started()
    const transport = await open(server.url)
    stops.push(transport.close)
    for (let n = 0; n < 2; n++) await transport.send({ ...mail, returnPath: "bounces@example.com" })
    expect(server.mails.map(({ from }) => from)).toEqual(["bounces@example.com", "bounces@example.com"])
    expect(new Set(server.mails.map((each) => each.raw)).size).toBe(1)
  })

  test("goes over at most 10 connections, which are used again", async () => {
    const server = await started()
    const transport = await open(server.url)
    stops.push(transport.close)
    const answers = await Promise.all(Array.from({ length: 40 }, () => transport.send(mail)))
    expect(new Set(answers.map(({ _tag }) => _tag))).toEqual(new Set(["Taken"]))
    expect(server.mails).toHaveLength(40)
    expect(server.connections().most).toBeLessThanOrEqual(10)
  })

  test("is sent to the next connection where the server has closed one that was idle", async () => {
    const server = await started()
    const { port } = server
    const transport = await open(server.url)
    stops.push(transport.close)
    await transport.send(mail)
    await server.stop()
    const again = await started({}, port)
    expect(await transport.send(mail)).toEqual({ _tag: "Taken", code: "250" })
    expect(again.mails).toHaveLength(1)
  })

  test("is sent with a login", async () => {
    const server = await started({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: ({ password, username }, _session, done) =>
        username === "user" && password === "p@ss" ? done(null, { user: "user" }) : done(new Error("no")),
    })
    expect(await sendOnce(server.url.replace("//", "//user:p%40ss@"))).toEqual({ _tag: "Taken", code: "250" })
    expect(await sendOnce(server.url.replace("//", "//user:wrong@"))).toEqual(misconfigured("535"))
  })
})

describe("a mail that is not taken", () => {
  test.each([
    ["550 to RCPT", ["to", 550], refused("550")],
    ["450 to RCPT", ["to", 450], later("450")],
    ["530 to RCPT, which asks for a login", ["to", 530], misconfigured("530")],
    ["550 to MAIL", ["from", 550], misconfigured("550")],
    ["451 to MAIL", ["from", 451], later("451")],
    ["552 after DATA", ["data", 552], refused("552")],
    ["451 after DATA", ["data", 451], later("451")],
    ["503 after DATA", ["data", 503], later("503")],
  ] as const)("%s", async (_name, [step, code], answer) => {
    const server = await started()
    server.behave({ [step]: () => code })
    expect(await sendOnce(server.url)).toEqual(answer)
    expect(server.mails).toEqual([])
  })

  test("nothing listens", async () => {
    const server = await startMailServer()
    await server.stop()
    expect(await sendOnce(server.url)).toEqual(later("connect"))
  })

  test("the host has no address", async () => {
    expect(await sendOnce("smtp://mail.invalid")).toEqual(later("dns"))
  })

  test("the server says nothing", async () => {
    expect(await sendOnce(await raw(() => {}), short)).toEqual(later("timeout"))
  })

  test("the server stops in the middle", async () => {
    const url = await raw((socket) => void socket.write("220 slow\r\n"))
    expect(await sendOnce(url, short)).toEqual(later("timeout"))
  })

  test("the server sends a byte now and then, and never a reply", async () => {
    const url = await raw((socket) => {
      socket.write("220 slow\r\n250-")
      const timer = setInterval(() => socket.write("x"), 50)
      socket.once("close", () => clearInterval(timer))
    })
    expect(await sendOnce(url, short)).toEqual(later("timeout"))
  })

  test("421 at the greeting", async () => {
    expect(await sendOnce(await raw((socket) => void socket.end("421 too many\r\n")))).toEqual(later("421"))
  })

  test("554 at the greeting", async () => {
    expect(await sendOnce(await raw((socket) => void socket.end("554 no\r\n")))).toEqual(misconfigured("554"))
  })

  test("the server closes instead of a greeting", async () => {
    expect(await sendOnce(await raw((socket) => void socket.end()))).toEqual(later("reset"))
  })

  test("what answers is no mail server", async () => {
    const url = await raw((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
    expect((await sendOnce(url))._tag).not.toBe("Taken")
  })
})

describe("TLS", () => {
  test("is demanded of every other machine: a server that withholds STARTTLS gets no mail", async () => {
    const server = await started()
    expect(await sendOnce(server.url, short, remote)).toEqual(misconfigured("500"))
    expect(server.mails).toEqual([])
  })

  test("a certificate that is not trusted", async () => {
    const [upgraded, secure] = [
      await started({ disabledCommands: ["AUTH"], ...named }),
      await started({ secure: true, ...named }),
    ]
    expect(await sendOnce(upgraded.url, short, remote)).toEqual(misconfigured("tls"))
    expect(await sendOnce(secure.url.replace("smtp:", "smtps:"), short)).toEqual(misconfigured("tls"))
    expect([...upgraded.mails, ...secure.mails]).toEqual([])
  })

  test("is not begun on this machine, where a certificate proves nothing", async () => {
    const server = await started({ disabledCommands: ["AUTH"], ...named })
    expect((await sendOnce(server.url, short))._tag).toBe("Taken")
  })

  test("credentials are not sent to a server that offers no login", async () => {
    const server = await started()
    expect(await sendOnce(server.url.replace("//", "//user:secret@"), short)).toEqual(misconfigured("500"))
  })
})

test.each([
  ["smtp://mail.example.com", { host: "mail.example.com", port: 587, isTls: false, isLoopback: false }],
  ["smtps://u:p%3A@mail.example.com", { port: 465, isTls: true, user: "u", password: "p:" }],
  ["smtp://127.0.0.2:2525/", { port: 2525, isLoopback: true }],
  ["smtp://[::1]:25", { host: "::1", isLoopback: true }],
  ["smtp://LOCALHOST:25", { isLoopback: true }],
  ["smtp://localhost.example.com", { isLoopback: false }],
])("the mail server of %s", (url, server) => {
  expect(SmtpServer.parse(url)).toMatchObject(server)
})

test.each([
  "mail.example.com",
  "http://mail.example.com",
  "smtp://",
  "smtp://user@mail.example.com",
  "smtp://:secret@mail.example.com",
  "smtp://mail.example.com/path",
  "smtp://mail.example.com?tls.rejectUnauthorized=false",
  "smtp://mail.example.com#x",
  "smtp://u:%ff@mail.example.com",
])("no mail server: %s", (url) => {
  expect(SmtpServer.parse(url)).toBeUndefined()
})
