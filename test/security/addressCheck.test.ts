/** Which addresses a webhook may be sent to. */
import fc from "fast-check"
import ipaddr from "ipaddr.js"
import { Option } from "effect"
import { describe, expect, test } from "vitest"
import * as AddressCheck from "../../adapters/webhooks/AddressCheck.ts"
import * as Allowance from "../../adapters/webhooks/Allowance.ts"
import { times } from "../support/long.ts"

/** Whether an address is public; fails for a text that is not an address. */
const isPublic = (text: string): boolean => AddressCheck.isPublic(Option.getOrThrow(AddressCheck.parse(text)))

/**
 * IANA's registries of special-purpose addresses, as of October 2025: the first and the last address of every block,
 * and of multicast. All of them are refused, those that a registry calls globally reachable too.
 */
const specialBlocks: ReadonlyArray<readonly [string, string]> = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.31.196.0", "192.31.196.255"],
  ["192.52.193.0", "192.52.193.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["192.175.48.0", "192.175.48.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "239.255.255.255"],
  ["240.0.0.0", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
  ["100::", "100::ffff:ffff:ffff:ffff"],
  ["100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"],
  ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"],
  ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
]

/** Addresses right before and after special blocks, and some of well-known hosts. */
const publicAddresses = [
  "1.0.0.0",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.0.3.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "93.184.215.14",
  "2000::",
  "2001:200::",
  "2001:db7:ffff::",
  "2001:db9::",
  "2003::",
  "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
  "3ffe:ffff::",
  "3fff:1000::",
  "::ffff:93.184.215.14",
  "64:ff9b::5db8:d70e",
]

test.each(specialBlocks)("An address of a special-purpose block is refused: %s to %s", (first, last) => {
  expect(isPublic(first)).toBe(false)
  expect(isPublic(last)).toBe(false)
})

test.each(publicAddresses)("A public address is allowed: %s", (address) => {
  expect(isPublic(address)).toBe(true)
})

/** IPv6 addresses in which an IPv4 address is reached, or was once. */
const embeddings: Record<string, (ipv4: string) => string> = {
  "IPv4-mapped": (ipv4) => `::ffff:${ipv4}`,
  "IPv4-compatible": (ipv4) => `::${ipv4}`,
  NAT64: (ipv4) => `64:ff9b::${ipv4}`,
  "local NAT64": (ipv4) => `64:ff9b:1::${ipv4}`,
  "IPv4-translated": (ipv4) => `::ffff:0:${ipv4}`,
  "6to4": (ipv4) => `2002:${hex(ipv4)}::1`,
  Teredo: (ipv4) => `2001:0:${hex(ipv4)}::${hex(ipv4)}`,
}

const hex = (ipv4: string): string =>
  ipaddr.IPv4.parse(ipv4)
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(.{4})/, "$1:")

describe.each(Object.entries(embeddings))("%s", (_, embed) => {
  test("An IPv4 address that is refused is refused in an IPv6 address, too", () => {
    for (const [first, last] of specialBlocks.filter(([address]) => !address.includes(":"))) {
      expect(isPublic(embed(first)), first).toBe(false)
      expect(isPublic(embed(last)), last).toBe(false)
    }
  })
})

/** Where the second opinion differs: it calls these unicast, or what they embed decides. */
const differences: ReadonlyArray<readonly [string, (address: ipaddr.IPv4 | ipaddr.IPv6) => boolean]> = [
  ["IPv4-mapped: judged as what it embeds", (address) => address.range() === "ipv4Mapped"],
  ["NAT64: judged as what it embeds", (address) => address.range() === "rfc6052"],
  ["IPv6 that is not allocated", (address) => address.kind() === "ipv6" && (address.toByteArray()[0]! & 0xe0) !== 0x20],
]

const ipv4 = fc.ipV4()
const ipv6 = fc.oneof(
  fc.ipV6(),
  ipv4.map((address) => `::ffff:${address}`),
  fc
    .tuple(
      fc.constantFrom("2001:", "2001:db8:", "2002:", "3fff:", "64:ff9b:", "fc00:", "fe80:", "ff02:"),
      fc.nat(0xffff),
    )
    .map(([prefix, part]) => `${prefix}${part.toString(16)}::1`),
)

/** Mutant: "2002::/16" left out of the special blocks. */
test("A second library calls the same addresses public, but for the differences that are listed", () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (text) => {
      const address = ipaddr.parse(text)
      if (differences.some(([, holds]) => holds(address))) return
      expect(isPublic(text)).toBe(address.range() === "unicast")
    }),
    { numRuns: times(3_000, 300_000) },
  )
})

test("What is not an address is refused", () => {
  for (const text of ["", "localhost", "fe80::1%eth0", "1.2.3", "01.2.3.4", "1.2.3.4.", "::ffff:1.2.3", "[::1]"]) {
    expect(AddressCheck.isAllowed(text, [])).toBe(false)
  }
})

/** What the operator allows, by its text. */
const allowance = (text: string): Allowance.Allowance => Option.getOrThrow(Allowance.parse(text))

test("A network that the operator allows is reached in every spelling of its addresses, and no other is", () => {
  const { networks } = allowance("10.1.0.0/16, fd00::/8")
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203", "64:ff9b::10.1.2.3", "fd12::1"]) {
    expect(AddressCheck.isAllowed(address, networks), address).toBe(true)
  }
  for (const address of ["10.2.0.1", "127.0.0.1", "::ffff:10.2.0.1", "fc00::1", "2002:a01:203::1"]) {
    expect(AddressCheck.isAllowed(address, networks), address).toBe(false)
  }
})

test("An origin without TLS is allowed as it is written; an address in it is allowed as a network of its own", () => {
  const { networks, origins } = allowance("http://mail.internal:8080 http://127.0.0.1:9000 http://[::1]:9000")
  expect([...origins]).toEqual(["http://mail.internal:8080", "http://127.0.0.1:9000", "http://[::1]:9000"])
  expect(AddressCheck.isAllowed("127.0.0.1", networks)).toBe(true)
  expect(AddressCheck.isAllowed("::1", networks)).toBe(true)
  expect(AddressCheck.isAllowed("127.0.0.2", networks)).toBe(false)
})

test("An origin of localhost allows the loopback addresses, and no others", () => {
  const { networks } = allowance("http://localhost:9000")
  for (const address of ["127.0.0.1", "::1"]) expect(AddressCheck.isAllowed(address, networks), address).toBe(true)
  for (const address of ["127.0.0.2", "10.0.0.1"])
    expect(AddressCheck.isAllowed(address, networks), address).toBe(false)
})

test("What is neither a network nor an origin is refused at the start", () => {
  for (const text of [
    "10.0.0.1/8",
    "10.0.0.0/33",
    "https://a.example",
    "http://a.example/path",
    "http://u@a.example",
    "a",
  ]) {
    expect(Allowance.parse(text), text).toEqual(Option.none())
  }
  expect(allowance("")).toEqual(Allowance.none)
})
