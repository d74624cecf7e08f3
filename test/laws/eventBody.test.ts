/**
 * Personal data apart: the stored body of an event holds commitments, and the answer is composed of both.
 */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Crypto from "../../apps/Crypto.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Commitment from "../../core/ledger/Commitment.ts"
import * as EventBody from "../../core/ledger/EventBody.ts"
import * as EvidenceLine from "../../core/formats/EvidenceLine.ts"
import { Digest, SecureRandom } from "effect/crypto"
import * as ClearBody from "../support/clearBody.ts"

const id = fc.uuid()
/** Texts that look like the members of a body, and letters that JSON escapes. */
const text = fc.oneof(
  fc.constantFrom(
    ',"evidence":{"surface":"page"}',
    '"commitment":"' + "A".repeat(43) + '"}',
    '\\"commitment\\":\\"',
    ',"domain":"x"',
    '"erased":true}',
    "{}",
    "",
    '\u2028\\"\0',
    "\ud800",
    "Mozilla/5.0 (X11; Linux)",
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
)
const instant = fc.integer({ min: 0, max: 5 }).map((days) => Instant.min + days * 86_400_000)
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

const session = fc.record(
  { id, ipAddress: text, domain: text, geography: text, userAgent: text },
  { requiredKeys: ["id", "ipAddress", "domain"] },
)

const evidence = fc
  .record(
    {
      surface: fc.constantFrom("banner" as const, "page" as const),
      layout: fc.constantFrom("bar" as const, "inline" as const),
      textHash: fc.constantFrom("0a".repeat(32), "ff".repeat(32)),
      gpc: fc.boolean(),
      signal: fc.constant("gpc" as const),
      region: id,
    },
    { requiredKeys: [] },
  )
  .filter((members) => Object.keys(members).length > 0)

const recorded = fc.record({
  event: fc
    .record({
      id,
      concordId: id,
      consentType: id,
      version: fc.integer({ min: 1, max: 9 }),
      consentState: fc.constantFrom(...ConsentState.all),
      consentAction: fc.constantFrom("user_click" as const, "implied" as const),
      consentDate: instant,
      dateCreated: instant,
    })
    .chain((event) =>
      maybe(instant).map((expirationDate) => ({ ...event, ...(expirationDate && { expirationDate }) })),
    ),
  type: fc.record({ category: text, subcategory: text, label: text }),
  project: fc.record({ id, organization: id }),
  submitter: id,
  session: maybe(session),
  externalId: maybe(text),
  given: fc.record(
    { claimedConsentDate: instant, claimedExpirationDate: instant, language: text, evidence },
    { requiredKeys: [] },
  ),
})

type Recorded = typeof recorded extends fc.Arbitrary<infer Value> ? Value : never

const services = Effect.provide(
  Effect.all({ digest: Effect.service(Digest.Digest), random: Effect.service(SecureRandom.SecureRandom) }),
  Crypto.layer,
)
const context = Effect.runSync(services)

/** Commits to personal data, and notes them by their commitment. */
const commit = (json: string, personal: Map<string, string>): string => {
  const { commitment } = Effect.runSync(Commitment.make(json, context))
  personal.set(commitment, json)
  return commitment
}

/** The stored body of an event, and its personal data by their commitments. */
const store = ({ event, externalId, given, project, session, submitter, type }: Recorded) => {
  const personal = new Map<string, string>()
  const shown = session && { ...session, commitment: commit(EventBody.sessionJson(session), personal) }
  const own = externalId === undefined ? undefined : commit(EventBody.externalIdJson(externalId), personal)
  return { body: EventBody.write(event, type, project, submitter, shown, own, given), personal }
}

const clear = ({ event, externalId, given, project, session, submitter, type }: Recorded) =>
  ClearBody.of(event, type, project, submitter, session, externalId, given)

describe("An event whose personal data are kept apart (law E5)", () => {
  // Kills: userAgent written before geography; the address after the domain.
  test("is answered byte for byte as it was given, while they are there", () => {
    fc.assert(
      fc.property(recorded, (each) => {
        const { body, personal } = store(each)
        expect(EventBody.compose(body, personal)).toBe(clear(each))
      }),
      { numRuns: 1000 },
    )
  })

  // Kills: a member that stays, `erased` left out, or said of an event without personal data.
  test("is answered the same without them, and as erased, once they are gone", () => {
    fc.assert(
      fc.property(recorded, fc.boolean(), fc.boolean(), (each, isSessionGone, isIdGone) => {
        const { body, personal } = store(each)
        const left = new Map(personal)
        for (const { commitment, kind } of EventBody.commitmentsOf(body))
          if (kind === "session" ? isSessionGone : isIdGone) left.delete(commitment)
        const { externalId, session, ...rest } = JSON.parse(clear(each))
        const { ipAddress, userAgent, ...shown } = session ?? {}
        const keepsSession = !isSessionGone || session === undefined
        const keepsId = !isIdGone || externalId === undefined
        const answer = JSON.parse(EventBody.compose(body, left))
        expect(answer).toEqual({
          ...rest,
          ...(session !== undefined && {
            session: { ...shown, ...(keepsSession && { ipAddress, ...(userAgent !== undefined && { userAgent }) }) },
          }),
          ...(externalId !== undefined && keepsId && { externalId }),
          ...(!(keepsSession && keepsId) && { erased: true }),
        })
        if (answer.erased) expect(Object.keys(answer).at(-1)).toBe("erased")
        // The order of the members that are left is that of the answer before.
        const before = Object.keys(JSON.parse(clear(each)))
        expect(Object.keys(answer).filter((name) => name !== "erased")).toEqual(before.filter((name) => name in answer))
      }),
      { numRuns: 1000 },
    )
  })

  // Kills: evidence in a text that looks like it; evidence of which a part stays.
  test("is answered without its evidence as if it had been given none, and never otherwise changed", () => {
    fc.assert(
      fc.property(recorded, (each) => {
        const { evidence: kept, ...given } = each.given
        const answer = clear(each)
        expect(EventBody.withoutEvidence(`[${answer},${answer}]`)).toBe(
          `[${clear({ ...each, given })},${clear({ ...each, given })}]`,
        )
        expect(EventBody.read(answer)!.hasWrongEvidence).toBe(false)
        expect(EvidenceLine.toEvidence(kept)).toEqual(kept)
      }),
      { numRuns: 1000 },
    )
  })

  test("is stored without any of them", () => {
    const each = {
      ...fc.sample(recorded, 1)[0]!,
      session: { id: "s", ipAddress: "192.0.2.0", domain: "a.example", userAgent: "Browser 1" },
      externalId: "order 7",
    }
    const { body } = store(each)
    for (const personal of ["192.0.2.0", "Browser 1", "order 7", "ipAddress", "userAgent", "externalId"])
      expect(body).not.toContain(personal)
    expect(EventBody.read(body)).toMatchObject({ inClear: [], commitment: expect.any(String) })
    expect(EventBody.read(clear(each))!.inClear).toEqual(["ipAddress", "userAgent", "externalId"])
  })

  test("has no commitment where it came in no session and without an id of its own, and is its own answer", () => {
    fc.assert(
      fc.property(recorded, (each) => {
        const { body } = store({ ...each, session: undefined, externalId: undefined })
        expect(EventBody.commitmentsOf(body)).toEqual([])
        expect(EventBody.compose(body, new Map())).toBe(body)
        expect(body).toBe(clear({ ...each, session: undefined, externalId: undefined }))
      }),
    )
  })
})

describe("A commitment (law E6)", () => {
  // Kills: an opening that is always the same.
  test("differs for equal personal data", () => {
    fc.assert(
      fc.property(text, (json) => {
        const commitments = [0, 1, 2].map(() => Effect.runSync(Commitment.make(json, context)).commitment)
        expect(new Set(commitments).size).toBe(3)
      }),
    )
  })

  // Kills: the hash of the opening alone; no prefix.
  test("is opened by its own text only", () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (json, place, flip) => {
        const { commitment, text } = Effect.runSync(Commitment.make(json, context))
        expect(commitment).toMatch(/^[\w-]{43}$/)
        const opens = (text: Uint8Array) => Effect.runSync(Commitment.opens(text, Commitment.idOf(commitment), context))
        expect(Commitment.jsonOf(text)).toBe(json.toWellFormed())
        const other = Uint8Array.from(text)
        other[place % other.length]! ^= flip
        expect([opens(text), opens(other), opens(text.subarray(0, -1))]).toEqual([true, false, false])
      }),
    )
  })

  test("is base64url of SHA-256 of 0x02, the opening and the personal data", async () => {
    const { commitment, text } = Effect.runSync(Commitment.make('{"externalId":"1"}', context))
    const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from([2, ...text]))
    expect(commitment).toBe(Buffer.from(hash).toString("base64url"))
    expect(Commitment.idOf(commitment)).toBe(Buffer.from(hash).toString("hex"))
    expect(Buffer.from(text.subarray(32)).toString()).toBe('{"externalId":"1"}')
  })
})
