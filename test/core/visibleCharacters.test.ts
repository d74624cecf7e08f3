import { expect, it } from "vitest"
import * as VisibleCharacters from "../../core/model/VisibleCharacters.ts"

const isVisibleHere = /^[^\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\p{White_Space}]$/u

const every = (test: (character: string) => boolean): number => {
  let count = 0
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) if (test(String.fromCodePoint(codePoint))) count++
  return count
}

const isVisible = VisibleCharacters.areVisible

it("the table has the 154,542 visible characters of Unicode 16, and no other", () => {
  expect(VisibleCharacters.unicodeVersion).toBe("16.0.0")
  expect(every(isVisible)).toBe(154_542)
  // A platform with a later version has more characters, and all of these. Unicode 17 added 4,803.
  expect(every((character) => isVisible(character) && !isVisibleHere.test(character))).toBe(0)
  const added: Readonly<Record<string, number>> = { "16.0": 0, "17.0": 4_803 }
  const here = added[process.versions["unicode"]!]
  if (here !== undefined) expect(every((character) => isVisibleHere.test(character)) - 154_542).toBe(here)
})

it("no visible character is a lone surrogate, or is made of one", () => {
  expect(isVisible("\uD800")).toBe(false)
  expect(isVisible("a\uDC00")).toBe(false)
})

it("takes off the white space of Unicode and the byte order mark, and nothing else", () => {
  const isTrimmed = (character: string) => VisibleCharacters.trim(`${character}x${character}`) === "x"
  const isWhite = (character: string) => /^[\p{White_Space}\uFEFF]$/u.test(character)
  expect(every((character) => isTrimmed(character) !== isWhite(character))).toBe(0)
})
