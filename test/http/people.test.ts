/** Which person an event is about: five identifiers, their equal forms, what they link, and what they refuse. */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { ask, asOwner, blog, blogNewsletter, privacy, record, startWorld, violations, yes } from "./world.ts"

const server = served(startWorld)

type Person = Readonly<Record<string, string>>

/** Records for a person, and returns the answered concordId. */
const personOf = async (person: Person): Promise<string> => {
  const answer = await record(server, [yes(person)])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0].concordId
}

/** Sends a body as it stands, which JSON.stringify might not write. */
const recordText = (body: string | Uint8Array): Promise<Answer> =>
  server.request("POST", `${privacy()}/consent-events`, {
    headers: { ...asOwner, "content-type": "application/json" },
    body,
  })

describe("the same person, written in two ways:", () => {
  test.each([
    ["e-mail in another case", { email: "Ann@Example.COM" }, { email: "ann@example.com" }],
    ["e-mail with space around it", { email: " \tbob@example.com\n" }, { email: "bob@example.com" }],
    ["e-mail with a domain in Unicode", { email: "pia@bücher.example" }, { email: "pia@xn--bcher-kva.example" }],
    ["e-mail with decomposed letters", { email: "ren\u00e9@example.com" }, { email: "rene\u0301@example.com" }],
    ["e-mail in angle brackets", { email: "gus@example.com" }, { email: "Gus <gus@example.com>" }],
    ["e-mail as a link", { email: "gil@example.com" }, { email: "mailto:gil@example.com?subject=stop" }],
    ["phone number as a link", { phoneNumber: "+4915123456704" }, { phoneNumber: "tel:+4915123456704" }],
    ["userId with space around it", { userId: "dora" }, { userId: " dora" }],
    ["decomposed letters of a projectUserId", { projectUserId: "\u00e9" }, { projectUserId: "e\u0301" }],
    ["phone number with spaces", { phoneNumber: "+49 151 2345 6701" }, { phoneNumber: "+4915123456701" }],
    ["phone number with hyphens", { phoneNumber: "+49-151-23456702" }, { phoneNumber: "+4915123456702" }],
    ["phone number with brackets", { phoneNumber: "+49 (151) 23456703" }, { phoneNumber: "+4915123456703" }],
    ["phone number with dots", { phoneNumber: "+1.213.373.4253" }, { phoneNumber: "+1 (213) 373-4253" }],
    [
      "concordId in upper case",
      { concordId: "3C90C3CC-0D44-4B50-8888-8DD25736052A" },
      { concordId: "3c90c3cc-0d44-4b50-8888-8dd25736052a" },
    ],
  ])("%s", async (_, first: Person, second: Person) => {
    const concordId = await personOf(first)
    expect(await personOf(second)).toBe(concordId)
    for (const query of [first, second]) {
      const { items } = (await ask(server, "consent-state", query)).json
      expect(items).toMatchObject([{ concordId }])
    }
  })
})

describe("a refusal under another spelling of an address counts for it, or is refused:", () => {
  test.each([
    ["pia2@bücher.example", "pia2@xn--bcher-kva.example", 201],
    ["ren\u00e92@example.com", "rene\u03012@example.com", 201],
    ["gus2@example.com", "<gus2@example.com>", 201],
    ["gil2@example.com", "mailto:gil2@example.com", 201],
    ["ivy2@example.com", "ivy2@example.com\u200B", 422],
    ["ged2@example.com", "ged2@example.com;", 422],
  ])("%j, declined as %j", async (email, spelling, status) => {
    await personOf({ email })
    const answer = await record(server, [yes({ email: spelling, consentState: "declined" })])
    expect(answer.status).toBe(status)
    const { items } = (await ask(server, "consent-decisions", { email })).json
    const decided = items.filter(({ event }: { readonly event?: string }) => event !== undefined)
    expect(decided).toMatchObject([{ status: status === 201 ? "withdrawn" : "given" }])
    if (status === 422) expect((await ask(server, "consent-decisions", { email: spelling })).status).toBe(400)
  })
})

describe("different people:", () => {
  test.each([
    ["userId in another case", { userId: "Carl" }, { userId: "carl" }],
    ["the same text as userId and as projectUserId", { userId: "emil" }, { projectUserId: "emil" }],
    ["the same text as userId and as email", { userId: "fritz@example.com" }, { email: "fritz@example.com" }],
    ["emoji that share a surrogate", { userId: "\u{1f600}" }, { userId: "\u{1f601}" }],
  ])("%s", async (_, first: Person, second: Person) => {
    expect(await personOf(first)).not.toBe(await personOf(second))
  })
})

test("an unknown identifier makes a new person, and names it from then on", async () => {
  const [first, again] = [await personOf({ userId: "new" }), await personOf({ userId: "new" })]
  expect(again).toBe(first)
})

test("an unknown concordId is the new person's", async () => {
  const concordId = "0197aaaa-0000-7000-8000-00000000abcd"
  expect(await personOf({ concordId })).toBe(concordId)
})

test("identifiers sent together name one person: each of them alone, too", async () => {
  const person = { userId: "hans", projectUserId: "p-hans", email: "hans@example.com", phoneNumber: "+4915123456710" }
  const concordId = await personOf(person)
  for (const [kind, value] of Object.entries(person)) {
    expect(await personOf({ [kind]: value })).toBe(concordId)
    expect((await ask(server, "consent-state", { [kind]: value })).json.items).toMatchObject([{ concordId }])
  }
  expect((await ask(server, "consent-state", { concordId })).json.items).toMatchObject([{ concordId }])
})

test("an unknown identifier is given to the person that the others name", async () => {
  const concordId = await personOf({ userId: "ines" })
  await personOf({ userId: "ines", email: "ines@example.com" })
  expect(await personOf({ email: "ines@example.com" })).toBe(concordId)
})

test("items of one batch see the people that items before them made", async () => {
  const { items } = (
    await record(server, [
      yes({ userId: "jan" }),
      yes({ userId: "jan", email: "jan@example.com" }),
      yes({ email: "JAN@example.com" }),
    ])
  ).json
  expect(new Set(items.map(({ concordId }: { concordId: string }) => concordId)).size).toBe(1)
})

const conflicts = [
  ["email", { userId: "k1" }, { email: "k1@example.com" }],
  ["phoneNumber", { email: "k2@example.com" }, { phoneNumber: "+4915123456722" }],
  ["projectUserId", { userId: "k3" }, { projectUserId: "k3" }],
  ["userId", { concordId: "0197aaaa-0000-7000-8000-0000000000c4" }, { userId: "k4" }],
] as const satisfies ReadonlyArray<readonly [string, Person, Person]>

describe("identifiers that already name different people are refused, and the conflict is named:", () => {
  test.each(conflicts)("%s", async (field, first: Person, second: Person) => {
    const [one, two] = [await personOf(first), await personOf(second)]
    const answer = await record(server, [yes({ ...first, ...second })])
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual([`/items/0/${field} identifier_conflict`])
    // Both people are unchanged.
    expect([await personOf(first), await personOf(second)]).toEqual([one, two])
  })

  // Kills: a refusal whose identifiers are in a conflict is recorded for one of the people.
  test.each(conflicts)("%s; a refusal is recorded for both", async (_, first: Person, second: Person) => {
    const [one, two] = [await personOf(first), await personOf(second)]
    const answer = await record(server, [yes({ ...first, ...second, consentState: "declined" })])
    expect(answer.status).toBe(201)
    const [item] = answer.json.items
    expect([item.concordId, item.alsoRecordedFor[0].concordId].toSorted()).toEqual([one, two].toSorted())
    for (const query of [first, second]) {
      expect((await ask(server, "consent-state", query)).json.items).toMatchObject([{ consentState: "declined" }])
    }
  })

  test("inside one batch", async () => {
    const batch = [
      yes({ userId: "k5" }),
      yes({ email: "k5@example.com" }),
      yes({ userId: "k5", email: "k5@example.com" }),
    ]
    const answer = await record(server, batch)
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(["/items/2/email identifier_conflict"])
    expect((await ask(server, "consent-state", { userId: "k5" })).json.count).toBe(0)
  })
})

test("userId and e-mail name the same person in all projects of an organization; the events stay apart", async () => {
  const concordId = await personOf({ userId: "lena", email: "lena@example.com" })
  const answer = await server.request("POST", `${privacy(blog)}/consent-events`, {
    headers: asOwner,
    json: { items: [yes({ email: "lena@example.com", consentType: blogNewsletter.id, consentState: "declined" })] },
  })
  expect(answer.json.items).toMatchObject([{ concordId, project: blog.id }])
  expect((await ask(server, "consent-state", { userId: "lena" })).json).toMatchObject({
    count: 1,
    items: [{ consentState: "accepted" }],
  })
})

describe("strange identifiers are either taken or refused with 422:", () => {
  test.each([
    ["emoji", "\u{1f468}\u{1f469}\u{1f467}"],
    ["right-to-left text", "\u05d0\u05d1"],
    ["a quote and a backslash", `"\\'; DROP TABLE event; --`],
    ["the longest", "\u20ac".repeat(256)],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
  ])("the userId %s is taken, and found again", async (_, userId) => {
    const concordId = await personOf({ userId })
    expect((await ask(server, "consent-state", { userId })).json.items).toMatchObject([{ concordId }])
  })

  test.each([
    ["emoji that are joined invisibly", "\u{1f468}\u200d\u{1f469}"],
    ["a mark of direction", "\u202e\u05d0\u05d1"],
    ["NUL", "a\u0000b"],
    ["control characters", "\u0001\u001b[31m\r\n"],
    ["one character too many", "\u20ac".repeat(257)],
    ["a placeholder", "Undefined"],
    ["what a spreadsheet made of a number", "1.23457E+15"],
    ["the nil UUID", "00000000-0000-0000-0000-000000000000"],
  ])("the userId with %s is refused, and left out of a decline", async (_, userId) => {
    const refused = await record(server, [yes({ userId })])
    expect(refused.status).toBe(422)
    expect(violations(refused)).toEqual(["/items/0/userId identifier_not_valid"])
    const answer = await record(server, [yes({ userId, email: "left-out@example.com", consentState: "declined" })])
    expect(answer.status).toBe(201)
    expect(answer.json.items[0].leftOut).toEqual(["userId"])
  })

  test.each(["ivy@example.com\u200B", "iv\u00ADy@example.com", "ged@example.com;", "a@x.test, b@x.test"])(
    "the e-mail %j is refused",
    async (email) => {
      const answer = await record(server, [yes({ email, consentState: "declined" })])
      expect(answer.status).toBe(422)
      expect(violations(answer)).toEqual(["/items/0/email identifier_not_valid"])
    },
  )

  test.each(["userId", "projectUserId", "email", "phoneNumber", "concordId"])(
    "10,000 characters of %s are refused",
    async (kind) => {
      const answer = await record(server, [yes({ [kind]: `${"9".repeat(10_000)}@example.com` })])
      expect(answer.status).toBe(422)
      expect(violations(answer)).toEqual([`/items/0/${kind} identifier_not_valid`])
    },
  )

  // They have no UTF-8 form: hashed, all of them would be the same person.
  test.each(["\\ud800", "\\udc00", "a\\ud83d", "\\udc00\\ud800"])(
    "the lone surrogate %s is refused",
    async (escape) => {
      for (const kind of ["userId", "projectUserId", "email"]) {
        const value = kind === "email" ? `${escape}@example.com` : escape
        const item = JSON.stringify(yes({ [kind]: "VALUE" })).replace("VALUE", value)
        const answer = await recordText(`{"items":[${item}]}`)
        expect(answer.status).toBe(422)
        expect(violations(answer)).toEqual([`/items/0/${kind} identifier_not_valid`])
      }
    },
  )

  // A lenient decoder makes U+FFFD of every such byte, so different people would become one.
  test("bytes that are not UTF-8 are not valid JSON", async () => {
    const [before, after] = JSON.stringify({ items: [yes({ userId: "SPLIT" })] }).split("SPLIT")
    for (const byte of [0xff, 0xe9]) {
      const body = Buffer.concat([Buffer.from(before!), Buffer.from([byte]), Buffer.from(after!)])
      expect((await recordText(body)).status).toBe(400)
    }
  })

  // A lenient parser drops the extension or the rest, so a whole office would become one person.
  test.each([
    "+4915112345699 ext. 5",
    "+4915112345699;ext=7",
    "+4915112345699 x5",
    "call +4915112345699",
    "+4915112345699abc",
    "+4915112345698 / +4915112345699",
  ])(
    "the phone number %j is refused: E.164 has no extension, and a text around a number is none",
    async (phoneNumber) => {
      const answer = await record(server, [yes({ phoneNumber })])
      expect(answer.status).toBe(422)
      expect(violations(answer)).toEqual(["/items/0/phoneNumber identifier_not_valid"])
    },
  )
})

describe("JSON that is written to confuse:", () => {
  test("members named __proto__, constructor and toString change nothing", async () => {
    const item = JSON.stringify(yes({ userId: "proto" })).slice(0, -1)
    const evil = `"__proto__":{"email":"x","polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1`
    const answer = await recordText(`{"__proto__":{"polluted":true},"items":[${item},${evil}}]}`)
    expect(answer.status).toBe(201)
    expect(answer.text).not.toContain("polluted")
    const next = await record(server, [yes({ userId: "after proto" })])
    expect(next.status).toBe(201)
    expect(Object.keys(next.json.items[0])).not.toContain("polluted")
    // An identifier in `__proto__` does not count.
    const inherited = await recordText(
      `{"items":[${JSON.stringify(yes()).slice(0, -1)},"__proto__":{"userId":"inherited"}}]}`,
    )
    expect(violations(inherited)).toEqual(["/items/0/concordId identifier_missing"])
    const items = await recordText(`{"__proto__":{"items":[${JSON.stringify(yes({ userId: "x" }))}]}}`)
    expect(violations(items)).toEqual(["/items missing"])
  })

  test("of a key that is there twice the last value counts", async () => {
    const item = JSON.stringify(yes({ userId: "second" })).slice(1)
    const answer = await recordText(`{"items":[],"items":[{"userId":"first",${item}]}`)
    expect(answer.status).toBe(201)
    expect((await ask(server, "consent-state", { userId: "first" })).json.count).toBe(0)
    expect((await ask(server, "consent-state", { userId: "second" })).json.count).toBe(1)
  })

  test.each([
    ["an array", "[", "]"],
    ["an object", `{"a":`, "}"],
  ])("%s nested 50,000 deep is ignored where nobody reads it, else refused", async (_, open, close) => {
    const deep = `${open.repeat(50_000)}1${close.repeat(50_000)}`
    const item = JSON.stringify(yes({ userId: "deep" })).slice(0, -1)
    expect((await recordText(`{"items":[${item},"extra":${deep}}]}`)).status).toBe(201)
    for (const member of ["userId", "consentDate", "subcategory", "version", "consentState"]) {
      const answer = await recordText(`{"items":[${item},"${member}":${deep}}]}`)
      expect(answer.status).toBe(422)
      expect(answer.text.length).toBeLessThan(5_000)
    }
    expect((await recordText(`{"items":[${deep}]}`)).status).toBe(422)
    expect((await recordText(`{"items":${deep}}`)).status).toBe(422)
    expect((await recordText(deep)).status).toBe(422)
  })

  test.each(["1e400", "-1e400", "1e308", "123456789012345678901234567890", "-0", "1.0000000000000001e16"])(
    "the number %s leads to no harm anywhere",
    async (number) => {
      const itemOf = (consentState: string, member: string) => {
        const item = JSON.stringify(yes({ userId: "numbers", consentState })).slice(0, -1)
        return recordText(`{"items":[${item},"${member}":${number}}]}`)
      }
      for (const member of ["version", "userId", "consentDate", "label"]) {
        expect((await itemOf("accepted", member)).status).toBe(422)
      }
      // A refusal is recorded without what cannot be read, unless that is its only identifier.
      expect((await itemOf("declined", "userId")).status).toBe(422)
      for (const member of ["version", "consentDate", "label"]) {
        const answer = await itemOf("declined", member)
        expect([answer.status, answer.json.items?.[0].leftOut]).toEqual([201, [member]])
        const [event] = answer.json.items
        expect(event.version).toBe(1)
        if (member === "consentDate") expect(event.consentDate).toBe(event.dateCreated)
      }
      for (const consentState of ["accepted", "declined"]) {
        const answer = await itemOf(consentState, "extra")
        expect(answer.status).toBe(201)
        expect(answer.json.items[0]).not.toHaveProperty("extra")
      }
    },
  )

  test("the highest version a no may name is kept exactly", async () => {
    const version = Number.MAX_SAFE_INTEGER
    await record(server, [yes({ userId: "high version", consentState: "declined", version })])
    const { items } = (await ask(server, "consent-decisions", { userId: "high version" })).json
    expect(items[0]).toMatchObject({ status: "refused", version })
  })
})

describe("many at once:", () => {
  const distinct = (answers: ReadonlyArray<Answer>) => new Set(answers.map(({ json }) => json.items[0].concordId)).size

  test("50 concurrent requests with the same new e-mail make one person", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => record(server, [yes({ email: "crowd@example.com" })])),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(distinct(answers)).toBe(1)
  })

  test("50 concurrent requests whose new identifiers overlap make one person each, never half of one", async () => {
    const rounds = Array.from({ length: 10 }, (_, n) => ({ userId: `pair ${n}`, email: `pair-${n}@example.com` }))
    const answers = await Promise.all(
      rounds.flatMap(({ userId, email }) =>
        [
          { userId, email },
          { email, userId },
          { userId, email },
          { userId, email },
          { email, userId },
        ].map((person) => record(server, [yes(person)])),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(distinct(answers)).toBe(10)
    for (const { userId, email } of rounds) expect(await personOf({ email })).toBe(await personOf({ userId }))
  })
})
