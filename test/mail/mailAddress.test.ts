/**
 * Addresses that mails are sent to and come from: a grammar in which nothing ends a header or a command.
 */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as MailAddress from "../../core/mail/MailAddress.ts"

test.each([
  ["jo@example.com", "jo@example.com"],
  ["Jo.Doe+tag@Example.COM", "Jo.Doe+tag@example.com"],
  ["jo@münchen.example", "jo@xn--mnchen-3ya.example"],
  ["o'hara!#$%&*/=?^_`{|}~-@example.com", "o'hara!#$%&*/=?^_`{|}~-@example.com"],
  [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
  ["postmaster@localhost", "postmaster@localhost"],
])("%s is an address", (text, address) => {
  expect(MailAddress.parse(text)).toBe(address)
})

test.each([
  "",
  "jo",
  "@example.com",
  "jo@",
  "jo@example.com,jim@example.com",
  "jo@example.com jim@example.com",
  "Jo <jo@example.com>",
  '"jo"@example.com',
  "jo(comment)@example.com",
  "jo@[127.0.0.1]",
  "jo@exa mple.com",
  "jo@-example.com",
  "jo@example-.com",
  "jo@example..com",
  ".jo@example.com",
  "jo.@example.com",
  "j..o@example.com",
  "jim@jo@example.com",
  "jö@example.com",
  "jo@example.com\r\nBcc: all@example.net",
  "jo\n@example.com",
  "jo\u0000@example.com",
  `${"a".repeat(65)}@example.com`,
  `jo@${"a.".repeat(130)}com`,
])("%j is none", (text) => {
  expect(MailAddress.parse(text)).toBeUndefined()
})

test("an address has at most 254 characters, all of them visible ASCII, and one @", () => {
  const characters = fc.constantFrom(...'aB1.-_+@<>()[]",;:\\ \r\n\t\u0000ä%é')
  fc.assert(
    fc.property(fc.string({ unit: characters, minLength: 1, maxLength: 40 }), (text) => {
      const address = MailAddress.parse(text)
      if (address !== undefined) expect(address).toMatch(/^[!-~]{3,254}$/)
      if (address !== undefined) expect(address.split("@")).toHaveLength(2)
    }),
    { numRuns: 5000 },
  )
})

test.each([
  ["privacy@example.com", { address: "privacy@example.com" }],
  ["Example Ltd. <privacy@example.com>", { address: "privacy@example.com", name: "Example Ltd." }],
  [" Müller & Söhne <privacy@example.com> ", { address: "privacy@example.com", name: "Müller & Söhne" }],
  ["<privacy@example.com>", { address: "privacy@example.com" }],
])("%j is a sender", (text, sender) => {
  expect(MailAddress.parseSender(text)).toEqual(sender)
})

test.each([
  "",
  "Example",
  "Example <privacy>",
  "A <a@example.com> B <b@example.com>",
  "A\nB <a@example.com>",
  "\u202eA <a@example.com>",
])("%j is no sender", (text) => {
  expect(MailAddress.parseSender(text)).toBeUndefined()
})

test.each([
  ["https://privacy.example.com", "https://privacy.example.com"],
  ["https://example.com/consent/", "https://example.com/consent"],
  ["http://127.0.0.1:4000/", "http://127.0.0.1:4000"],
])("%s is a public address", (text, url) => {
  expect(MailSettings.parsePublicUrl(text)).toBe(url)
})

test.each([
  "example.com",
  "ftp://example.com",
  "https://u:p@example.com",
  "https://example.com?x",
  "https://example.com#x",
])("%s is none", (text) => {
  expect(MailSettings.parsePublicUrl(text)).toBeUndefined()
})
