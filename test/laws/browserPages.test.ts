/**
 * Laws of the browser side over simulated pages: tabs of one browser, with the real service over a ledger in memory, a
 * network that loses, repeats and delays, and a scheduler that chooses what happens next. Mutants that they kill are in
 * test/mutants/browser.ts.
 */
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { VisitEvent } from "../../core/browser/VisitAnswer.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as BrowserOf from "../support/browser/simulation/browser.ts"
import * as SiteOf from "../support/browser/simulation/site.ts"
import { times } from "../support/long.ts"

let site: SiteOf.Site
beforeAll(async () => {
  site = await SiteOf.open()
})
afterAll(() => site?.close())

const hour = 3_600_000
const asked = ["analytics/site", "analytics/shop", "marketing/ads", "functional/chat", "functional/maps"].map(
  (name) => `privacy_setting/${name}`,
)
const fate = fc.constantFrom<BrowserOf.Fate>("arrives", "arrives", "late", "lost", "unanswered", "repeated", "busy")
const fates = fc.array(fate, { maxLength: 10 })
const state = fc.constantFrom<"accepted" | "declined">("accepted", "declined")

/** What a person does in one of two tabs, and how long after what it did before. */
type Act =
  | { readonly kind: "choose"; readonly tab: number; readonly type: string; readonly state: "accepted" | "declined" }
  | { readonly kind: "all"; readonly tab: number; readonly state: "accepted" | "declined" }
  | { readonly kind: "kill"; readonly tab: number }
  | { readonly kind: "wait"; readonly millis: number }
  | { readonly kind: "settle" }

const tab = fc.nat(1)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("choose"), tab, type: fc.constantFrom(...asked), state }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("all"), tab, state }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill"), tab }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait"), millis: fc.constantFrom(1, 700, hour) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle") }) },
) as fc.Arbitrary<Act>

/** The session by which the browser is known, as another client of the Site API would use it. */
const askAs = async (browser: BrowserOf.Browser, path: string) => {
  const stored = [...browser.storage].find(([key]) => key.endsWith("-state"))
  const { contextId } = JSON.parse(stored![1]).value
  const opening = await site.answer({
    method: "POST",
    url: `${site.base}/session`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ contextId }),
  })
  const { session } = opening.json as { readonly session: string }
  const { json } = await site.answer({
    method: "GET",
    url: `${site.base}/${path}`,
    headers: { "x-session": session },
  })
  return (json as { readonly items: ReadonlyArray<never> }).items
}

interface AnsweredDecision {
  readonly concordId: string
  readonly consentType: string
  readonly region?: string
  readonly permitted: boolean
  readonly askAgain: boolean
  readonly nextChangeAt?: string
}

const decisionsOf = (browser: BrowserOf.Browser): Promise<ReadonlyArray<AnsweredDecision>> =>
  askAs(browser, "consent-decisions")

/** The bytes of the server's decision about a type. */
const textOf = (decision: AnsweredDecision) => JSON.stringify(decision)

/** The same, made by the page. */
const textInPage = ({ client }: BrowserOf.Tab, { concordId, consentType, region }: AnsweredDecision) => {
  const type = client.visit()!.types.find(({ id }) => id === consentType)!
  const named = { ...type, subcategory: type.subcategory[0] }
  return Exchange.decisionToText(concordId, named, client.decide(consentType)!, region)
}

/** Lets the network be as it should be, until nothing is left to do. */
const mend = async (browser: BrowserOf.Browser, tabs: ReadonlyArray<BrowserOf.Tab>): Promise<void> => {
  browser.mend()
  for (let round = 0; round < 20; round++) {
    await browser.pass(700_000)
    if (tabs.every(({ client }) => client.status().pending === 0 && client.status().phase === "fresh")) break
  }
  await browser.settle()
}

/** Plays acts, and answers the tabs that are open in the end, and the choices that were made. */
const play = async (browser: BrowserOf.Browser, acts: ReadonlyArray<Act>) => {
  const tabs = [browser.open(), browser.open()]
  await browser.settle()
  const choices: Array<{ readonly type: string; readonly state: string }> = []
  for (const each of acts) {
    if (each.kind === "wait") await browser.pass(each.millis)
    else if (each.kind === "settle") await browser.settle()
    else if (each.kind === "kill") {
      browser.kill(tabs[each.tab]!)
      tabs[each.tab] = browser.open()
    } else {
      const { client } = tabs[each.tab]!
      const types = each.kind === "all" ? asked.filter(() => client.visit() !== undefined) : [each.type]
      // Before the visit a page does not know its types.
      if (client.visit() === undefined) continue
      choices.push(...types.map((type) => ({ type, state: each.state })))
      if (each.kind === "choose") void client.record([{ consentType: each.type, consentState: each.state }])
      else void (each.state === "accepted" ? client.acceptAll() : client.declineAll())
      const permitted = types.filter((type) => client.permits(type))
      if (each.state === "declined") expect(permitted, "a refusal counts at the click").toEqual([])
    }
  }
  return { tabs, choices }
}

describe("Pages of one browser", () => {
  const runs = { numRuns: times(25, 200) }

  test("and the ledger give the same answers in the end, and every choice is recorded exactly once", () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fates,
        fc.boolean(),
        fc.array(act, { maxLength: 8 }),
        async (scheduler, fates, hasLocks, acts) => {
          const browser = BrowserOf.make({ site, scheduler, fates, hasLocks })
          const { choices, tabs } = await play(browser, acts)
          await mend(browser, tabs)
          expect(browser.storage.size > 0, "something is stored iff something was chosen").toBe(choices.length > 0)
          if (choices.length === 0) return
          const decisions = await decisionsOf(browser)
          const events: ReadonlyArray<VisitEvent> = await askAs(browser, "consent-events?limit=1000")
          expect(events.map(({ consentState }) => consentState).toSorted()).toEqual(
            choices.map(({ state }) => state).toSorted(),
          )
          expect(new Set(events.map(({ externalId }) => externalId)).size).toBe(events.length)
          const snapshot = Snapshot.fromCookies(
            [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
            site.project,
          )
          for (const each of tabs) {
            for (const decision of decisions) expect(textInPage(each, decision)).toBe(textOf(decision))
            const isAsked = ({ askAgain, consentType }: AnsweredDecision) =>
              askAgain && asked.some((triple) => site.types.get(triple) === consentType)
            expect(each.client.mustAsk(), "asked iff some type is to be asked").toBe(decisions.some(isAsked))
            for (const name of BrowserOf.watched) {
              expect(each.client.permits(name)).toBe(
                Snapshot.permits(snapshot, { name, since: 0, required: false, triple: "" }, each.client.now()),
              )
              expect(each.said.get(name) ?? false).toBe(each.client.permits(name))
            }
          }
        },
      ),
      runs,
    ))

  test("decide as the server does, at every change by time, and a millisecond before and after it", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(act, { minLength: 1, maxLength: 4 }), async (scheduler, acts) => {
        const browser = BrowserOf.make({ site, scheduler })
        const { choices, tabs } = await play(browser, [{ kind: "settle" }, ...acts])
        await mend(browser, tabs)
        if (choices.length === 0) return
        for (let change = 0; change < 3; change++) {
          const nexts = (await decisionsOf(browser)).flatMap(({ nextChangeAt }) => nextChangeAt ?? [])
          if (nexts.length === 0) return
          const next = Math.min(...nexts.map((text) => Date.parse(text)))
          for (const near of [next - 1, next, next + 1]) {
            if (near > site.now()) await browser.pass(near - site.now())
            for (const decision of await decisionsOf(browser)) {
              for (const each of tabs) expect(textInPage(each, decision)).toBe(textOf(decision))
            }
          }
        }
      }),
      { numRuns: times(8, 60) },
    ))

  test("start what a site runs only while it is permitted, and stop it when it no longer is", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fates, fc.array(act, { maxLength: 8 }), async (scheduler, fates, acts) => {
        const browser = BrowserOf.make({ site, scheduler, fates })
        const { tabs } = await play(browser, acts)
        for (const { client, log } of tabs) {
          for (const { isStart, permitted } of log) expect(permitted).toBe(isStart)
          for (const name of BrowserOf.watched) {
            const isRunning = log.findLast((each) => each.name === name)?.isStart ?? false
            if (isRunning) expect(client.permits(name), "what runs is permitted").toBe(true)
          }
        }
        await mend(browser, tabs)
      }),
      { numRuns: times(15, 120) },
    ))

  test("refuse what was accepted and refused at one millisecond", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fates, fc.boolean(), async (scheduler, fates, isFirst) => {
        const browser = BrowserOf.make({ site, scheduler })
        const tabs = [browser.open(), browser.open()]
        await browser.settle()
        browser.disturb(fates)
        const states = isFirst ? (["accepted", "declined"] as const) : (["declined", "accepted"] as const)
        tabs.forEach(({ client }, index) => {
          void client.record([{ consentType: asked[0]!, consentState: states[index]! }])
        })
        await mend(browser, tabs)
        for (const { client } of tabs) expect(client.decide(asked[0]!)?.permitted).toBe(false)
        const id = site.types.get(asked[0]!)
        const decision = (await decisionsOf(browser)).find(({ consentType }) => consentType === id)
        expect(decision?.permitted).toBe(false)
      }),
      { numRuns: times(8, 60) },
    ))

  test("leave nothing behind without an act: no cookie, no entry, no session", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fates, fc.boolean(), async (scheduler, fates, gpc) => {
        const browser = BrowserOf.make({ site, scheduler, fates, gpc: () => gpc })
        const tabs = [browser.open(), browser.open()]
        await browser.pass(2 * hour)
        browser.kill(tabs[0]!)
        const again = browser.open()
        await mend(browser, [again, tabs[1]!])
        expect(again.client.permits("marketing")).toBe(false)
        expect([...browser.storage.keys(), ...browser.cookies.keys()]).toEqual([])
        expect(new Set(browser.requests.map(({ method }) => method))).toEqual(new Set(["GET"]))
      }),
      { numRuns: times(6, 30) },
    ))

  test("keep a refusal that follows an acceptance, on a device whose clock is a little behind", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.constantFrom(-1900, -1000, 0, 1000, 1900), async (scheduler, behind) => {
        const browser = BrowserOf.make({ site, scheduler, skew: () => behind })
        const only = browser.open()
        await browser.settle()
        void only.client.acceptAll()
        await browser.settle()
        void only.client.declineAll()
        // The server does not have the refusal yet; the page does.
        for (let tries = 0; tries < 5; tries++) {
          expect(BrowserOf.watched.filter(only.client.permits)).toEqual([])
          site.advance(700)
        }
        await mend(browser, [only])
        expect(BrowserOf.watched.filter(only.client.permits)).toEqual([])
      }),
      { numRuns: times(5, 30) },
    ))

  test("keep their choices in memory where storage is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fates, async (scheduler, fates) => {
        const browser = BrowserOf.make({ site, scheduler, fates, refusesStorage: true })
        const only = browser.open()
        await browser.settle()
        await mend(browser, [only])
        void only.client.acceptAll()
        expect(only.client.permits("analytics")).toBe(true)
        void only.client.withdraw("analytics")
        expect(only.client.permits("analytics")).toBe(false)
        await mend(browser, [only])
        expect(only.client.status()).toMatchObject({ storage: "memory", pending: 0 })
        expect(only.client.permits("analytics")).toBe(false)
        expect(only.client.permits("marketing")).toBe(true)
      }),
      { numRuns: times(4, 30) },
    )
  })

  test("take the withdrawal of another page where the browser stores no more of their own", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), fc.boolean(), async (scheduler, isFullAtOnce, isSaid) => {
        const browser = BrowserOf.make({ site, scheduler })
        const [full, other] = [browser.open(), browser.open()]
        await browser.settle()
        full.isFull = isFullAtOnce
        void full.client.acceptAll()
        await mend(browser, [full, other])
        full.isFull = true
        if (isSaid)
          void full.client.record([{ consentType: "privacy_setting/functional/chat", consentState: "accepted" }])
        await mend(browser, [full, other])
        void other.client.declineAll()
        await browser.settle()
        expect(other.client.permits("analytics")).toBe(false)
        expect(full.client.permits("analytics")).toBe(false)
        await mend(browser, [full, other])
        expect(full.client.permits("analytics")).toBe(false)
      }),
      { numRuns: times(6, 40) },
    ))

  test("wait as long as a server says, and no shorter where that is longer than a timer of a browser", () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const browser = BrowserOf.make({ site, scheduler })
        const only = browser.open()
        await browser.settle()
        browser.disturb(["arrives", "away for long"])
        void only.client.acceptAll()
        await browser.settle()
        const before = browser.requests.length
        await browser.pass(24 * hour)
        expect(browser.requests.length).toBe(before)
        expect(only.client.status().pending).toBeGreaterThan(0)
      }),
      { numRuns: times(2, 10) },
    ))

  test("decide from what they have kept where the server is away, and count a choice before what sends it is there", () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(act, { minLength: 1, maxLength: 4 }),
        state,
        async (scheduler, acts, consentState) => {
          // The one type of its name: of types that share one, the next page waits for the server.
          const type = "privacy_setting/marketing/ads"
          const browser = BrowserOf.make({ site, scheduler })
          const { choices, tabs } = await play(browser, [{ kind: "settle" }, ...acts])
          await mend(browser, tabs)
          if (choices.length === 0) return
          const decisions = await decisionsOf(browser)
          tabs.forEach(browser.kill)
          browser.disturb(Array.from({ length: 200 }, () => "lost"))
          const only = browser.open()
          await browser.settle()
          expect(only.client.status()).toMatchObject({ phase: "decided", pending: 0 })
          for (const decision of decisions) expect(textInPage(only, decision)).toBe(textOf(decision))
          void only.client.record([{ consentType: type, consentState }])
          expect(only.client.permits(type)).toBe(consentState === "accepted")
          await browser.settle()
          browser.kill(only)
          const next = browser.open()
          expect(next.client.permits(type), "the next page knows it as well").toBe(consentState === "accepted")
          await browser.settle()
          expect(next.client.status().pending).toBe(1)
          await mend(browser, [next])
          const events: ReadonlyArray<VisitEvent> = await askAs(browser, "consent-events?limit=1000")
          expect(events).toHaveLength(choices.length + 1)
        },
      ),
      { numRuns: times(8, 60) },
    ))

  test("never permit again what lapsed, whatever the clock of the device is set to", () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.tuple(fc.constantFrom(-48, -24, -1, 0, 1, 23, 24, 25, 48), fc.boolean()), { maxLength: 8 }),
        async (scheduler, steps) => {
          let skew = 0
          const browser = BrowserOf.make({ site, scheduler, skew: () => skew })
          let only = browser.open()
          await browser.settle()
          void only.client.record([{ consentType: "privacy_setting/functional/chat", consentState: "accepted" }])
          await mend(browser, [only])
          let wasPermitted = true
          const isCut = { name: "functional" }
          for (const [hours, isReload] of steps) {
            skew += hours * hour
            // The server is away, so that its clock says nothing.
            const before = browser.requests.length
            if (isReload) {
              browser.kill(only)
              only = browser.open()
            }
            const isPermitted = only.client.permits("privacy_setting/functional/chat")
            expect(wasPermitted || !isPermitted, isCut.name).toBe(true)
            wasPermitted = isPermitted
            expect(browser.requests.length - before).toBeLessThanOrEqual(1)
          }
          await browser.settle()
        },
      ),
      { numRuns: times(20, 100) },
    ))
})
