/** Cancelling a version before it is in force: from then on it is as if it had never been scheduled. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import {
  change,
  changed,
  created,
  decision,
  listed,
  say,
  shown,
  statusAt,
  type TypeAnswer,
  typesIn,
} from "./typeRequests.ts"
import { asOwner, blog, record, startWorld, violations, yes } from "./world.ts"

const server = served(startWorld)

const day = 86_400_000
const ahead = (millis: number): string => new Date(Date.now() + millis).toISOString()

const cancel = (type: string, version: string, of = undefined as string | undefined): Promise<Answer> =>
  server.request("DELETE", `${of ?? typesIn()}/${type}/versions/${version}`, { headers: asOwner })

/** Plans a version of a type, and returns its id. */
const plan = async (type: string, publishedAt: string, fields: object = {}): Promise<string> => {
  const answer = await changed(server, type, { name: `Planned for ${publishedAt}`, publishedAt, ...fields })
  return answer.versions.find((version) => version.publishedAt === publishedAt)!.id
}

const numbersOf = ({ versions }: Pick<TypeAnswer, "versions">) => versions.map(({ version }) => version)

/** Cancels a version, and returns the type of the answer. */
const cancelled = async (type: string, version: string): Promise<TypeAnswer> => {
  const answer = await cancel(type, version)
  expect(answer.status, answer.text).toBe(200)
  return answer.json
}

const refuse = (answer: Answer): void => {
  expectProblem(answer, 409)
  expect(violations(answer)).toEqual(["/version version_in_force"])
}

describe("a version that was scheduled by mistake", () => {
  test("is cancelled before its day: no one is asked again, and an answer given before stays what it was", async () => {
    const { id } = await created(server)
    const before = await listed(server, id)
    await say(server, id, [{ userId: "subscriber" }])
    const publishedAt = ahead(10 * day)
    const version = await plan(id, publishedAt, { requireReaccept: true })
    const later = ahead(11 * day)
    const planned = (await decision(server, id, { userId: "subscriber", at: later }))!
    expect(planned.status).toBe("invalidated")
    const now = (await decision(server, id, { userId: "subscriber" }))!
    expect(now.nextChangeAt).toBe(publishedAt)

    const after = await cancelled(id, version)
    expect({ ...after, dateUpdated: before!.dateUpdated }).toEqual(before)
    expect(await listed(server, id)).toEqual(after)
    expect(await statusAt(server, id, "subscriber", later)).toBe("given permitted")
    expect(await decision(server, id, { userId: "subscriber" })).not.toHaveProperty("nextChangeAt")
    for (const { at, knownAt } of [planned, now]) {
      const again = await decision(server, id, { userId: "subscriber", at, knownAt })
      expect(again).toEqual(at === planned.at ? planned : now)
    }
  })

  test("gives its number free, and those planned after it move up", async () => {
    const { id } = await created(server)
    const [first, second, third] = [ahead(day), ahead(2 * day), ahead(3 * day)]
    await plan(id, first)
    const middle = await plan(id, second)
    await plan(id, third)
    const after = await cancelled(id, middle)
    expect(after.versions.map(({ publishedAt, version }) => [version, publishedAt]).slice(1)).toEqual([
      [2, first],
      [3, third],
    ])
    const published = await changed(server, id, { name: "Published now" })
    expect([published.version, numbersOf(published)]).toEqual([2, [1, 2, 3, 4]])
  })

  test("is shown by its id with the instant of its cancellation, and by its number no more", async () => {
    const { id } = await created(server)
    const version = await plan(id, ahead(day), { document: "§ planned" })
    expect((await shown(server, id, version)).json).toMatchObject({ id: version, document: "§ planned" })
    const { dateUpdated } = await cancelled(id, version)
    expectProblem(await shown(server, id, 2), 404)
    const one = await shown(server, id, version)
    expect(one.json).toMatchObject({ id: version, version: 2, document: "§ planned", cancelledAt: dateUpdated })
    // Its document is not shown in place of another's.
    const next = await changed(server, id, { document: "§ next" })
    expect((await shown(server, id, next.version)).json).toMatchObject({ document: "§ next" })
    expect((await shown(server, id, version)).json).toMatchObject({ document: "§ planned" })
  })

  test("cannot be accepted, and a refusal that names it is recorded", async () => {
    const { id } = await created(server)
    await cancelled(id, await plan(id, ahead(day)))
    const yesToIt = await record(server, [yes({ consentType: id, userId: "names it", version: 2 })])
    expect(violations(yesToIt)).toEqual(["/items/0/version unknown_version"])
    const [event] = await say(server, id, [{ userId: "names it", version: 2, consentState: "declined" }])
    expect(event.version).toBe(2)
  })
})

describe("a version that a refusal names", () => {
  test("can be cancelled; its number is never given again, and shows its text", async () => {
    const { id } = await created(server)
    const version = await plan(id, ahead(300 * day), { document: "§ named" })
    await say(server, id, [{ userId: "early", version: 2, consentState: "declined" }])
    expect(numbersOf(await cancelled(id, version))).toEqual([1])
    expect((await shown(server, id, 2)).json).toMatchObject({ id: version, document: "§ named" })
    const published = await changed(server, id, { name: "Published now" })
    expect([published.version, numbersOf(published)]).toEqual([3, [1, 3]])
  })

  test("no longer delays what is published after it was cancelled", async () => {
    const { id } = await created(server)
    const version = await plan(id, ahead(300 * day))
    await say(server, id, [{ userId: "early", version: 2, consentState: "declined" }])
    expect(await changed(server, id, { name: "Too late" })).toMatchObject({ version: 1 })
    const { versions } = (await listed(server, id))!
    for (const each of [version, versions[2]!.id]) await cancelled(id, each)
    expect(await changed(server, id, { name: "In time" })).toMatchObject({ name: "In time", version: 3 })
  })
})

describe("what cannot be cancelled", () => {
  test("is a version in force, or one that was", async () => {
    const { id } = await created(server)
    const { versions } = await changed(server, id, { name: "The second" })
    for (const version of versions) refuse(await cancel(id, version.id))
    expect(numbersOf((await listed(server, id))!)).toEqual([1, 2])
  })

  test("is the only version of a type, because version 1 can always be answered", async () => {
    const { id, versions } = await created(server, { publishedAt: ahead(day) })
    refuse(await cancel(id, versions[0]!.id))
    const later = ahead(2 * day)
    await plan(id, later)
    expect((await cancelled(id, versions[0]!.id)).versions).toMatchObject([{ version: 1, publishedAt: later }])
  })

  test("is a first version that an event names", async () => {
    const { id, versions } = await created(server, { publishedAt: ahead(day) })
    await say(server, id, [{ userId: "answers before it is published" }])
    await plan(id, ahead(2 * day))
    refuse(await cancel(id, versions[0]!.id))
  })

  test("is what does not exist, is cancelled already, or belongs to another type or project", async () => {
    const { id } = await created(server)
    const other = (await created(server)).id
    const version = await plan(id, ahead(day))
    expectProblem(await cancel(other, version), 404)
    expectProblem(await cancel(id, version, typesIn(blog)), 404)
    expectProblem(await cancel(crypto.randomUUID(), version), 404)
    // Numbers change, so only the id names what is cancelled.
    expectProblem(await cancel(id, "2"), 404)
    expect(numbersOf(await cancelled(id, version.toUpperCase()))).toEqual([1])
    expectProblem(await cancel(id, version), 404)
  })
})

test("of a cancellation and a change at the same moment both are made, or the change is a conflict", async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await created(server)
    const version = await plan(id, ahead(day))
    const [one, two] = await Promise.all([cancel(id, version), change(server, id, { name: "Published now" })])
    expect(one.status, one.text).toBe(200)
    expect([200, 409]).toContain(two.status)
    expect(numbersOf((await listed(server, id))!)).toEqual(two.status === 200 ? [1, 2] : [1])
  }
})
