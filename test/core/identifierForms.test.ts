/**
 * The spellings of identifiers that were kept apart, and the texts that name no one.
 */
import { describe, expect, it } from "vitest"
import * as AccountId from "../../core/model/AccountId.ts"
import * as EmailAddress from "../../core/model/EmailAddress.ts"
import * as PhoneNumber from "../../core/model/PhoneNumber.ts"

describe("e-mail addresses", () => {
  it.each([
    ["pia@bücher.example", "pia@xn--bcher-kva.example"],
    ["rene\u0301@example.com", "ren\u00E9@example.com"],
    ["\u212Aim@EXAMPLE.com", "kim@example.com"],
    ["<gus@example.com>", "gus@example.com"],
    ["Gus Green <gus@example.com>", "gus@example.com"],
    ['"Green, Gus (home) <x@example.org>" <gus@example.com>', "gus@example.com"],
    ["gus@example.com <gus@example.com>", "gus@example.com"],
    ["Green, Gus <gus@example.com>", "gus@example.com"],
    ["mailto:gil@example.com", "gil@example.com"],
    ["MAILTO:gil@example.com?subject=no%20more&cc=x@example.com", "gil@example.com"],
    ["mailto:%67il%40example.com", "gil@example.com"],
    [" < mailto:%3Cgil@example.com.%3E >\u00A0\u0085\uFEFF", "gil@example.com"],
    ["One <Two <gil@example.com>>", "gil@example.com"],
    ["ivy@example.com.", "ivy@example.com"],
    ["o'neil+news/x=1?#$%".slice(0, -1) + "@example.com", "o'neil+news/x=1?#$@example.com"],
    ["ΝΙΚΟΣ@example.com", "νικοσ@example.com"],
    ["J\u030C@example.com", "\u01F0@example.com"],
    ["ivy@localhost", "ivy@localhost"],
  ])("reads %j as %s", (given, normalized) => {
    expect(EmailAddress.normalize(given)).toBe(normalized)
    expect(EmailAddress.normalize(normalized)).toBe(normalized)
  })

  it.each([
    "ivy@example.com\u200B",
    "ivy@example.com\u200E",
    "i\u00ADvy@example.com",
    "ivy@exam\u00ADple.com",
    "ged@example.com;",
    "ged@example.com,",
    "a@example.com, b@example.com",
    "a@example.com, B <b@example.com>",
    "<a@example.com>, B <b@example.com>",
    "a@example.com b@example.com",
    "a@b@example.com",
    "@example.com",
    "a@",
    "a@.",
    "a@example..com",
    "a@exam_ple.com",
    '"a b"@example.com',
    "(comment)a@example.com",
    "a@[192.168.0.1]",
    "mailto:a%C3%BC@example.com",
    "mailto:a%00@example.com",
    "a\uE000@example.com",
    "a\u{10D5F}\u{323B0}@example.com",
    "a@xn--zzzzzz.example",
    "a＠example.com",
    "a @example.com",
    "Gus <>",
    "<>",
    "mailto:",
  ])("refuses %j", (given) => {
    expect(EmailAddress.normalize(given)).toBeUndefined()
  })

  it("hundreds of wrappers are taken off, and an address has at most 512 characters", () => {
    expect(EmailAddress.normalize(`${"<".repeat(240)}a@example.com${">".repeat(240)}`)).toBe("a@example.com")
    expect(EmailAddress.normalize(`${"<".repeat(240)}a@example.com${">".repeat(239)}`)).toBeUndefined()
    expect(EmailAddress.normalize(`${" ".repeat(499)} a@example.com`)).toBeUndefined()
    expect(EmailAddress.normalize(`${" ".repeat(498)} a@example.com`)).toBe("a@example.com")
  })
})

describe("phone numbers", () => {
  it.each([
    ["+49 151 12345678"],
    ["+49 (0)151 12345678"],
    ["+49-151-123.456/78"],
    ["tel:+4915112345678"],
    [" TEL: +49\u00A0151 12345678\u0085"],
    ["+４９ 151 12345678"],
  ])("reads the number %j", (given) => {
    expect(PhoneNumber.normalize(given)).toBe("+4915112345678")
  })

  it.each(["0151 12345678", "0049 151 12345678"])("reads %j as a number of a country alone", (given) => {
    expect(PhoneNumber.normalize(given)).toBeUndefined()
    expect(PhoneNumber.normalize(given, "DE")).toBe("+4915112345678")
  })

  it.each(["", "+", "4.91511E+12", "+4915112345678 ext. 5", "tel:+4915112345678;ext=5", "call +4915112345678"])(
    "refuses %j",
    (given) => {
      expect(PhoneNumber.normalize(given)).toBeUndefined()
      expect(PhoneNumber.normalize(given, "XX")).toBeUndefined()
    },
  )

  it("knows the countries that have numbers", () => {
    expect(["DE", "US", "de", "XX", ""].map(PhoneNumber.isCountry)).toEqual([true, true, false, false, false])
  })
})

describe("account identifiers", () => {
  it.each([
    [" u-17\t", "u-17"],
    ["rene\u0301", "ren\u00E9"],
    ["User 17", "User 17"],
    ["\uFEFFu", "u"],
    ["1E15", "1E15"],
    ["a".repeat(256), "a".repeat(256)],
    ["𝒳".repeat(256), "𝒳".repeat(256)],
  ])("reads %j as %s", (given, normalized) => {
    expect(AccountId.normalize(given)).toBe(normalized)
  })

  it.each([
    ["", "   ", "\uFEFF", "a\u200Bb", "a\tb", "a\u00A0b", "a\u0000", "\uD800", "a".repeat(257), "\u00AD"],
    ["undefined", "NULL", "Nil", "none", "NaN", "n/a", "NA", "unknown", "Anonymous", "guest", "True", "false"],
    ["0", "-1", "[object Object]", " null ", "00000000-0000-0000-0000-000000000000"],
    ["FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "1.23457E+15", "1,23457e+15", "-4.9E-12", "1E+5"],
  ])("refuses ids such as %j", (...given) => {
    expect(given.map(AccountId.normalize)).toEqual(given.map(() => undefined))
  })

  it("every listed placeholder is one", () => {
    expect(AccountId.placeholders.filter((word) => !AccountId.isPlaceholder(word))).toEqual([])
    expect(AccountId.placeholders).toContain("NaN")
    expect(AccountId.placeholders).toContain("[object Object]")
  })
})
