/**
 * Regions over HTTP: their settings with all checks, their own texts, and publishing them in revisions.
 */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import {
  ask as question,
  asOwner,
  asVisitor,
  blog,
  openSession,
  privacy,
  record,
  shop,
  site,
  startWorld,
  types,
  violations,
  yes,
} from "./world.ts"

const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "x-geography" }))

const ask = (method: string, path: string, json?: unknown, project = shop) =>
  server.request(method, `${privacy(project)}/${path}`, { headers: asOwner, ...(json !== undefined && { json }) })

const visited = async (project = shop) => (await server.request("GET", `${site(project)}/visit`)).json

describe("the regions of a project", () => {
  test("are a default one by the template gdpr, until others are written", async () => {
    const { json, status } = await ask("GET", "regions", undefined, blog)
    expect([status, json.count]).toEqual([200, 1])
    expect(json.items[0]).toMatchObject({
      id: blog.id,
      regions: "default",
      settings: { consent: { consentMode: "express", gpc: true, gcm: "basic", consentBanner: { denyButton: true } } },
      languages: [],
      warnings: [],
    })
  })

  test("are created from a template, changed by what is given, and deleted", async () => {
    const made = await ask("POST", "regions", { name: "CA", regions: ["us-ca", "US-CA"], template: "california" })
    expect([made.status, made.json]).toEqual([
      201,
      expect.objectContaining({
        name: "CA",
        regions: ["US-CA"],
        settings: expect.objectContaining({
          consent: expect.objectContaining({ consentMode: "implied", limitPii: true }),
        }),
      }),
    ])
    const path = `regions/${made.json.id}`
    const settings = {
      consent: { consentDuration: 9, consentBanner: { closeButton: true } },
      branding: { font: "Inter" },
    }
    const changed = await ask("PATCH", path, { settings })
    expect(changed.json.settings).toMatchObject({
      branding: { font: "Inter" },
      consent: { consentDuration: 9, limitPii: true, consentBanner: { closeButton: "close", layout: "box" } },
    })
    const back = await ask("PATCH", path, {
      settings: { consent: { consentDuration: null }, branding: { font: null } },
    })
    expect([back.json.settings.consent.consentDuration, back.json.settings.branding]).toEqual([6, {}])
    expect((await ask("GET", path)).json).toEqual(back.json)
    expect((await ask("DELETE", path)).status).toBe(200)
    expect((await ask("GET", path)).status).toBe(404)
    expect((await ask("PATCH", path, { name: "x" })).status).toBe(404)
  })

  test("share no code, and the default one stays", async () => {
    const { json: made } = await ask("POST", "regions", { name: "DE", regions: ["DE"] })
    const refused = async (answer: ReturnType<typeof ask>) => [(await answer).status, violations(await answer)]
    expect(await refused(ask("POST", "regions", { name: "DACH", regions: ["AT", "DE"] }))).toEqual([
      409,
      ["/regions/1 region_taken"],
    ])
    expect(await refused(ask("POST", "regions", { name: "rest", regions: "default" }))).toEqual([
      409,
      ["/regions region_taken"],
    ])
    expect(await refused(ask("PATCH", `regions/${made.id}`, { regions: "default" }))).toEqual([
      409,
      ["/regions region_taken"],
    ])
    expect(await refused(ask("PATCH", `regions/${shop.id}`, { regions: ["FR"] }))).toEqual([
      409,
      ["/regions is_default"],
    ])
    expect(await refused(ask("DELETE", `regions/${shop.id}`))).toEqual([409, [" is_default"]])
    await ask("DELETE", `regions/${made.id}`)
    expect((await ask("POST", "regions", { name: "DACH", regions: ["AT", "DE"] })).status).toBe(201)
  })
})

describe("settings", () => {
  test("are refused where white cannot be read on the primary colour, and no other colour is set", async () => {
    const light = (branding: object) =>
      ask("POST", "regions", { name: "Light", regions: ["LI"], settings: { branding } })
    const refused = await light({ primaryColor: "#ffe08a" })
    expect([refused.status, violations(refused)]).toEqual([422, ["/settings/branding/primaryColor contrast_too_low"]])
    const readable = await light({ primaryColor: "#ffe08a", secondaryColor: "#221100" })
    expect(readable.status).toBe(201)
  })

  test("are refused for all that is wrong with them at once", async () => {
    const refused = await ask("POST", "regions", {
      name: "",
      regions: ["CH"],
      settings: {
        branding: { primaryColor: "#777777", secondaryColor: "#888888", font: "url(x)", logoUrl: "http://x.example" },
        consent: {
          consentDuration: 121,
          customScript: "alert(1)",
          tcfConfig: { enabled: true },
          crossSiteTracking: true,
          gcmMap: { ad_storage: [] },
          "a/b": 1,
          consentBanner: { denyButton: false, layout: "wall" },
        },
        language: { default: "de_DE" },
        ["__proto__"]: { gpc: false },
        floatingButton: true,
      },
    })
    expect([refused.status, violations(refused).toSorted()]).toEqual([
      422,
      [
        "/name invalid",
        "/settings/__proto__ unknown_setting",
        "/settings/branding/font invalid",
        "/settings/branding/logoUrl not_https",
        "/settings/branding/secondaryColor contrast_too_low",
        "/settings/consent/a~1b unknown_setting",
        "/settings/consent/consentBanner/denyButton express_without_refuse",
        "/settings/consent/consentBanner/layout invalid",
        "/settings/consent/consentDuration invalid",
        "/settings/consent/crossSiteTracking cross_site_tracking_not_supported",
        "/settings/consent/customScript custom_script_not_supported",
        "/settings/consent/gcmMap invalid",
        "/settings/consent/tcfConfig/enabled tcf_not_supported",
        "/settings/floatingButton invalid",
        "/settings/language/default language_not_valid",
      ],
    ])
    expect(
      violations(await ask("PATCH", `regions/${shop.id}`, { settings: { language: { default: "tlh" } } })),
    ).toEqual(["/settings/language/default language_without_texts"])
    expect(violations(await ask("POST", "regions", { name: "EU", regions: ["EU", "de", "U"] }))).toEqual([
      "/regions/0 invalid",
      "/regions/2 invalid",
    ])
  })

  test("that have no effect are kept, and said to have none", async () => {
    const settings = {
      branding: { poweredByConcord: true, primaryColor: "#003399" },
      consent: { webflow: true, wordpress: false, blockingMode: "strict", impliedConsentDelay: 5 },
    }
    const { json } = await ask("POST", "regions", { name: "IT", regions: ["IT"], settings })
    expect(json.settings).toMatchObject(settings)
    expect(json.warnings.map(({ pointer }: { readonly pointer: string }) => pointer).toSorted()).toEqual([
      "/settings/branding/poweredByConcord",
      "/settings/branding/primaryColor",
      "/settings/consent/blockingMode",
      "/settings/consent/impliedConsentDelay",
      "/settings/consent/webflow",
    ])
  })
})

describe("the own texts of a region", () => {
  test("are given by language, changed and deleted", async () => {
    const path = `regions/${shop.id}/languages`
    const given = { consentBanner: { title: "Deine Wahl", link: "[Mehr](https://shop.example/privacy)" } }
    const made = await ask("POST", path, { language: "DE-at", ...given })
    expect([made.status, made.json]).toEqual([201, { language: "de-AT", isDefault: false, ...given }])
    expect((await ask("POST", path, { language: "de-AT" })).status).toBe(409)
    const changed = await ask("PATCH", `${path}/de-at`, {
      consentBanner: { link: null },
      privacyCenter: { changed: "Neu: {name}" },
    })
    const after = { consentBanner: { title: "Deine Wahl" }, privacyCenter: { changed: "Neu: {name}" } }
    expect(changed.json).toEqual({ language: "de-AT", isDefault: false, ...after })
    expect((await ask("GET", path)).json).toEqual({ count: 1, items: [changed.json] })
    expect((await ask("GET", `${path}/de-AT`)).json).toEqual(changed.json)
    expect((await ask("DELETE", `${path}/de-AT`)).json).toEqual(changed.json)
    expect((await ask("GET", `${path}/de-AT`)).status).toBe(404)
  })

  test("are refused for all that is wrong with them at once", async () => {
    const refused = await ask("POST", `regions/${shop.id}/languages`, {
      language: "_",
      consentBanner: {
        title: "",
        text: "x".repeat(301),
        link: "[Mehr](javascript:alert(1))",
        acceptButton: "a\u202eb",
        bannerText: "x",
      },
      privacyCenter: { changed: "Neu", title: "{name}", required: 7 },
    })
    expect([refused.status, violations(refused).toSorted()]).toEqual([
      422,
      [
        "/consentBanner/acceptButton invalid",
        "/consentBanner/bannerText unknown_setting",
        "/consentBanner/link not_https",
        "/consentBanner/text too_long",
        "/consentBanner/title invalid",
        "/language language_not_valid",
        "/privacyCenter/changed placeholder_missing",
        "/privacyCenter/required invalid",
        "/privacyCenter/title placeholder_missing",
      ],
    ])
  })

  test("make a language the default one, and stay as long as it is", async () => {
    const path = `regions/${shop.id}/languages`
    await ask("POST", path, { language: "tlh", consentBanner: { title: "Dub" } })
    expect((await ask("PATCH", `regions/${shop.id}`, { settings: { language: { default: "tlh" } } })).status).toBe(200)
    const kept = await ask("DELETE", `${path}/tlh`)
    expect([kept.status, violations(kept)]).toEqual([409, [" is_default"]])
    await ask("PATCH", `regions/${shop.id}`, { settings: { language: { default: null } } })
    expect((await ask("DELETE", `${path}/tlh`)).status).toBe(200)
  })
})

describe("a publication", () => {
  test("is what pages are told, until the next one; an earlier one can be published again", async () => {
    const publish = async (json?: object) => (await ask("POST", "site-client/publish", json, blog)).json
    const told = async () => {
      const { region } = await visited(blog)
      return [region.name, region.consentDuration]
    }
    expect(await told()).toEqual(["default", 6])
    await ask("PATCH", `regions/${blog.id}`, { name: "All", settings: { consent: { consentDuration: 3 } } }, blog)
    expect(await told()).toEqual(["default", 6])
    expect(await publish({ dryRun: true })).toMatchObject({ revision: 1, isChanged: true })
    expect(await told()).toEqual(["default", 6])
    expect(await publish()).toMatchObject({ revision: 1, isChanged: true, regions: [{ id: blog.id, name: "All" }] })
    expect(await told()).toEqual(["All", 3])
    expect(await publish()).toMatchObject({ revision: 1, isChanged: false })

    await ask("PATCH", `regions/${blog.id}`, { settings: { consent: { consentDuration: 12 } } }, blog)
    const { json: other } = await ask("POST", "regions", { name: "FR", regions: ["FR"] }, blog)
    expect(await publish()).toMatchObject({ revision: 2, regions: [{ id: blog.id }, { id: other.id }] })
    expect(await publish({ undoTo: 1 })).toMatchObject({ revision: 3, isChanged: true, regions: [{ id: blog.id }] })
    expect(await told()).toEqual(["All", 3])
    // What was undone does not come back with the next publication.
    expect(await publish()).toMatchObject({ revision: 3, isChanged: false })
    expect((await ask("GET", `regions/${other.id}`, undefined, blog)).status).toBe(404)
    const unknown = await ask("POST", "site-client/publish", { undoTo: 9 }, blog)
    expect([unknown.status, violations(unknown)]).toEqual([422, ["/undoTo unknown_revision"]])

    const { json } = await ask("GET", "site-client/publications?order=desc&limit=2", undefined, blog)
    expect(json.items.map((each: { revision: number; undoneTo?: number }) => [each.revision, each.undoneTo])).toEqual([
      [3, 1],
      [2, undefined],
    ])
    expect([json.total, json.count]).toEqual([3, 2])
  })
})

describe("a request with an Idempotency-Key", () => {
  test.each([
    ["regions", { name: "CA", regions: ["CA"] }],
    [`regions/${shop.id}/languages`, { language: "sv", consentBanner: { title: "Ditt val" } }],
    ["site-client/publish", {}],
  ])("to %s is carried out once", async (path, json) => {
    const headers = { ...asOwner, "idempotency-key": crypto.randomUUID() }
    const send = () => server.request("POST", `${privacy()}/${path}`, { headers, json })
    const first = await send()
    const again = await send()
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([first.status, first.text, "true"])
  })
})

describe("a dry run", () => {
  const consent = (consentDuration: number) => ({ settings: { consent: { consentDuration } } })
  const monthsAgo = (months: number): string => {
    const then = new Date()
    then.setUTCDate(1)
    then.setUTCMonth(then.getUTCMonth() - months)
    return then.toISOString()
  }

  // Law 13 of regions. Kills: those that are asked already; those of another region; the rules before in place of those
  // after; the terms of the type alone.
  test("says how many would be asked again, and publishing asks exactly those", async () => {
    const publish = async (json: object) => (await ask("POST", "site-client/publish", json)).json
    const { json: us } = await ask("POST", "regions", { name: "US", regions: ["US"], template: "united_states" })
    await ask("PATCH", `regions/${shop.id}`, consent(12))
    await publish({})

    const meet = async (geography: string, months: number) => {
      const { json: visitor } = await openSession(server, {}, shop, { "x-geography": geography })
      await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes()] } })
      const item = { consentType: types.analytics.id, consentDate: monthsAgo(months) }
      expect((await record(server, [yes({ ...item, concordId: visitor.concordId })])).status).toBe(201)
      return { region: geography === "US" ? us.id : shop.id, concordId: visitor.concordId }
    }
    const met = ["NO", "US"].flatMap((geography) => [1, 4, 7, 10, 13].map((months) => [geography, months] as const))
    const people = await Promise.all(met.map(([geography, months]) => meet(geography, months)))
    const isAsked = async ({ concordId, region }: (typeof people)[number]) => {
      const { items } = (await question(server, "consent-decisions", { concordId })).json
      const found = items.find((each: { consentType: string }) => each.consentType === types.analytics.id)
      expect(found.region).toBe(region)
      return found.askAgain as boolean
    }
    const before = await Promise.all(people.map(isAsked))

    await ask("PATCH", `regions/${shop.id}`, consent(3))
    await ask("PATCH", `regions/${us.id}`, consent(9))
    const { asked } = await publish({ dryRun: true })
    expect(await Promise.all(people.map(isAsked))).toEqual(before)
    await publish({})
    const after = await Promise.all(people.map(isAsked))

    const today = new Date().toISOString().slice(0, 10)
    const isToday = ({ day }: { readonly day: string }) => day === today
    const said = new Map<string, number>(
      asked.regions.map(
        ({ days, region }: { region: string; days: ReadonlyArray<{ day: string; people: number }> }) => [
          region,
          days.find(isToday)?.people ?? 0,
        ],
      ),
    )
    for (const region of [shop.id, us.id]) {
      const newly = people.filter((person, n) => person.region === region && after[n]! && !before[n]!)
      expect([region, said.get(region)]).toEqual([region, newly.length])
    }
    expect([said.get(shop.id), said.get(us.id)]).toEqual([3, 1])
    // One of each region has an answer that lapses later, and earlier than it would have.
    expect([asked.people, asked.examined, asked.isComplete]).toEqual([3 + 1 + 1 + 3, 10, true])
    expect((await publish({ dryRun: true })).asked.people).toBe(0)
  })
})
