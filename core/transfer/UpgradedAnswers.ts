/**
 * The answers in idempotency records, in the form in which they are kept since personal data are apart: a session
 * without its address and browser, which are in the session itself, and facts as they are stored instead of as they
 * were answered. Any other answer has nothing personal and is copied.
 */
import { Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as FactLine from "../formats/FactLine.ts"
import type { Owner } from "../model/Lane.ts"
import type { Fact } from "../model/People.ts"
import type { Upgrade } from "../ports/LedgerUpgrade.ts"
import type { RowBefore } from "../ports/TablesBefore.ts"
import type { UpgradeCatalog } from "./UpgradeCatalog.ts"
import type { CommittedText, PartedOf, UpgradedParts } from "./UpgradedParts.ts"
import type { Upgraded } from "./UpgradedRows.ts"
import * as UpgradedTexts from "./UpgradedTexts.ts"

type Record = RowBefore<"idempotency">

/** A fact as it was answered. */
interface AnsweredFact extends Pick<Fact, "id" | "survivor"> {
  readonly kind: string
}

/** A page of a person, as the undoing of a fact was answered. */
interface AnsweredPage {
  readonly concordId: string
  readonly members: ReadonlyArray<string>
  /** Left out by early versions. */
  readonly identifiers?: ReadonlyArray<{ readonly since: string }>
  readonly facts: ReadonlyArray<AnsweredFact>
  readonly nextCursor?: string
}

/** A page of a person, as the undoing of a fact is kept. */
interface KeptPage {
  readonly survivor: string
  readonly members: ReadonlyArray<string>
  readonly identifiers: ReadonlyArray<{ readonly since: Instant.Instant }>
  readonly facts: ReadonlyArray<Fact>
  readonly nextCursor?: string
}

const isFact = (text: string): boolean => text.startsWith('{"id":"') && JSON.parse(text).kind === "released"

const isPage = (text: string): boolean => text.startsWith('{"concordId":"') && "facts" in JSON.parse(text)

const isKeptPage = (text: string): boolean => text.startsWith('{"survivor":"') && "facts" in JSON.parse(text)

const factsIn = (text: string): ReadonlyArray<AnsweredFact> =>
  isFact(text) ? [JSON.parse(text)] : isPage(text) ? (JSON.parse(text) as AnsweredPage).facts : []

/** The record of an undoing, with its facts as they are stored. */
const keptPage = (text: string, facts: ReadonlyArray<string>): string => {
  const { concordId, identifiers = [], members, nextCursor } = JSON.parse(text) as AnsweredPage
  const kept: KeptPage = {
    survivor: concordId,
    members,
    identifiers: identifiers.map(({ since, ...named }) => ({ ...named, since: Instant.parse(since)! })),
    facts: facts.map((fact) => JSON.parse(fact) as Fact),
    ...(nextCursor !== undefined && { nextCursor }),
  }
  return JSON.stringify(kept)
}

/** The answer of a record, as it is written for a request that is repeated. */
const answeredPage = ({ identifiers, members, nextCursor, survivor }: KeptPage, facts: ReadonlyArray<Fact>): string => {
  const named = identifiers.map(({ since, ...rest }) => ({ ...rest, since: Instant.format(since) }))
  return JSON.stringify({ concordId: survivor, members, identifiers: named, facts: facts.map(FactLine.of), nextCursor })
}

/** The same page with `identifiers`, which are answered now. */
const withIdentifiers = (text: string): string => {
  const { concordId, facts, identifiers = [], members, nextCursor } = JSON.parse(text) as AnsweredPage
  return JSON.stringify({ concordId, members, identifiers, facts, nextCursor })
}

/** What is compared of a session that was answered: its address and browser are compared with the session itself. */
const comparedSession = (session: UpgradedTexts.Members): UpgradedTexts.Members => {
  const { commitment: _commitment, ipAddress: _address, userAgent: _agent, ...kept } = session
  return UpgradedTexts.sorted(kept)
}

/** Makes the table of idempotency records. */
export const make = (
  catalog: UpgradeCatalog,
  { open, part, partSessions }: UpgradedParts,
  upgrade: Pick<Upgrade, "factsOf">,
): Upgraded<"idempotency"> => {
  const ofSession = ({ concordId, project }: UpgradedTexts.Members) => ({
    organization: catalog.organizationOfProject(String(project)),
    concordId: String(concordId),
  })

  /** The stored texts of facts that were answered; `undefined` if one of them is not there. */
  const partedFacts = Effect.fnUntraced(function* (organization: Owner, facts: ReadonlyArray<AnsweredFact>) {
    const bodies = new Map<string, string>()
    for (const survivor of new Set(facts.map((fact) => fact.survivor))) {
      for (const { body } of yield* upgrade.factsOf(organization, survivor)) bodies.set(JSON.parse(body).id, body)
    }
    const found = facts.flatMap(({ id, survivor }): ReadonlyArray<PartedOf> => {
      const body = bodies.get(id)
      return body === undefined ? [] : [{ organization, concordId: survivor, parted: UpgradedTexts.fact(body) }]
    })
    return found.length === facts.length ? found : undefined
  })

  /** What is parted of an answer, and how the answer is written with the stored texts of these parts. */
  const partedOf = Effect.fnUntraced(function* ({ answer, lane }: Record) {
    const copy = { session: undefined, all: [] as ReadonlyArray<PartedOf>, write: () => answer }
    const parted = UpgradedTexts.answer(answer)
    if (parted.session !== undefined) {
      const session: PartedOf = { ...ofSession(parted.session), parted }
      return { ...copy, session }
    }
    const facts = factsIn(answer)
    if (facts.length === 0) return copy
    const all = yield* partedFacts(catalog.organizationOf(lane), facts)
    if (all === undefined) return copy
    return {
      ...copy,
      all,
      write: (texts: ReadonlyArray<string>) => (isPage(answer) ? keptPage(answer, texts) : texts[0]!),
    }
  })

  /** Facts with the personal members that they commit to. */
  const openFacts = Effect.fnUntraced(function* (organization: Owner, facts: ReadonlyArray<Fact>) {
    const committed = facts.flatMap(({ commitment, survivor }): ReadonlyArray<CommittedText> =>
      commitment === undefined ? [] : [{ organization, concordId: survivor, kind: "fact", commitment }],
    )
    const jsons = yield* open(committed)
    const opened = new Map(committed.map(({ commitment }, index) => [commitment, jsons[index]]))
    return facts.map((fact): Fact => {
      const json = fact.commitment === undefined ? undefined : opened.get(fact.commitment)
      const { alias: _alias, ...members } = json === undefined ? {} : (JSON.parse(json) as Partial<Fact>)
      const { commitment: _commitment, ...kept } = fact
      return { ...kept, ...members }
    })
  })

  /** The answer of a record in the form in which it was kept before. */
  const answerOf = Effect.fnUntraced(function* ({ answer, lane }: Record) {
    const { session } = UpgradedTexts.answer(answer)
    if (session !== undefined) return comparedSession(session)
    const organization = catalog.organizationOf(lane)
    if (isKeptPage(answer)) {
      const page: KeptPage = JSON.parse(answer)
      return answeredPage(page, yield* openFacts(organization, page.facts))
    }
    if (!isFact(answer) || typeof JSON.parse(answer).dateCreated !== "number") return answer
    const [fact] = yield* openFacts(organization, [JSON.parse(answer)])
    return JSON.stringify(FactLine.of(fact!))
  })

  return {
    write: Effect.fnUntraced(function* (rows) {
      const answers = yield* Effect.forEach(rows, partedOf)
      const { rows: parts, texts } = yield* part(answers.flatMap(({ all }) => all))
      const ofSessions = yield* partSessions(answers.flatMap(({ session }) => session ?? []))
      const sessions = ofSessions.sessions.values()
      let next = 0
      const idempotency = rows.map((row, index) => {
        const { all, session, write } = answers[index]!
        const own = texts.slice(next, next + all.length)
        next += all.length
        return { ...row, answer: session === undefined ? write(own) : sessions.next().value!.text }
      })
      return { ...parts, person_key: [...parts.person_key, ...ofSessions.rows.person_key], idempotency }
    }),
    before: (row) => {
      const { session } = UpgradedTexts.answer(row.answer)
      if (session !== undefined) return { ...row, answer: comparedSession(session) }
      return isPage(row.answer) ? { ...row, answer: withIdentifiers(row.answer) } : row
    },
    after: (rows) => Effect.forEach(rows, (row) => Effect.map(answerOf(row), (answer) => ({ ...row, answer }))),
  }
}
