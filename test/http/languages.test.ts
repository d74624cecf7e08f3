/**
 * Languages over HTTP: the texts of a version in other languages, which of them a visitor is shown, the language of an
 * event, and the languages of a project.
 */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import { changed, created, decision, listed, say, shown, type TypeAnswer } from "./typeRequests.ts"
import {
  asOwner,
  asVisitor,
  blog,
  openSession,
  privacy,
  record,
  site,
  startWorld,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)

const german = { name: "Unser Club", description: "Was wir vorhaben.", document: "§ 1 Worum es geht" }
const english = { name: "Our club", description: "What we plan.", document: "§ 1 What it is about" }
const url = "https://shop.example/club"

const textsPath = ({ id }: { readonly id: string }, version: number | string, language: string): string =>
  `${privacy()}/consent-types/${id}/versions/${version}/texts/${language}`

const give = (type: { readonly id: string }, language: string, texts: object, version: number | string = 1) =>
  server.request("PUT", textsPath(type, version, language), { headers: asOwner, json: texts })

const takeBack = (type: { readonly id: string }, language: string, version: number | string) =>
  server.request("DELETE", textsPath(type, version, language), { headers: asOwner })

const shownIn = (type: { readonly id: string }, language: string, version: number | string = 1) =>
  shown(server, type.id, `${version}?language=${language}` as unknown as number)

describe("a translation", () => {
  test("is given once: the same again changes nothing, another is 409, and no version is published", async () => {
    const type = await created(server, { ...english, url, language: "en" })
    const before = await listed(server, type.id)
    const given = await give(type, "DE-at", german)
    const translation = {
      consentType: type.id,
      version: type.versions[0]!.id,
      language: "de-AT",
      ...german,
    }
    expect([given.status, given.json]).toEqual([200, expect.objectContaining(translation)])
    expect((await give(type, "de-AT", german)).text).toBe(given.text)
    const other = await give(type, "de-AT", { ...german, name: "Der andere" })
    expect([other.status, violations(other)]).toEqual([409, ["/language translation_exists"]])
    const withUrl = await give(type, "de-AT", { ...german, url })
    expect([withUrl.status, violations(withUrl)]).toEqual([409, ["/language translation_exists"]])
    expect(await listed(server, type.id)).toEqual(before)
  })

  test("is shown with its version: the languages there are, and the texts in exactly one of them", async () => {
    const type = await created(server, { ...english, url, language: "en" })
    expect((await shown(server, type.id, 1)).json).not.toHaveProperty("languages")
    await give(type, "de", german)
    await give(type, "fr", { ...german, url: "https://shop.example/fr" })
    expect((await shown(server, type.id, 1)).json).toMatchObject({
      ...english,
      url,
      language: "en",
      languages: ["de", "fr"],
    })
    expect((await shownIn(type, "de")).json).toMatchObject({ ...german, url, language: "de", languages: ["de", "fr"] })
    expect((await shownIn(type, "fr")).json).toMatchObject({ ...german, url: "https://shop.example/fr" })
    expect((await shownIn(type, "en")).json).toMatchObject(english)
    expectProblem(await shownIn(type, "de-AT"), 404)
    const next = await changed(server, type.id, { name: "Our other club" })
    expect(next).toMatchObject({ version: 2, language: "en" })
    expect((await shown(server, type.id, 2)).json).not.toHaveProperty("languages")
  })

  test("of concurrent ones with other texts is given once, and all with the same texts are answered alike", async () => {
    const type = await created(server)
    const names = ["Unser Club", "Unser Club", "Der Club", "Unser Club"]
    const answers = await Promise.all(names.map((name) => give(type, "de", { name })))
    const won = (await shownIn(type, "de")).json.name
    expect(answers.map(({ status }) => status)).toEqual(names.map((name) => (name === won ? 200 : 409)))
    expect(new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1)
  })

  test("does not touch an answer, an event or a version: a decision as known before and after is the same", async () => {
    const type = await created(server, english)
    await say(server, type.id, [{ userId: "translated" }])
    const asked = { userId: "translated", at: "2027-01-01T00:00:00.000Z" }
    const before = await decision(server, type.id, asked)
    await give(type, "de", german)
    expect({ ...(await decision(server, type.id, asked)), knownAt: "" }).toEqual({ ...before, knownAt: "" })
  })

  test.each([
    ["no tag", "de_DE", german, ["?language language_not_valid"]],
    ["too long a tag", `de-${"abcdefgh-".repeat(4)}x`, german, ["?language language_not_valid"]],
    ["the language of the version itself", "en", german, ["/language base_language"]],
    [
      "a text missing that the version has",
      "de",
      { name: "Unser Club" },
      ["/description translation_incomplete", "/document translation_incomplete"],
    ],
    ["a short name", "de", { ...german, name: "Club" }, ["/name invalid"]],
    ["an address that is none", "de", { ...german, url: "javascript:alert(1)" }, ["/url invalid"]],
    ["a text that no store can keep", "de", { ...german, document: "\uD800" }, ["/document invalid"]],
  ])("with %s is 422, and nothing is given", async (_, language, texts, expected) => {
    const type = await created(server, { ...english, language: "en" })
    const answer = await give(type, language, texts)
    expect([answer.status, violations(answer)]).toEqual([422, expected])
    expect(answer.text).not.toContain("abcdefgh")
    expect((await shown(server, type.id, 1)).json).not.toHaveProperty("languages")
  })

  test("of a version or a type that is not there is 404", async () => {
    const type = await created(server)
    expectProblem(await give(type, "de", german, 2), 404)
    expectProblem(await give({ id: blog.id }, "de", german), 404)
    expectProblem(await takeBack(type, "de", 1), 404)
  })

  test("can be taken back while its version is only planned, and given again with other texts", async () => {
    const { id } = await created(server)
    const { versions } = await changed(server, id, { name: "Planned", publishedAt: "2999-01-01T00:00:00Z" })
    const version = versions[1]!.id
    await give({ id }, "de", { name: "Geplant" }, version)
    const taken = await takeBack({ id }, "de", version)
    expect([taken.status, taken.json]).toEqual([200, expect.objectContaining({ name: "Geplant" })])
    expect((await shown(server, id, 2)).json).not.toHaveProperty("languages")
    expectProblem(await takeBack({ id }, "de", version), 404)
    expect((await give({ id }, "de", { name: "Anders" }, version)).status).toBe(200)
    expect((await shownIn({ id }, "de", 2)).json).toMatchObject({ name: "Anders" })
  })

  test("stays once its version is in force, or an event names the version", async () => {
    const { id } = await created(server)
    await give({ id }, "de", { name: "Unser Club" })
    const inForce = await takeBack({ id }, "de", 1)
    expect([inForce.status, violations(inForce)]).toEqual([409, ["/version version_in_force"]])
    const { versions } = await changed(server, id, { name: "Planned", publishedAt: "2999-01-01T00:00:00Z" })
    await give({ id }, "de", { name: "Geplant" }, versions[1]!.id)
    // A refusal may name a version before it is in force.
    await record(server, [
      { userId: "no", consentType: id, consentState: "declined", consentAction: "user_click", version: 2 },
    ])
    const named = await takeBack({ id }, "de", versions[1]!.id)
    expect([named.status, violations(named)]).toEqual([409, ["/version version_in_force"]])
  })

  test("of a version that is cancelled is shown with it", async () => {
    const { id } = await created(server)
    const { versions } = await changed(server, id, { name: "Planned", publishedAt: "2999-01-01T00:00:00Z" })
    const version = versions[1]!.id
    await give({ id }, "de", { name: "Geplant" }, version)
    await server.request("DELETE", `${privacy()}/consent-types/${id}/versions/${version}`, { headers: asOwner })
    expect((await shownIn({ id }, "de", version)).json).toMatchObject({ name: "Geplant" })
    expectProblem(await give({ id }, "fr", { name: "Prévu" }, version), 404)
  })
})

describe("a visitor", () => {
  const setLanguages = async (languages: object): Promise<void> => {
    const answer = await server.request("PUT", `${privacy(blog)}/languages`, { headers: asOwner, json: languages })
    expect(answer.status, answer.text).toBe(200)
  }
  /** The consent types of the blog for a new visitor, with a header and a parameter. */
  const asked = async (header?: string, language?: string): Promise<Answer> => {
    const { session } = (await openSession(server, {}, blog)).json
    const headers = { "x-session": session, ...(header !== undefined && { "accept-language": header }) }
    const query = language === undefined ? "" : `?language=${language}`
    return server.request("GET", `${site(blog)}/consent-types${query}`, { headers })
  }
  const itemOf = ({ json }: Answer, id: string) => json.items.find((item: { id: string }) => item.id === id)

  test("is shown the best of the languages that there are, and told which", async () => {
    const before = await asked()
    expect(before.headers["vary"]).toBe("Origin, x-session, Accept-Language")
    expect(before.headers["content-language"]).toBeUndefined()
    // With a header, but without translations and languages, nothing differs.
    expect((await asked("de")).text).toBe(before.text)

    const json = { category: "custom", subcategory: "club", label: "in_languages", ...english, url }
    const types = `${privacy(blog)}/consent-types`
    const type: TypeAnswer = (await server.request("POST", types, { headers: asOwner, json })).json
    const inBlog = (language: string, texts: object) =>
      server.request("PUT", `${types}/${type.id}/versions/1/texts/${language}`, { headers: asOwner, json: texts })
    await inBlog("de", german)
    await inBlog("pt-BR", { ...german, name: "Nosso clube" })

    const unasked = itemOf(await asked(), type.id)
    expect(unasked).toMatchObject(english)
    expect(unasked).not.toHaveProperty("language")
    const nameFor = async (header?: string, language?: string) => itemOf(await asked(header, language), type.id).name
    expect(await nameFor("de-AT, en;q=0.5")).toBe(german.name)
    expect(await nameFor("en;q=0.5, pt-br;q=0.9")).toBe("Nosso clube")
    // `pt` is not shortened from `pt-BR`, because a wanted tag is shortened and not a text's.
    expect(await nameFor("pt")).toBe(english.name)
    expect(await nameFor("fr", "de")).toBe(german.name)
    expect(await nameFor("de", "fr")).toBe(english.name)
    expect(itemOf(await asked("de"), type.id)).toMatchObject({ ...german, url, language: "de" })

    // English is stated now: it is what is shown where nothing else is wanted, and told.
    await setLanguages({ default: "en", offered: ["en", "de"] })
    const inFrench = await asked("fr")
    expect(itemOf(inFrench, type.id)).toMatchObject({ ...english, language: "en" })
    expect(inFrench.headers["content-language"]).toBe("en")
    expect((await asked("de")).headers["content-language"]).toBe("en, de")
    // Not offered any more.
    expect(await nameFor("pt-BR")).toBe(english.name)
    const refused = await asked(undefined, "a_b")
    expect([refused.status, violations(refused)]).toEqual([400, ["?language language_not_valid"]])
    // A type whose own texts are in another language than the project's default, and whose translations are in both.
    const french = { ...json, label: "in_french", language: "fr", name: "Notre club" }
    const other: TypeAnswer = (await server.request("POST", types, { headers: asOwner, json: french })).json
    const inOther = (language: string, texts: object) =>
      server.request("PUT", `${types}/${other.id}/versions/1/texts/${language}`, { headers: asOwner, json: texts })
    await inOther("en", english)
    await inOther("de", german)
    const otherNameFor = async (header?: string) => itemOf(await asked(header), other.id).name
    expect(await otherNameFor("sv")).toBe(english.name)
    await setLanguages({ default: "de", offered: ["de", "en"] })
    expect(await otherNameFor("sv")).toBe(german.name)
    // Not offered, and shown nevertheless, because it is what the version itself says.
    expect(await otherNameFor("fr-CA")).toBe("Notre club")
    expect(await otherNameFor()).toBe("Notre club")
    // Only the first 20 ranges are read.
    expect(await otherNameFor(`${"xx-yy;q=0.9,".repeat(1000)}fr`)).toBe(german.name)
  })
})

describe("the language of an event", () => {
  const recordedAs = async (item: object) => {
    const answer = await record(server, [yes(item)])
    return answer.status === 201 ? answer.json.items[0] : violations(answer)
  }

  test("is recorded in canonical form, listed and answered; an event without one has none", async () => {
    const event = await recordedAs({ userId: "in German", language: "DE-at" })
    expect(event).toMatchObject({ language: "de-AT" })
    expect(await recordedAs({ userId: "in any", language: null })).not.toHaveProperty("language")
    const read = await server.request("GET", `${privacy()}/consent-events/${event.id}`, { headers: asOwner })
    expect(read.json).toEqual(event)
    const state = await server.request("GET", `${privacy()}/consent-state?userId=in+German`, { headers: asOwner })
    expect(state.json.items).toMatchObject([{ language: "de-AT" }])
  })

  test("may be one that the version has no texts in: what a person was shown is not judged", async () => {
    expect(await recordedAs({ userId: "in Klingon", language: "tlh" })).toMatchObject({ language: "tlh" })
  })

  test("is 422 where it is no tag; a refusal is recorded without it", async () => {
    for (const language of ["de_DE", "", 7, `de-${"abcdefgh-".repeat(4)}x`, "de\u0000"]) {
      const [violation] = (await recordedAs({ userId: "unreadable", language })) as ReadonlyArray<string>
      expect(violation).toMatch(/^\/items\/0\/language (language_not_valid|invalid)$/)
      const no = await recordedAs({ userId: "unreadable", language, consentState: "declined" })
      expect(no).toMatchObject({ consentState: "declined", leftOut: ["language"] })
      expect(no).not.toHaveProperty("language")
    }
  })

  test("is recorded for a visitor", async () => {
    const visitor = await visit(server)
    const items = [{ ...yes(), language: "fr" }]
    const answer = await asVisitor(server, visitor, "POST", "consent-events", { json: { items } })
    expect([answer.status, answer.json.items[0].language]).toEqual([201, "fr"])
  })
})

describe("the languages of a project", () => {
  const path = `${privacy()}/languages`
  const get = async () => (await server.request("GET", path, { headers: asOwner })).json
  const put = (json: object) => server.request("PUT", path, { headers: asOwner, json })

  test("are none until they are set; then new texts are in the default one, and those before state none", async () => {
    expect(await get()).toEqual({ offered: [] })
    const before = await created(server)
    expect(before).not.toHaveProperty("language")
    expect((await put({ default: "DE", offered: ["en", "de", "en"] })).json).toEqual({
      default: "de",
      offered: ["en", "de"],
    })
    expect(await get()).toEqual({ default: "de", offered: ["en", "de"] })
    expect((await put({ default: "fr" })).json).toEqual({ default: "fr", offered: ["fr"] })
    const after = await created(server)
    expect(after).toMatchObject({ language: "fr" })
    expect(await listed(server, before.id)).not.toHaveProperty("language")
    // A text that is stated stays what it is: also an object that is sent back publishes nothing.
    await put({ default: "en" })
    expect(await changed(server, after.id, after)).toMatchObject({ version: 1, language: "fr" })
    expect(await changed(server, after.id, { language: "nl" })).toMatchObject({ version: 2, language: "nl" })
    expect(await changed(server, after.id, { language: null })).toMatchObject({ version: 3 })
    expect(await changed(server, before.id, { name: "Another name" })).toMatchObject({ version: 2, language: "en" })
  })

  let early: TypeAnswer
  beforeAll(async () => {
    early = await created(server, english)
  })

  test("that were the default once are those of texts that state none, and no others take their place", async () => {
    const type = early
    const visitor = await visit(server)
    const shownOf = async (language: string) => {
      const path = `consent-types?language=${language}`
      return (await asVisitor(server, visitor, "GET", path)).json.items.find(({ id }: TypeAnswer) => id === type.id)
    }
    await put({ default: "en", offered: ["en", "nl", "it"] })
    expect(await shownOf("en")).toMatchObject({ name: english.name, language: "en" })
    expect((await give(type, "nl", german)).status).toBe(200)
    // English texts were shown as such, so that a translation into English would say that others were.
    await put({ default: "it", offered: ["en", "nl", "it"] })
    const later = await give(type, "en", { ...english, name: "Another club" })
    expect([later.status, violations(later)]).toEqual([422, ["/language base_language"]])
    // A default that the version is translated into is not the language of its own texts.
    await put({ default: "nl", offered: ["en", "nl", "it"] })
    expect(await shownOf("nl")).toMatchObject({ name: german.name, language: "nl" })
  })

  test.each([
    ["no default", {}, ["/default missing"]],
    ["a default that is no tag", { default: "de_DE" }, ["/default language_not_valid"]],
    ["a language that is no tag", { default: "de", offered: ["de", "x"] }, ["/offered/1 language_not_valid"]],
    ["a default that is not offered", { default: "de", offered: ["en"] }, ["/offered default_not_offered"]],
    ["too many", { default: "de", offered: Array(101).fill("de") }, ["/offered invalid"]],
  ])("with %s are 422", async (_, json, expected) => {
    const before = await get()
    const answer = await put(json)
    expect([answer.status, violations(answer)]).toEqual([422, expected])
    expect(await get()).toEqual(before)
  })

  test("give a compliance request its language, where none is wanted", async () => {
    await put({ default: "es" })
    const items = [{ request: "view", user: { email: "asks@example.com" } }]
    const answer = await server.request("POST", `${privacy()}/compliance-requests`, {
      headers: asOwner,
      json: { items },
    })
    expect(answer.json.items[0].language).toBe("es")
    const visitor = await visit(server)
    const json = { request: "view", userEmail: "asks@example.com", captureUrl: "https://shop.example/privacy" }
    const languageFor = async (header: string): Promise<string> => {
      const headers = { "accept-language": header }
      const made = await asVisitor(server, visitor, "POST", "compliance-requests", { json, headers })
      const read = `${privacy()}/compliance-requests/${made.json.id}`
      return (await server.request("GET", read, { headers: asOwner })).json.language
    }
    // The first wanted language that mails are written in; where there is none, the most wanted one.
    expect(await languageFor("nl, fr-CA;q=0.9, de;q=0.8")).toBe("fr-CA")
    expect(await languageFor("nl, sv;q=0.9")).toBe("nl")
    expect(await languageFor("*")).toBe("es")
  })
})
