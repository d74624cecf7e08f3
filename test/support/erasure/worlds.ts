/** Random worlds in which people are erased: guests and accounts, alone and joined, some of them twice. */
import * as fc from "fast-check"
import * as Worlds from "../people/worlds.ts"

/** Few identifiers, so that people meet, and come again. */
const choices: Worlds.Choices = { ...Worlds.dense, identifiers: ["userId u", "email e"], ago: [undefined, 1, 2] }
const one = choices.identifiers!

/** The erasure of a guest, or of the person that an identifier names. */
export const erasing: fc.Arbitrary<Worlds.Step> = fc.record({
  kind: fc.constant("erase" as const),
  person: fc.oneof(fc.record({ guest: fc.constantFrom(0, 1) }), fc.record({ of: fc.constantFrom(...one) })),
})

/** A world of items, changes of identity, and erasures; few identifiers, so that they come again. */
export const world = (maxLength: number): fc.Arbitrary<Worlds.World> => {
  const said = Worlds.said(choices)
  const step = fc.oneof<fc.Arbitrary<Worlds.Step>[]>(said, said, said, Worlds.change(one), Worlds.change(one), erasing)
  return fc.array(fc.tuple(Worlds.wait, step), { minLength: 3, maxLength, size: "max" })
}
