/**
 * Joins in an organization of many projects: a join, a group that is added to another, and an undoing visit only the
 * lanes that have events, and not each member in each project.
 */
import { DatabaseSync } from "node:sqlite"
import { expect, test } from "vitest"
import * as JoinedWriter from "../../adapters/sqlite/JoinedWriter.ts"
import * as Migrations from "../../adapters/sqlite/Migrations.ts"
import * as Uuid from "../../adapters/sqlite/Uuid.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { GroupChange, Joining } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"

const guests = times(300, 3000)
const organization = { number: 0, lanes: 16 }
const projects = Array.from({ length: times(300, 3000) }, (_, index) => ({ number: index + 1, lanes: 16 }))
const uuid = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const [survivor, next] = [uuid(1), uuid(2)]
const members = Array.from({ length: guests }, (_, index) => uuid(0x100 + index))

/** A database in which the people of one project have heads, and the statements that are run on it. */
const open = () => {
  const db = new DatabaseSync(":memory:")
  Migrations.run(db)
  const head = db.prepare("INSERT INTO head VALUES (?, ?, ?, 'accepted', ?, ?, ?, ?)")
  const lane = db.prepare("INSERT INTO lane_head VALUES (?, 1, 0, 0, 0) ON CONFLICT DO NOTHING")
  for (const [index, member] of [survivor, ...members].entries()) {
    const of = Lane.of(projects[7]!, member)
    lane.run(of)
    head.run(of, Uuid.toBytes(member), Uuid.toBytes(uuid(9)), index, index, Uuid.toBytes(uuid(0x9000 + index)), index)
  }
  const count = { statements: 0 }
  const prepare = (text: string) => {
    const statement = db.prepare(text)
    return new Proxy(statement, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== "function") return member
        return (...given: ReadonlyArray<unknown>) => {
          count.statements++
          return Reflect.apply(member, target, given)
        }
      },
    })
  }
  const counted = new Proxy(db, { get: (target, key) => (key === "prepare" ? prepare : Reflect.get(target, key)) })
  const writer = JoinedWriter.make(counted)
  return {
    db,
    statementsOf: (groups: ReadonlyArray<GroupChange>, dissolved: ReadonlyArray<string> = []) => {
      const joining: Joining = { projects, catalog: 0, learnt: 1, dissolved, groups }
      count.statements = 0
      writer.change(organization, joining)
      return count.statements
    },
    headsOf: (person: string) =>
      db
        .prepare("SELECT max(consent_date) AS date FROM joined_head WHERE person = ?")
        .all(Uuid.toBytes(person))
        .map(({ date }) => date),
  }
}

// Kills: JoinedWriter.change of SQLite visits every lane of every project.
test("a change of groups runs a few statements for each of its people, however many projects there are", () => {
  const { headsOf, statementsOf } = open()
  const everyLane = 3 * Lane.defaultCount
  const people = members.length + 2
  expect(statementsOf([{ survivor, members: [survivor, ...members.slice(1)] }])).toBeLessThan(3 * people + everyLane)
  expect(headsOf(survivor)).toEqual([guests])
  // A lone guest.
  expect(statementsOf([{ survivor, members: [members[0]!] }])).toBeLessThan(10)
  // The whole group is counted as another person.
  const all = [survivor, ...members]
  expect(statementsOf([{ survivor: next, members: [next, ...all] }], [survivor])).toBeLessThan(3 * people + everyLane)
  expect([headsOf(survivor), headsOf(next)]).toEqual([[null], [guests]])
  // The last one leaves.
  const last = members.at(-1)!
  const left = [
    { survivor: next, members: [next, ...all.slice(0, -1)] },
    { survivor: last, members: [] },
  ]
  expect(statementsOf(left, [next])).toBeLessThan(3 * people + everyLane)
  expect([headsOf(next), headsOf(last)]).toEqual([[guests - 1], [null]])
})
