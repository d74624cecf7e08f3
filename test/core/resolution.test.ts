/**
 * Resolution of the identifiers of one item: the clauses of the table in section 5 of the semantics, one by one.
 */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { Alias, HeldAlias } from "../../core/model/People.ts"
import * as Resolution from "../../core/model/Resolution.ts"

/**
 * An alias: `u:` is a userId, `p:` and `q:` are a projectUserId of two projects, `e:` is an email and `t:` a
 * phoneNumber. Its hash is the text.
 */
const aliasOf = (text: string): Alias => {
  const kinds = { u: "userId", p: "projectUserId", q: "projectUserId", e: "email", t: "phoneNumber" } as const
  const kind = kinds[text[0] as keyof typeof kinds]
  return { kind, hash: text, ...(kind === "projectUserId" && { project: text[0]! }) }
}

/** A small ledger: what names each person now, what named it until it was released, and joined people. */
interface World {
  readonly names?: Readonly<Record<string, string>>
  /** Released after the date of the item. */
  readonly releasedSince?: Readonly<Record<string, string>>
  /** Released before the date of the item. */
  readonly had?: Readonly<Record<string, string>>
  readonly renamed?: Readonly<Record<string, string>>
  readonly joined?: ReadonlyArray<ReadonlyArray<string>>
  /** Aliases whose kind was not kept. */
  readonly unknown?: ReadonlyArray<string>
}

const heldOf = (world: World, isSame: (one: string, other: string) => boolean, person: string) => {
  const of = (record: Readonly<Record<string, string>> = {}, more: Partial<HeldAlias>) =>
    Object.entries(record).flatMap(([text, concordId]): ReadonlyArray<HeldAlias> => {
      const kind = world.unknown?.includes(text) === true ? undefined : aliasOf(text).kind
      return isSame(concordId, person) ? [{ ...aliasOf(text), kind, concordId, dateCreated: 0, ...more }] : []
    })
  const released = { releasedAt: 1 }
  return [
    ...of(world.names, {}),
    ...of(world.releasedSince, released),
    ...of(world.had, released),
    ...of(world.renamed, { ...released, isRenamed: true }),
  ]
}

const known = (world: World): Resolution.Known => {
  const isSame = (one: string, other: string) =>
    one === other || (world.joined ?? []).some((group) => group.includes(one) && group.includes(other))
  return {
    named: ({ hash }) => (world.names?.[hash] === undefined ? [] : [world.names[hash]]),
    formerly: ({ hash }) => (world.releasedSince?.[hash] === undefined ? undefined : [world.releasedSince[hash]]),
    isSame,
    held: (person) => heldOf(world, isSame, person),
  }
}

const order = ["u", "p", "q", "e", "t"]

type How = "accepted" | "declined" | "leave-out"

/** Resolves an item that is written as its identifiers; `#P` is the `concordId` P. */
const resolve = (text: string, how: How, world: World) => {
  const identifiers = text.split(" ")
  const concordId = identifiers.find((each) => each.startsWith("#"))?.slice(1)
  const aliases = identifiers
    .filter((each) => !each.startsWith("#"))
    .toSorted((a, b) => order.indexOf(a[0]!) - order.indexOf(b[0]!))
    .map(aliasOf)
  const item = { concordId, aliases, isRefusal: how === "declined", leavesOut: how === "leave-out" }
  return Resolution.resolve(item, known(world))
}

/** The outcome as a line: the people, the claims, and what is left out. */
const said = (text: string, how: How, world: World): string => {
  const outcome = resolve(text, how, world)
  if ("conflicts" in outcome) {
    return outcome.conflicts
      .map(({ because, kind, with: other }) => `${kind} ${because}${other === undefined ? "" : ` ${other}`}`)
      .join(", ")
  }
  const shown = (id: string) => (id === Resolution.newPerson ? "new" : id)
  const claims = outcome.claims.map(({ alias, concordId }) => `${alias.hash}=${shown(concordId)}`)
  const without = outcome.leftOut.map(({ hash }) => `-${hash}`)
  return [outcome.people.map(shown).join("+"), ...claims, ...without].join(" ")
}

const examples = (name: string, rows: ReadonlyArray<readonly [text: string, how: How, world: World, want: string]>) =>
  test.each(rows)(`${name} %s %s %j: %s`, (text, how, world, want) => {
    expect(said(text, how, world)).toBe(want)
  })

const family: World = { names: { "u:ann": "A", "e:home": "A" } }

examples("without a conflict", [
  ["u:ann e:home", "accepted", {}, "new u:ann=new e:home=new"],
  ["u:ann e:home", "accepted", family, "A"],
  ["u:ann t:1", "accepted", family, "A t:1=A"],
  ["#A t:1", "declined", family, "A t:1=A"],
  ["e:home t:1", "accepted", family, "A t:1=A"],
  ["u:ann e:home", "accepted", { names: { "e:home": "E" } }, "E u:ann=E"],
  ["u:ann p:1 e:home", "accepted", { names: { "u:ann": "A" } }, "A p:1=A e:home=A"],
])

examples("identifiers that name different people, (a):", [
  ["u:ann e:x", "accepted", { names: { "u:ann": "A", "e:x": "X" } }, "email person userId"],
  ["#A u:bob", "accepted", { names: { "u:bob": "B" } }, "userId person concordId"],
  ["e:x t:1", "accepted", { names: { "e:x": "X", "t:1": "Y" } }, "phoneNumber person email"],
  ["u:ann e:x", "accepted", { names: { "u:ann": "A", "e:x": "X" }, joined: [["A", "X"]] }, "A"],
])

examples("an account that no one has, of a person with another one, (b):", [
  ["u:bob e:home", "accepted", family, "userId account email"],
  ["u:bob p:1 e:home", "accepted", family, "userId account email, projectUserId account email"],
  ["#A u:bob", "accepted", family, "userId account concordId"],
  // The item names the person itself: an account of the other kind is added.
  ["#A p:1", "accepted", family, "A p:1=A"],
  ["#A p:1 e:home", "accepted", family, "A p:1=A"],
  ["p:1 e:home", "accepted", family, "projectUserId account email"],
  ["u:ann p:1 e:home", "accepted", family, "A p:1=A"],
  // A userId counts in every project, a projectUserId in its own.
  ["p:1 e:home", "accepted", { names: { "q:1": "A", "e:home": "A" } }, "A p:1=A"],
  ["u:bob e:home", "accepted", { names: { "q:1": "A", "e:home": "A" } }, "userId account email"],
  ["p:2 e:home", "accepted", { names: { "p:1": "A", "e:home": "A" } }, "projectUserId account email"],
  ["#A p:2", "accepted", { names: { "p:1": "A" } }, "projectUserId account concordId"],
  // An account that the person had counts too; one that was renamed does not, nor does the one of the item.
  ["u:bob e:home", "accepted", { names: { "e:home": "A" }, had: { "u:ann": "A" } }, "userId account email"],
  ["u:ann e:home", "accepted", { names: { "e:home": "A" }, had: { "u:ann": "A" } }, "A u:ann=A"],
  ["#A u:bob", "accepted", { had: { "u:ann": "A" } }, "A u:bob=A"],
  ["u:bob e:home", "accepted", { names: { "e:home": "A" }, renamed: { "u:ann": "A" } }, "A u:bob=A"],
  // Joined people are one person.
  ["u:bob e:x", "accepted", { names: { "u:ann": "A", "e:x": "X" }, joined: [["A", "X"]] }, "userId account email"],
  // An alias whose kind was not kept may be an account.
  ["u:bob e:home", "accepted", { names: { "e:home": "A", "t:1": "A" }, unknown: ["t:1"] }, "userId account email"],
  ["u:bob e:home", "accepted", { names: { "e:home": "A" }, unknown: ["e:home"] }, "A u:bob=A"],
])

examples("an identifier that was released after the date of the item, (c):", [
  ["e:home", "accepted", { releasedSince: { "e:home": "A" } }, "email released"],
  [
    "u:ann e:home",
    "accepted",
    { names: { "u:ann": "A", "e:home": "A" }, releasedSince: { "e:home": "B" } },
    "email released",
  ],
])

examples("a refusal in a conflict is recorded for everybody that its identifiers name:", [
  ["u:ann e:x", "declined", { names: { "u:ann": "A", "e:x": "X" } }, "A+X"],
  ["u:ann e:x", "declined", { names: { "u:ann": "A", "e:x": "X" }, joined: [["A", "X"]] }, "A+X"],
  ["#A u:bob e:x t:1", "declined", { names: { "u:bob": "B", "e:x": "X" } }, "A+B+X t:1=A"],
  // An account of no one gets a person of its own, and the contact point stays where it is.
  ["u:bob e:home", "declined", family, "new+A u:bob=new"],
  ["u:bob e:home t:1", "declined", family, "new+A u:bob=new t:1=new"],
  ["#A u:bob t:1", "declined", family, "A+new u:bob=new t:1=A"],
  ["#A u:bob e:x", "declined", { names: { "e:x": "X" } }, "A+new+X u:bob=new"],
  // It goes to the person of the other account, unless it conflicts with that.
  ["u:ann p:1 e:x", "declined", { names: { "u:ann": "A", "e:x": "X" } }, "A+X p:1=A"],
  ["u:ann p:1 e:x", "declined", { names: { "u:ann": "A", "p:2": "A", "e:x": "X" } }, "A+new+X p:1=new"],
  ["u:bob p:1 e:home", "declined", family, "new+A u:bob=new p:1=new"],
  // Released after the date: it counts for the person that it named, and is not claimed.
  ["e:home", "declined", { releasedSince: { "e:home": "A" } }, "A"],
  ["e:home", "declined", { names: { "e:home": "B" }, releasedSince: { "e:home": "A" } }, "B+A"],
  ["u:ann t:1", "declined", { releasedSince: { "u:ann": "A" } }, "A+new t:1=new"],
  ["u:ann e:x t:1", "declined", { names: { "e:x": "X" }, releasedSince: { "u:ann": "A" } }, "A+X t:1=X"],
])

examples("contact points are left out of a conflict:", [
  ["u:bob e:home", "leave-out", family, "new u:bob=new -e:home"],
  ["u:bob e:home t:1", "leave-out", family, "new u:bob=new t:1=new -e:home"],
  ["u:ann e:x", "leave-out", { names: { "u:ann": "A", "e:x": "X" } }, "A -e:x"],
  ["#A e:x t:1", "leave-out", { names: { "e:x": "X" } }, "A t:1=A -e:x"],
  ["u:bob e:home", "leave-out", { names: { "e:home": "A" } }, "A u:bob=A"],
  ["u:bob e:x t:1", "leave-out", { names: { "e:x": "X", "t:1": "Y" } }, "new u:bob=new -e:x -t:1"],
  [
    "u:ann e:home",
    "leave-out",
    { names: { "u:ann": "A", "e:home": "A" }, releasedSince: { "e:home": "B" } },
    "A -e:home",
  ],
  // Refused all the same: neither a concordId nor an account, or those conflict.
  ["e:x t:1", "leave-out", { names: { "e:x": "X", "t:1": "Y" } }, "phoneNumber person email"],
  ["#A u:bob e:x", "leave-out", { names: { "u:bob": "B" } }, "userId person concordId"],
  ["u:ann e:x", "leave-out", { releasedSince: { "u:ann": "A" } }, "userId released"],
  // A refusal leaves nothing out.
  ["u:bob e:home", "declined", family, "new+A u:bob=new"],
])

const worlds = fc
  .record({
    names: fc.dictionary(
      fc.constantFrom("u:1", "u:2", "p:1", "p:2", "q:1", "e:1", "e:2", "t:1"),
      fc.constantFrom("A", "B", "C"),
    ),
    releasedSince: fc.dictionary(fc.constantFrom("u:1", "p:1", "e:1", "t:1"), fc.constantFrom("A", "B", "C")),
    had: fc.dictionary(fc.constantFrom("u:3", "p:3", "e:3"), fc.constantFrom("A", "B", "C")),
    joined: fc.constantFrom([], [["A", "B"]]),
  })
  .map((world): World => world)

const items = fc
  .tuple(
    fc.constantFrom("", "#A", "#B"),
    fc.constantFrom("", "u:1", "u:2", "u:9"),
    fc.constantFrom("", "p:1", "p:2", "p:9"),
    fc.constantFrom("", "e:1", "e:2", "e:9"),
    fc.constantFrom("", "t:1", "t:9"),
  )
  .map((parts) => parts.filter((part) => part !== "").join(" "))
  .filter((text) => text !== "")

test("a refusal is always recorded: for everybody its identifiers name, and each free one names one of them", () => {
  fc.assert(
    fc.property(items, worlds, (text, world) => {
      const outcome = resolve(text, "declined", world)
      if ("conflicts" in outcome) throw new Error("refused")
      const claimed = new Map(outcome.claims.map(({ alias, concordId }) => [alias.hash, concordId]))
      for (const each of text.split(" ")) {
        const names = each.startsWith("#") ? each.slice(1) : (world.names?.[each] ?? claimed.get(each))
        const people = [names, world.releasedSince?.[each]].filter((person) => person !== undefined)
        expect(people).not.toEqual([])
        for (const person of people) expect(outcome.people).toContain(person)
        if (world.names?.[each] !== undefined) expect(claimed.has(each)).toBe(false)
      }
      expect(new Set(outcome.people).size).toBe(outcome.people.length)
    }),
  )
})

test("an item that is no refusal is recorded for one person, and never moves an identifier", () => {
  fc.assert(
    fc.property(items, worlds, fc.constantFrom("accepted" as const, "leave-out" as const), (text, world, how) => {
      const outcome = resolve(text, how, world)
      if ("conflicts" in outcome) {
        expect(outcome.conflicts).not.toEqual([])
        return
      }
      expect(outcome.people).toHaveLength(1)
      for (const { alias, concordId } of outcome.claims) {
        expect(world.names?.[alias.hash]).toBeUndefined()
        expect(world.releasedSince?.[alias.hash]).toBeUndefined()
        expect(concordId).toBe(outcome.people[0])
      }
    }),
  )
})

test("no contact point gives a person a second account", () => {
  fc.assert(
    fc.property(items, worlds, fc.constantFrom<How>("accepted", "declined", "leave-out"), (text, world, how) => {
      const outcome = resolve(text, how, world)
      if ("conflicts" in outcome) return
      const { held, isSame } = known(world)
      for (const { alias, concordId } of outcome.claims) {
        if (alias.kind !== "userId" && alias.kind !== "projectUserId") continue
        const isSecond = ({ hash, kind, project, releasedAt }: HeldAlias) =>
          kind === alias.kind && project === alias.project && hash !== alias.hash && releasedAt === undefined
        if (text.includes("#") && isSame(text[text.indexOf("#") + 1]!, concordId)) {
          expect(held(concordId).some(isSecond)).toBe(false)
        } else {
          const isOfItem = ({ hash }: HeldAlias) => text.split(" ").includes(hash)
          const others = held(concordId).filter(
            (each) =>
              !isOfItem(each) &&
              ["userId", "projectUserId"].includes(each.kind!) &&
              (alias.kind === "userId" || each.kind === "userId" || each.project === alias.project),
          )
          expect(others).toEqual([])
        }
      }
    }),
  )
})
