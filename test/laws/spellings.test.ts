/**
 * Law 14 (semantics, section 6): every spelling that normalization takes off or evens out names the same person, and
 * normalizing twice changes nothing, for each identifier.
 */
import fc from "fast-check"
import { toUnicode } from "tr46"
import { describe, expect, it } from "vitest"
import { normalize } from "../../core/ledger/Identifiers.ts"
import * as EmailAddress from "../../core/model/EmailAddress.ts"
import type { IdentifierKind } from "../../core/model/People.ts"
import { times } from "../support/long.ts"

const one = (kind: IdentifierKind, value: string): string | undefined => {
  const normalized = normalize({ [kind]: value })
  return "identifiers" in normalized ? normalized.identifiers[kind] : undefined
}

const whiteSpace = fc.constantFrom(..." \t\n\r\u0085\u00A0\u1680\u2003\u2028\u202F\u205F\u3000\uFEFF")
const around = fc.tuple(fc.array(whiteSpace, { maxLength: 2 }), fc.array(whiteSpace, { maxLength: 2 }))

/** Other spellings of a text: each one step that normalization takes back. */
type Spelling = (text: string) => string

const spaced: fc.Arbitrary<Spelling> = around.map(
  ([before, after]) =>
    (text) =>
      `${before.join("")}${text}${after.join("")}`,
)

const composed: fc.Arbitrary<Spelling> = fc
  .constantFrom<"NFC" | "NFD">("NFC", "NFD")
  .map((form) => (text) => text.normalize(form))

/** The text with the case of some letters changed, where the change can be undone letter by letter. */
const cased: fc.Arbitrary<Spelling> = fc.infiniteStream(fc.boolean()).map(
  (draws) => (text) =>
    Array.from(text.normalize("NFC"), (letter) => {
      const upper = letter.toUpperCase()
      return [...upper].length === 1 && upper.toLowerCase() === letter && draws.next().value === true ? upper : letter
    }).join(""),
)

const spellings = (steps: ReadonlyArray<fc.Arbitrary<Spelling>>): fc.Arbitrary<Spelling> =>
  fc.array(fc.oneof(...steps), { maxLength: 5 }).map((each) => (text) => each.reduce((so, step) => step(so), text))

const letters = "abkzé\u0301äöüßνικοσςдиjİçñ中한0179.-+_'"

const local = fc.stringMatching(/^[a-z0-9éäöüßνσςдж中한.+_'-]{1,8}$/u)
const domain = fc
  .array(fc.stringMatching(/^[a-z0-9](?:[a-z0-9äöüßéσ中한-]{0,6}[a-z0-9])?$/u), { minLength: 1, maxLength: 3 })
  .map((labels) => labels.join("."))
const address = fc.tuple(local, domain).map((parts) => parts.join("@"))

const displayNames = ["", "Gus ", '"Green, Gus <x@y.example>" ', "Grün 中 ", "gus@example.com ", "\u3000"]
const bracketed: fc.Arbitrary<Spelling> = fc.constantFrom(...displayNames).map((name) => (text) => `${name}<${text}>`)

/** The text with `%`, `?` and some other ASCII characters as escapes. */
const escaped = (text: string, every: number): string =>
  text.replace(/[\0-~]/g, (character, at: number) =>
    at % every === 0 || "%?".includes(character)
      ? `%${character.codePointAt(0)!.toString(16).padStart(2, "0")}`
      : character,
  )

const linked: fc.Arbitrary<Spelling> = fc
  .tuple(fc.constantFrom("mailto:", "MailTo:"), fc.constantFrom("", "?subject=%3Cno%3E", "?"), fc.constantFrom(1, 2, 9))
  .map(
    ([scheme, query, every]) =>
      (text) =>
        `${scheme}${escaped(text, every)}${query}`,
  )

const ofDomain: fc.Arbitrary<Spelling> = fc
  .constantFrom<Spelling>(
    (name) => toUnicode(name).domain,
    (name) => `${name}.`,
    (name) => name.toUpperCase(),
    (name) => name.replaceAll(".", "\u3002"),
    (name) => toUnicode(name).domain.normalize("NFD"),
  )
  .map((spelling) => (text) => {
    const [before, name] = text.split("@")
    return `${before}@${spelling(name!)}`
  })

const numRuns = times(1_000, 20_000)

describe("spellings of one identifier (law 14)", () => {
  it("e-mail: white space, wrappers, composition, case of single letters and forms of the domain", () => {
    let read = 0
    const first = fc.tuple(address, ofDomain, cased)
    const steps = spellings([spaced, composed, bracketed, linked])
    fc.assert(
      fc.property(first, steps, ([given, domainForm, casing], spell) => {
        const normalized = one("email", given)
        if (normalized === undefined) return
        read++
        expect(one("email", normalized)).toBe(normalized)
        const spelt = spell(casing(domainForm(normalized)))
        if (spelt.length <= 512) expect([spelt, one("email", spelt)]).toEqual([spelt, normalized])
      }),
      { numRuns },
    )
    expect(read).toBeGreaterThan(numRuns / 4)
  })

  it.each(["userId", "projectUserId"] as const)("%s: white space and composition", (kind) => {
    const id = fc.array(fc.constantFrom(...letters, " ", "A", "/", "\u00C5", "\u212B"), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(id, spellings([spaced, composed]), (given, spell) => {
        const normalized = one(kind, given.join(""))
        if (normalized === undefined) return
        expect(one(kind, normalized)).toBe(normalized)
        expect(one(kind, spell(normalized))).toBe(normalized)
      }),
      { numRuns },
    )
  })

  it("phone: white space, tel: and separators between digits", () => {
    const digits = fc.constantFrom("+4915112345678", "+12025550143", "+390612345678", "+442071838750")
    const separator = fc.constantFrom("", "", "", " ", "\u00A0", "-", ".", "/", "(", ")", ") (")
    const separated: fc.Arbitrary<Spelling> = fc
      .array(separator, { minLength: 20, maxLength: 20 })
      .map((each) => (text) => text.replace(/\d(?=\d)/g, (digit, at: number) => digit + (each[at] ?? "")))
    const linkedPhone = fc.constantFrom<Spelling>(
      (text) => `tel:${text}`,
      (text) => `TEL:${text}`,
    )
    fc.assert(
      fc.property(digits, separated, spellings([spaced, linkedPhone]), (number, separate, spell) => {
        expect(one("phoneNumber", number)).toBe(number)
        expect(one("phoneNumber", spell(separate(number)))).toBe(number)
      }),
      { numRuns },
    )
  })

  it("any text: normalizing twice changes nothing, and the fast path answers what the slow one does", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(..."aA0@.-_<>?%3Cmailto:xn\u0301\u212A ß=\u0338"), maxLength: 16 }),
      fc.stringMatching(/^[a-zA-Z0-9.@_<>+xn-]{0,12}$/),
    )
    fc.assert(
      fc.property(text, (given) => {
        for (const kind of ["email", "userId", "phoneNumber"] as const) {
          const normalized = one(kind, given)
          if (normalized !== undefined) expect(one(kind, normalized)).toBe(normalized)
        }
        // A no-break space is taken off, and keeps an address from the fast path.
        expect(EmailAddress.normalize(`${given}\u00A0`)).toBe(EmailAddress.normalize(given))
      }),
      { numRuns },
    )
  })

  it("every character with a case or a composition: each of its spellings names one mailbox", () => {
    for (let codePoint = 0x21; codePoint <= 0x10ffff; codePoint++) {
      const character = String.fromCodePoint(codePoint)
      const forms = [character.normalize("NFC"), character.normalize("NFD"), character.toLowerCase()]
      if (forms.every((form) => form === character)) continue
      const normalized = EmailAddress.normalize(`a${character}@example.com`)
      if (normalized === undefined) continue
      if (EmailAddress.normalize(normalized) !== normalized) throw new Error(`${codePoint.toString(16)} is not stable`)
      const decomposed = EmailAddress.normalize(`a${character.normalize("NFD")}@example.com`)
      if (decomposed !== normalized) throw new Error(`${codePoint.toString(16)} decomposed is another`)
    }
  })
})
