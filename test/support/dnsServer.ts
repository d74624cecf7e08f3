/** A server of DNS (RFC 1035) on a port of its own, which answers as a test wants, and otherwise each time. */
import { createSocket } from "node:dgram"
import type { AddressInfo } from "node:net"
import ipaddr from "ipaddr.js"

/** The types of records that addresses are asked for with. */
type RecordType = "A" | "AAAA"

/** Addresses of a name, of which those of the other family are left out; a code of failure; or no answer at all. */
export type DnsAnswer = ReadonlyArray<string> | "NXDOMAIN" | "SERVFAIL" | "silence"

/** A running server. */
export interface DnsServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** The questions so far. */
  readonly questions: () => ReadonlyArray<{ readonly name: string; readonly type: RecordType }>
  readonly stop: () => Promise<void>
}

const types: Readonly<Record<number, RecordType>> = { 1: "A", 28: "AAAA" }
const codes = { NXDOMAIN: 3, SERVFAIL: 2 } as const

/** The name, the type and the bytes of the question in a message. */
const questionIn = (message: Buffer) => {
  const labels: Array<string> = []
  let at = 12
  for (; message[at] !== 0; at += message[at]! + 1)
    labels.push(message.toString("latin1", at + 1, at + 1 + message[at]!))
  const type = types[message.readUInt16BE(at + 1)]!
  return { name: labels.join(".").toLowerCase(), type, bytes: message.subarray(12, at + 5) }
}

/** A record that points to the name of the question, with no time to live. */
const record = (type: RecordType, address: string): Buffer => {
  const bytes = Buffer.from(ipaddr.parse(address).toByteArray())
  const head = Buffer.from([0xc0, 12, 0, type === "A" ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, bytes.byteLength])
  return Buffer.concat([head, bytes])
}

const reply = (message: Buffer, answer: Exclude<DnsAnswer, "silence">): Buffer => {
  const { bytes, type } = questionIn(message)
  const isOfFamily = (address: string): boolean => address.includes(":") === (type === "AAAA")
  const addresses = typeof answer === "string" ? [] : answer.filter(isOfFamily)
  const head = Buffer.alloc(12)
  message.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180 | (typeof answer === "string" ? codes[answer] : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(addresses.length, 6)
  return Buffer.concat([head, bytes, ...addresses.map((address) => record(type, address))])
}

/** Starts a server that asks for each answer. */
export const startDns = (answer: (name: string, type: RecordType) => DnsAnswer): Promise<DnsServer> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    const questions: Array<{ name: string; type: RecordType }> = []
    socket.on("message", (message, { address, port }) => {
      const { name, type } = questionIn(message)
      questions.push({ name, type })
      const answered = answer(name, type)
      if (answered !== "silence") socket.send(reply(message, answered), port, address)
    })
    socket.bind(0, "127.0.0.1", () =>
      resolve({
        address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
        questions: () => questions,
        stop: () => new Promise((done) => socket.close(() => done())),
      }),
    )
  })
