/**
 * Random sequences of requests, as plain data: references, such as to the second consent type, are resolved when they
 * are sent. There are few people, types, instants, keys and external ids, so that requests are about the same ones.
 */
import * as fc from "fast-check"

const maybe = <A>(arbitrary: fc.Arbitrary<A>, freq = 2) => fc.option(arbitrary, { nil: undefined, freq })

/** All dates, in days from today: those of consent are past, those of expiration mostly in the future. */
const past = fc.integer({ min: -6, max: -1 })
const anyDay = fc.integer({ min: -7, max: 7 })
const state = fc.constantFrom("accepted", "accepted", "declined", "implied", "viewed")
const action = fc.constantFrom("user_click", "implied", "import")
const period = fc.constantFrom("P1D", "P3D", "P1W", "P1M")

/** Identifiers of an item, of which `person` is the number of a person that the sequence has met. */
export interface Identifiers {
  readonly userId?: string
  readonly projectUserId?: string
  readonly email?: string
  readonly phoneNumber?: string
  readonly person?: number
}

/** Identifiers of a few people; some spellings are of the same person, some are not valid. */
const identifiers: fc.Arbitrary<Identifiers> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ userId: fc.constantFrom("u1", "u2", "ü🦊") }) },
  {
    weight: 3,
    arbitrary: fc.record({ email: fc.constantFrom("a@x.example", " A@X.example ", "b@x.example", "none") }),
  },
  { weight: 2, arbitrary: fc.record({ phoneNumber: fc.constantFrom("+4915112345678", "+49 151 12345678", "1") }) },
  { weight: 2, arbitrary: fc.record({ projectUserId: fc.constantFrom("p1", "p2") }) },
  { weight: 3, arbitrary: fc.record({ person: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record(
      { userId: fc.constantFrom("u1", "u3"), email: fc.constantFrom("a@x.example", "c@x.example"), person: fc.nat(5) },
      { requiredKeys: [] },
    ),
  },
)

const named = fc.constantFrom("id", "id", "id", "triple", "both", "mismatch", "unknown", "none")
const type = fc.record({ named, number: fc.nat(3) })

const anyItem = fc.record({
  who: identifiers,
  type,
  consentState: state,
  consentAction: action,
  consentDate: maybe(fc.oneof(past, past, fc.constantFrom("soon" as const, "tomorrow" as const))),
  expirationDate: maybe(anyDay, 3),
  version: maybe(fc.integer({ min: 1, max: 3 }), 3),
  externalId: maybe(fc.constantFrom("x1", "x2", "x3"), 3),
})
export type Item = typeof anyItem extends fc.Arbitrary<infer A> ? A : never

/** An item that breaks a rule only if its identifiers conflict or its type does not allow it. */
const plainItem: fc.Arbitrary<Item> = fc.record({
  who: fc.record(
    {
      userId: fc.constantFrom("u1", "u2"),
      email: fc.constantFrom("a@x.example", "b@x.example"),
      projectUserId: fc.constantFrom("p1", "p2"),
    },
    { requiredKeys: [] },
  ),
  type: fc.record({ named: fc.constant("id" as const), number: fc.nat(1) }),
  consentState: fc.constantFrom("accepted", "declined"),
  consentAction: fc.constant("user_click"),
  consentDate: fc.constant(undefined),
  expirationDate: fc.constant(undefined),
  version: fc.constant(undefined),
  externalId: maybe(fc.constantFrom("x1", "x2", "x3"), 1),
})
const item = fc.oneof({ weight: 1, arbitrary: anyItem }, { weight: 2, arbitrary: plainItem })

const visitorItem = fc.record({ type, consentState: state, consentAction: fc.constantFrom("user_click", "implied") })

const key = maybe(fc.constantFrom("key-1", "key-2"), 4)

const rules = fc.record(
  {
    precedence: fc.constantFrom("explicit-first", "most-recent"),
    maxAge: fc.record({ accepted: fc.option(period), declined: period, implied: period }, { requiredKeys: [] }),
    recordedExpiration: fc.constantFrom("honor", "ignore"),
    permits: fc.constantFrom("accepted", "implied", "viewed"),
  },
  { requiredKeys: [] },
)
const document = fc.constantFrom("The text.", "Another text. ü🦊 \u2028")
const texts = { description: fc.constantFrom("", "Described."), document, url: fc.constantFrom("https://a.example/") }
const publication = { requireReaccept: fc.boolean(), grace: fc.constantFrom("P1D", "P3D"), publishedAt: anyDay }
const conditions = {
  validStates: fc.constantFrom(["accepted"], ["declined", "accepted", "implied", "viewed"]),
  consentDuration: fc.option(period),
  status: fc.constantFrom("active", "active", "active", "archived", "obsolete", "test"),
  required: fc.boolean(),
  rules,
}
const subcategory = fc.constantFrom("email", "phone", "analytics")
const label = fc.constantFrom("one", "two", "th*ree_3")
const newType = fc.record(
  {
    category: fc.constantFrom("disclosure", "custom"),
    subcategory,
    label,
    name: fc.constantFrom("A name", "B name"),
    ...texts,
    ...publication,
    ...conditions,
  },
  { requiredKeys: ["category", "subcategory", "label", "name"] },
)
export type NewType = typeof newType extends fc.Arbitrary<infer A> ? A : never

const typeChange = fc.record(
  {
    label,
    name: fc.constantFrom("A name", "C name"),
    ...texts,
    document: fc.option(document),
    ...publication,
    ...conditions,
    version: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
)
export type TypeChange = typeof typeChange extends fc.Arbitrary<infer A> ? A : never

/** An instant of a question: a day, an instant at which something was recorded, or the millisecond before that. */
const instant = fc.oneof(anyDay, fc.record({ known: fc.nat(20), before: fc.boolean() }))
export type AskedInstant = typeof instant extends fc.Arbitrary<infer A> ? A : never
const instants = { at: maybe(instant), knownAt: maybe(instant) }

const page = {
  order: fc.constantFrom("asc", "desc"),
  limit: fc.constantFrom(1, 2, 5, 1000),
  offset: fc.constantFrom(0, 1, 3, 100),
}
const eventQuery = fc.record(
  {
    ...page,
    sort: fc.constantFrom("consentDate", "dateCreated"),
    startDate: anyDay,
    endDate: anyDay,
    category: fc.constantFrom("disclosure", "custom"),
    subcategory,
    label,
    consentState: fc.subarray(["accepted", "declined", "implied", "viewed"] as const, { minLength: 1 }),
    consentAction: fc.subarray(["user_click", "implied", "import"] as const, { minLength: 1 }),
    submitter: fc.boolean(),
    concordId: fc.nat(5),
    domain: fc.constantFrom("random.example", "other.example"),
  },
  { requiredKeys: [] },
)
export type EventQuery = typeof eventQuery extends fc.Arbitrary<infer A> ? A : never

const typeQuery = fc.record(
  {
    ...page,
    sort: fc.constantFrom("dateCreated", "name"),
    category: fc.constantFrom("disclosure", "custom"),
    subcategory,
    label,
    name: fc.constantFrom("A name", "B name", "C name"),
    version: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom("active", "archived", "obsolete", "test"),
  },
  { requiredKeys: [] },
)
export type TypeQuery = typeof typeQuery extends fc.Arbitrary<infer A> ? A : never

const of = <const Name extends string, Fields extends Readonly<Record<string, unknown>>>(
  weight: number,
  name: Name,
  fields: { readonly [Field in keyof Fields]: fc.Arbitrary<Fields[Field]> },
) => ({
  weight,
  arbitrary: fc.record({ does: fc.constant(name), ...fields }) as fc.Arbitrary<{ readonly does: Name } & Fields>,
})

const which = fc.nat(20)

/** One request. */
export const command = fc.oneof(
  of(3, "createType", { fields: newType }),
  of(2, "changeType", { type: which, change: typeChange }),
  of(1, "deleteType", { type: which }),
  of(8, "record", { items: fc.array(item, { minLength: 1, maxLength: 5 }), key }),
  of(8, "record", { items: fc.array(plainItem, { minLength: 1, maxLength: 2 }), key }),
  of(1, "import", { items: fc.array(item, { minLength: 20, maxLength: 60 }), key }),
  of(5, "decisions", { who: identifiers, ...instants }),
  of(4, "state", { who: identifiers, ...instants }),
  of(3, "manyDecisions", {
    questions: fc.array(fc.record({ who: identifiers, type: which }), { minLength: 1, maxLength: 6 }),
    key,
    ...instants,
  }),
  of(5, "listEvents", { query: eventQuery }),
  of(3, "listTypes", { query: typeQuery }),
  of(2, "version", { type: which, version: fc.integer({ min: 0, max: 4 }) }),
  of(2, "event", { event: fc.nat(200) }),
  of(2, "visit", { visitor: maybe(fc.nat(3)) }),
  of(4, "answer", { visitor: fc.nat(3), items: fc.array(visitorItem, { minLength: 1, maxLength: 3 }), key }),
  of(3, "ownState", { visitor: fc.nat(3) }),
  of(2, "ownDecisions", { visitor: fc.nat(3), ...instants }),
  of(2, "ownEvents", { visitor: fc.nat(3), query: eventQuery }),
)
export type Command = typeof command extends fc.Arbitrary<infer A> ? A : never

/** A sequence. It begins with the creation of a type. */
export const sequence = fc.record({
  first: newType,
  commands: fc.array(command, { minLength: 1, maxLength: 80, size: "max" }),
})
