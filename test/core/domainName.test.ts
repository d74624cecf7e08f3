import fc from "fast-check"
import { toASCII, toUnicode } from "tr46"
import { describe, expect, it } from "vitest"
import * as DomainName from "../../core/model/DomainName.ts"

const label = fc.stringMatching(/^[a-zA-Z0-9äöüßéαב中々ー한-]{1,8}$/u)
const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."))

describe("domain names in ASCII", () => {
  it.each([
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example", "xn--bcher-kva.example"],
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["bücher。example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example.", "xn--bcher-kva.example"],
    ["straße.example", "xn--strae-oqa.example"],
    ["１２.example", "12.example"],
    ["\u212Aelvin.example", "kelvin.example"],
    ["r3---sn.example.com", "r3---sn.example.com"],
    ["Example.COM", "example.com"],
    ["localhost", "localhost"],
  ])("brings %s to %s", (given, ascii) => {
    expect(DomainName.toAscii(given)).toBe(ascii)
  })

  it.each([
    ["nothing", ""],
    ["a dot alone", "."],
    ["two dots at the end", "example.com.."],
    ["an empty label", "a..example"],
    ["an underscore", "a_b.example"],
    ["a port", "example.com:80"],
    ["a scheme", "https://example.com"],
    ["a space", "a b.example"],
    ["punycode of ASCII", "xn--a-.example"],
    ["broken punycode", "xn--zzzzzz.example"],
    ["punycode that is not its own form", "xn--bcher-2pa.example"],
    ["a label of 64", `${"a".repeat(64)}.example`],
    ["254 characters", `${"a.".repeat(126)}ab`],
    ["letters of two directions in one label", "אa.example"],
    ["a character that Unicode 16 does not have", "\u{11DB0}.example"],
  ])("refuses %s", (_, given) => {
    expect(DomainName.toAscii(given)).toBeUndefined()
  })

  it("has one result for every form of a domain, and changes nothing in it", () => {
    fc.assert(
      fc.property(domain, (given) => {
        const ascii = DomainName.toAscii(given)
        if (ascii === undefined) return
        const forms = [ascii, toUnicode(given).domain, given.toUpperCase(), given.normalize("NFD"), `${given}.`]
        const isOneToOne = given.toUpperCase().toLowerCase() === given.toLowerCase()
        for (const form of isOneToOne ? forms : [ascii, `${given}.`]) expect(DomainName.toAscii(form)).toBe(ascii)
      }),
      { numRuns: 2_000 },
    )
  })

  it("answers for a plain name what UTS 46 answers", () => {
    const options = { useSTD3ASCIIRules: true, checkBidi: true, checkJoiners: true, verifyDNSLength: true }
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9._%*@-]{0,12}$/), (given) => {
        const expected = toASCII(given.replace(/\.$/, ""), options) ?? undefined
        expect(DomainName.toAscii(given)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
