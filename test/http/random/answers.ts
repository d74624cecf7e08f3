/**
 * The model's answer to each question, as HTTP answers it: the status with the body, or with the violations.
 *
 * Consent types and their lists are encoded here from the contract a second time, because the ledger has no JSON of
 * them.
 */
import type { FoundPerson } from "../../../core/Ledger.ts"
import { Effect, Option } from "effect"
import type { ListedType, ListedVersion, Project, ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import type * as ConsentTypes from "../../../core/catalog/ConsentTypes.ts"
import * as ShownTexts from "../../../core/catalog/ShownTexts.ts"
import type * as CatalogChange from "../../../core/catalog/CatalogChange.ts"
import type { Ledger } from "../../../core/Ledger.ts"
import type { EventQuery } from "../../../core/ledger/Listing.ts"
import type { TypeDecision } from "../../../core/ledger/Reading.ts"
import type { ListOutcome } from "../../../core/ledger/Paging.ts"
import type { Batch } from "../../../core/ledger/Batch.ts"
import type { Item } from "../../../core/model/Admission.ts"
import type { Identifiers } from "../../../core/model/People.ts"
import * as Period from "../../../core/engine/Period.ts"
import { nobody } from "../world.ts"
import type * as Commands from "./commands.ts"
import type { Drawn, Model } from "./model.ts"

type Service = Ledger["Service"]

/** An answer: JSON, and whether it is a replay. */
export interface Given {
  readonly status: number
  readonly body: unknown
  readonly isRepeated?: true
}

/** A refusal: the violations, as `pointer code` or `parameter code`, in any order. */
export interface Refused {
  readonly status: number
  readonly codes: ReadonlyArray<string>
}

export type Expected = Given | Refused

/** Today's midnight, from which all days are counted. */
const today = Math.floor(Date.now() / 86_400_000) * 86_400_000
export const dayOf = (days: number): number => today + days * 86_400_000

const decodeRules = Exchange.decoder(Exchange.Rules)
const rulesOf = (value: unknown) => {
  const decoded = decodeRules(value)
  return decoded._tag === "Success" ? decoded.success : {}
}

/** A consent type, or a change of one, as it is sent. */
export const typeWire = ({ publishedAt, ...fields }: Commands.NewType | Commands.TypeChange): object => ({
  ...fields,
  ...(publishedAt !== undefined && { publishedAt: Instant.format(dayOf(publishedAt)) }),
})

/** The same in the form of the ledger. */
export const typeFields = <Fields extends Commands.NewType | Commands.TypeChange>(fields: Fields) => {
  const { consentDuration, grace, publishedAt, rules, ...rest } = fields
  return {
    ...rest,
    ...(consentDuration !== undefined && { consentDuration: consentDuration && Period.parse(consentDuration)! }),
    ...(grace !== undefined && { grace: Period.parse(grace)! }),
    ...(publishedAt !== undefined && { publishedAt: dayOf(publishedAt) }),
    ...(rules !== undefined && { rules: rulesOf(rules) }),
  }
}

const list = (bodies: ReadonlyArray<string>) => ({
  count: bodies.length,
  items: bodies.map((body): unknown => JSON.parse(body)),
})

const reused: Refused = { status: 422, codes: ["Idempotency-Key idempotency_key_reused"] }

const publication = ({ dateCreated, grace, id, publishedAt, requireReaccept, version }: ListedVersion) => ({
  id,
  version,
  publishedAt: Instant.format(publishedAt),
  dateCreated: Instant.format(dateCreated),
  requireReaccept,
  ...(grace !== undefined && { grace: Period.format(grace) }),
})

const shown = ({ description, name, url }: ListedVersion, document: string | undefined) => ({
  name,
  description,
  ...(url !== undefined && { url }),
  ...(document !== undefined && { document }),
})

/** The version published last, or before the first, version 1. Of versions of one instant, the highest. */
const inForce = ({ versions }: ListedType, now: number): ListedVersion => {
  const published = versions.filter(({ publishedAt }) => publishedAt <= now)
  return published.toSorted((a, b) => a.publishedAt - b.publishedAt).at(-1) ?? versions[0]!
}

const wireRules = ({ maxAge, ...rules }: ListedType["rules"]) => ({
  ...rules,
  ...(maxAge !== undefined && {
    maxAge: Object.fromEntries(Object.entries(maxAge).map(([state, age]) => [state, age && Period.format(age)])),
  }),
})

const typeBody = (type: ListedType, document: string | undefined, now: number) => {
  const { grace, version } = publication(inForce(type, now))
  const asks = type.versions.filter((each) => each.requireReaccept && each.publishedAt <= now)
  const { category, id, label, organization, project, required, status, validStates } = type
  return {
    ...{ id, organization, project, category, subcategory: [type.subcategory], label, status, required, validStates },
    ...shown(inForce(type, now), document),
    ...(type.consentDuration !== undefined && { consentDuration: Period.format(type.consentDuration) }),
    ...{ requireReaccept: false, version, ...(grace !== undefined && { grace }) },
    rules: wireRules(type.rules),
    ...(asks.length > 0 && { requireReacceptVersion: asks.at(-1)!.version }),
    readOnly: false,
    dateCreated: Instant.format(type.dateCreated),
    dateUpdated: Instant.format(type.dateUpdated),
    versions: type.versions.map(publication),
  }
}

/** The instants of a question: the model always gets both. */
export interface Instants {
  readonly at: number
  readonly knownAt: number
}

/** A question about many people. */
export interface Question {
  readonly person: Identifiers
  /** Whether at least one identifier names the people. */
  readonly isNamed: boolean
  readonly consentType: string
}

/** A model's answers about one project. */
export const of = (model: Model, project: Project) => {
  /** Asks with the project as it is now. */
  const run = <A, E>(drawn: Drawn, use: (ledger: Service, scope: ProjectScope) => Effect.Effect<A, E>): Promise<A> =>
    model.run(drawn, (ledger) =>
      Effect.flatMap(ledger.projectScope(project.id), (scope) => use(ledger, Option.getOrThrow(scope))),
    )

  const record = async (drawn: Drawn, request: Omit<Batch, keyof ProjectScope>): Promise<Expected> => {
    const outcome = await run(drawn, (ledger, scope) => ledger.record({ ...scope, ...request }))
    switch (outcome._tag) {
      case "Recorded": {
        const { alsoRecordedFor, events, isRepeated, leftOut } = outcome
        const isVisitor = request.session !== undefined
        const items = events.map(({ body }, item): object => {
          if (isVisitor) return JSON.parse(body)
          const [members, further] = [leftOut.get(item), alsoRecordedFor.get(item)]
          return {
            ...JSON.parse(body),
            ...(members !== undefined && { leftOut: members }),
            ...(further !== undefined && { alsoRecordedFor: further }),
          }
        })
        return { status: 201, body: { count: items.length, items }, ...(isRepeated && { isRepeated }) }
      }
      case "Refused": {
        const codes = outcome.violations.map(({ code, field, item }) => `/items/${item}/${field} ${code}`)
        const faulty = new Set(outcome.violations.map(({ item }) => item))
        for (const [item, { consentState }] of request.items.entries()) {
          // The answer names every refusal that is not recorded because of other items.
          if (consentState === "declined" && !faulty.has(item)) codes.push(`/items/${item} not_recorded`)
        }
        return { status: 422, codes }
      }
      case "Reused":
        return reused
      case "UnderWay":
        return { status: 409, codes: [] }
    }
  }

  const changeType = async (
    drawn: Drawn,
    change: (
      ledger: Service,
      scope: ProjectScope,
    ) => Effect.Effect<CatalogChange.CatalogOutcome<ListedType | ConsentTypes.ShownType>, unknown>,
  ): Promise<Expected> =>
    run(drawn, (ledger, scope) =>
      Effect.flatMap(change(ledger, scope), (outcome): Effect.Effect<Expected, unknown> => {
        switch (outcome._tag) {
          case "NotFound":
            return Effect.succeed({ status: 404, codes: [] })
          case "Refused": {
            const codes = outcome.faults.map(({ code, field }) => `/${field} ${code}`)
            return Effect.succeed({ status: 422, codes })
          }
          case "Conflict": {
            const codes = [`/${outcome.fault.field} ${outcome.fault.code}`]
            return Effect.succeed({ status: 409, codes })
          }
          case "Changed": {
            const type = "type" in outcome.value ? outcome.value.type : outcome.value
            const document = ledger.setup.document(ShownTexts.ofVersion(type, inForce(type, drawn.now)))
            return Effect.map(document, (text) => ({ status: 200, body: typeBody(type, text, drawn.now) }))
          }
          default:
            return Effect.die(outcome._tag)
        }
      }),
    )

  type Named = Pick<Extract<FoundPerson, { _tag: "Found" }>, "concordId" | "alias" | "further">

  const person = (ledger: Service, scope: ProjectScope, identifiers: Identifiers, at: (field: string) => string) =>
    Effect.flatMap(ledger.find(scope, identifiers), (found) =>
      found._tag === "Found"
        ? Effect.succeed(found)
        : Effect.fail(found.faults.map(({ code, field }) => `${at(field)} ${code}`)),
    )

  const decisionsOf = (ledger: Service, scope: ProjectScope, person: Named, instants: Instants) =>
    Effect.map(ledger.decisions({ ...scope, ...person, ...instants }), (answered) => answered.items.map(lineOf))

  const lineOf = ({ decision, person: { concordId, namedSince }, type }: TypeDecision): string =>
    JSON.stringify({
      ...Exchange.decisionToLine(concordId, type, decision),
      ...(namedSince !== undefined && { namedSince: new Date(namedSince).toISOString() }),
    })

  const ask = (
    drawn: Drawn,
    question: "consent-decisions" | "consent-state",
    identifiers: Identifiers,
    instants: Instants,
  ): Promise<Expected> =>
    run(drawn, (ledger, scope) =>
      person(ledger, scope, identifiers, (field) => field).pipe(
        Effect.flatMap((named) =>
          question === "consent-decisions"
            ? decisionsOf(ledger, scope, named, instants)
            : Effect.map(ledger.state({ ...scope, ...named, ...instants }), ({ items }) =>
                items.map(({ event }) => event.body),
              ),
        ),
        Effect.map((bodies): Expected => ({ status: 200, body: list(bodies) })),
        Effect.catch((codes) => Effect.succeed({ status: 400, codes: codes as ReadonlyArray<string> })),
      ),
    )

  const unknownType = (index: number) => `/items/${index}/consentType unknown_consent_type`

  /**
   * The line that answers one of many questions, or its violations as the question at `index`; `undefined` if its type
   * was not set up yet, as known at the instant that is asked about.
   */
  const answerOne = (
    { consentType, isNamed, person: identifiers }: Question,
    index: number,
    { now, ...instants }: Drawn & Instants,
  ): Promise<string | ReadonlyArray<string> | undefined> =>
    run({ now }, (ledger, scope) =>
      Effect.gen(function* () {
        const isListed = scope.types.all.some(({ id }) => id === consentType)
        const codes = isListed ? [] : [unknownType(index)]
        const found = isNamed ? yield* ledger.find(scope, identifiers) : undefined
        if (found === undefined) return [...codes, `/items/${index}/person identifier_missing`]
        if (found._tag === "Refused") {
          return [...codes, ...found.faults.map(({ code, field }) => `/items/${index}/person/${field} ${code}`)]
        }
        if (!isListed) return codes
        const { items } = yield* ledger.decisions({ ...scope, ...found, ...instants })
        const item = items.find(({ type }) => type.id === consentType)
        return item && lineOf(item)
      }),
    )

  /** Asks each question at its own instants, because the server answers them at the same time. */
  const askMany = async (
    questions: ReadonlyArray<Question>,
    instants: ReadonlyArray<Drawn & Instants>,
  ): Promise<Expected> => {
    const lines: Array<string | undefined> = []
    const codes: Array<string> = []
    for (const [index, question] of questions.entries()) {
      const answered = await answerOne(question, index, instants[index]!)
      if (typeof answered === "object") codes.push(...answered)
      else lines.push(answered)
    }
    if (codes.length > 0) return { status: 422, codes }
    const notYet = lines.flatMap((line, index) => (line === undefined ? [unknownType(index)] : []))
    if (notYet.length > 0) return { status: 422, codes: notYet }
    return { status: 200, body: list(lines as ReadonlyArray<string>) }
  }

  const page = <A>(outcome: ListOutcome<A>, items: ReadonlyArray<unknown>): Expected => {
    if (outcome._tag === "UnknownCursor") return { status: 400, codes: ["cursor unknown_cursor"] }
    const { nextCursor, offset, total } = outcome
    return { status: 200, body: { offset, count: items.length, total, items, ...(nextCursor && { nextCursor }) } }
  }

  const listEvents = (asker: string, query: EventQuery): Promise<Expected> =>
    run({ now: Date.now() }, (ledger, scope) =>
      Effect.map(ledger.list(scope, asker, query), (outcome) =>
        page(outcome, outcome._tag === "Listed" ? list(outcome.items.map(({ body }) => body)).items : []),
      ),
    )

  const listTypes = (asker: string, query: Commands.TypeQuery & { readonly cursor?: string }): Promise<Expected> => {
    const { cursor: _, limit: __, offset: ___, order, sort, ...wanted } = query
    const now = Date.now()
    const members = (type: ListedType) => ({ ...inForce(type, now), ...type })
    return run({ now }, (ledger, { organization, types }) =>
      Effect.gen(function* () {
        const matching = types.all
          .map(members)
          .filter((type) =>
            Object.entries(wanted).every(([name, value]) => type[name as keyof typeof wanted] === value),
          )
        // The key and the list that the server's cursors are bound to, so that the model's cursors equal them.
        const bound = { ...(sort && { sort }), ...(order && { order }), ...wanted }
        const purpose = ["types", project.id, asker, bound]
        const outcome = yield* ledger.listEntries(organization, purpose, matching, query as EntryPage, () => 0)
        const items: Array<unknown> = []
        for (const { id } of outcome._tag === "Listed" ? outcome.items : []) {
          const type = types.byId.get(id)!
          items.push(typeBody(type, yield* ledger.setup.document(ShownTexts.ofVersion(type, inForce(type, now))), now))
        }
        return page(outcome, items)
      }),
    )
  }
  type EntryPage = Parameters<Service["listEntries"]>[3]

  const version = (id: string, number: number): Promise<Expected> =>
    run({ now: Date.now() }, (ledger, { types }): Effect.Effect<Expected, unknown> => {
      const type = types.byId.get(id)
      const found = type?.versions.find((each) => each.version === number)
      if (type === undefined || found === undefined) return Effect.succeed({ status: 404, codes: [] })
      return Effect.map(ledger.setup.document(ShownTexts.ofVersion(type, found)), (document): Expected => ({
        status: 200,
        body: { consentType: id, ...shown(found, document), ...publication(found) },
      }))
    })

  const visit = (drawn: Drawn, opening: { readonly ipAddress: string; readonly domain: string }) =>
    run(drawn, (ledger, scope) =>
      Effect.flatMap(ledger.openSession({ ...scope, ...opening }), (opened) =>
        opened._tag === "Opened" ? Effect.succeed(opened.session) : Effect.die(opened._tag),
      ),
    )

  /** The members of an item that name a type, in one of the possible ways. */
  const typeNamed = (id: string, named: Commands.Item["type"]["named"]): Promise<Partial<Item>> =>
    run({ now: Date.now() }, (_, { types }) => {
      const type = types.byId.get(id)
      if (type === undefined || named === "unknown") return Effect.succeed({ consentType: nobody })
      const { category, label, subcategory } = type
      const ways = {
        id: { consentType: id },
        triple: { category, subcategory, label },
        both: { consentType: id, category, subcategory, label },
        mismatch: { consentType: id, label: "another" },
        none: { category },
      } as const
      return Effect.succeed(ways[named])
    })

  return { ask, askMany, changeType, listEvents, listTypes, record, typeNamed, version, visit }
}
