/**
 * Versions published during questions, and many changes of one type at once: no answer changes, and one change wins.
 */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { change, changed, created, listed, say, shown, statusAt, type TypeAnswer } from "./typeRequests.ts"
import { ask, startWorld, violations } from "./world.ts"

const server = served(startWorld)

const day = 86_400_000
const ahead = (millis: number): string => new Date(Date.now() + millis).toISOString()

describe("an answer stays what it was", () => {
  /** The decision about a type, as it was answered. */
  const line = (answer: Answer, consentType: string): string =>
    JSON.stringify(answer.json.items.find((item: { consentType: string }) => item.consentType === consentType))

  /** Asks again with the `at` and `knownAt` of the answer. */
  const again = async (answered: string, userId: string): Promise<string> => {
    const { at, consentType, knownAt } = JSON.parse(answered)
    return line(await ask(server, "consent-decisions", { userId, at, knownAt }), consentType)
  }

  test("whatever versions are published after it", async () => {
    const { id } = await created(server)
    await say(server, id, [{ userId: "then" }])
    const answered = line(await ask(server, "consent-decisions", { userId: "then" }), id)
    await changed(server, id, { name: "Version 2", requireReaccept: true })
    await changed(server, id, { name: "Version 3", requireReaccept: true, publishedAt: ahead(day) })
    expect(await statusAt(server, id, "then")).toBe("invalidated askAgain")
    expect(await again(answered, "then")).toBe(answered)
  })

  test("also where versions are published at the same moment, over many connections", async () => {
    const { id } = await created(server)
    await say(server, id, [{ userId: "meanwhile" }])
    const answered: Array<string> = []
    const statuses: Array<number> = []
    let isPublishing = true
    const asking = Array.from({ length: 6 }, async () => {
      while (isPublishing) {
        answered.push(line(await ask(server, "consent-decisions", { userId: "meanwhile" }), id))
      }
    })
    for (let n = 0; n < 60; n++) {
      const publishedAt = n % 3 === 0 ? { publishedAt: ahead(20) } : {}
      const answer = await change(server, id, { name: `Version ${n}`, requireReaccept: true, ...publishedAt })
      statuses.push(answer.status)
      if (n % 5 === 0) await say(server, id, [{ userId: "meanwhile" }])
    }
    isPublishing = false
    await Promise.all(asking)
    // Questions do not prevent a version from being published. One that is planned for a past instant is rightly
    // refused.
    expect(statuses.filter((status) => status !== 200 && status !== 422)).toEqual([])
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(30)
    const distinct = [...new Set(answered)]
    expect(distinct.length).toBeGreaterThan(20)
    expect(new Set(distinct.map((text) => JSON.parse(text).status)).size).toBeGreaterThan(1)
    const differing: Array<string> = []
    for (const text of distinct) if ((await again(text, "meanwhile")) !== text) differing.push(text)
    expect(differing).toEqual([])
  })
})

describe("of changes of one type at once", () => {
  test("each made to the same version, one wins; the others are 409 with the version in force", async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await created(server)
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, n) => change(server, id, { name: `Change ${n}`, version: 1 })),
      )
      const won = answers.filter(({ status }) => status === 200)
      expect(won).toHaveLength(1)
      for (const lost of answers.filter(({ status }) => status !== 200)) {
        expect([lost.status, lost.json.version, violations(lost)]).toEqual([409, 2, ["/version version_conflict"]])
      }
      expect(await listed(server, id)).toEqual(won[0]!.json)
    }
  })

  test("each of which says its version, all are made when the losers try again", async () => {
    const { id } = await created(server)
    const make = async (name: string) => {
      for (let version = 1; ;) {
        const answer = await change(server, id, { name, version })
        if (answer.status === 200) return
        version = answer.json.version
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, n) => make(`Change ${n}`)))
    const { versions }: TypeAnswer = (await listed(server, id))!
    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const names = await Promise.all(versions.map(async ({ version }) => (await shown(server, id, version)).json.name))
    expect(names.toSorted()).toEqual([...Array.from({ length: 8 }, (_, n) => `Change ${n}`), "Our club"])
  })

  test("changes of different types do not disturb each other", async () => {
    const types = await Promise.all(Array.from({ length: 16 }, () => created(server)))
    const answers = await Promise.all(types.map(({ id }) => change(server, id, { name: "Another name", version: 1 })))
    expect(answers.map(({ status }) => status)).toEqual(types.map(() => 200))
  })

  test("a change of a version that is not in force is 409, also where it is the same", async () => {
    const { id } = await created(server)
    await changed(server, id, { name: "Version 2", version: 1 })
    for (const version of [1, 3]) {
      const answer = await change(server, id, { name: "Version 2", version })
      expect([answer.status, answer.json.version]).toEqual([409, 2])
    }
    expect(await changed(server, id, { required: true, version: 2 })).toMatchObject({ version: 2, required: true })
  })
})
