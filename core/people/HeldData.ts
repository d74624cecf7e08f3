/**
 * Everything that is held about a person and everyone joined with it, for access: one JSON object, written while it is
 * read (docs/privacy.md, "Access").
 *
 * `PersonalInventory.ts` names its members. It is read in pages with other requests answered between two of them, so
 * that memory does not grow with what is held, apart from the facts, which every question about joined people reads as
 * a whole. While the keys are away it fails, because an answer without what is encrypted would not be complete.
 */
import { Clock, Effect, Stream } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as FactLine from "../formats/FactLine.ts"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { RequestPlace } from "../ports/ComplianceStore.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import {
  type Erasure,
  type KeyedPart,
  type PersonalPlace,
  type Positions,
  type Session,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import * as Erasing from "./Erasing.ts"
import * as HeldEvents from "./HeldEvents.ts"
import * as HeldRequests from "./HeldRequests.ts"
import * as JsonPages from "./JsonPages.ts"

/** The data of a person, to be read once. */
export interface HeldData {
  readonly positions: Positions
  /** Parts of one JSON object, of about 100 KiB at most. */
  readonly parts: Stream.Stream<JsonPages.Part, StoreUnavailable>
}

/** The most people that one statement reads about. */
const peopleAtATime = 64

/** The most rows of a page. */
const pageSize = 100

const keysAway = (): StoreUnavailable =>
  new StoreUnavailable({
    reason: "the keys of personal data cannot be used now, so what is held cannot be shown: try again",
    isLasting: true,
  })

const peopleOf = ({ context, members, organization }: HeldEvents.People): JsonPages.Pages =>
  JsonPages.ofEach(members, peopleAtATime, (some) =>
    Effect.forEach(some, (concordId) =>
      Effect.map(context.store.people.person(organization, concordId), ({ isIdentified }) =>
        JSON.stringify({ concordId, isIdentified }),
      ),
    ),
  )

/** An identifier without its value and its hash. */
const identifier = ({ concordId, dateCreated, isRenamed, kind, project, releasedAt }: People.HeldAlias) => ({
  concordId,
  ...(kind !== undefined && { kind }),
  ...(project !== undefined && { project }),
  since: Instant.format(dateCreated),
  ...(releasedAt !== undefined && { until: Instant.format(releasedAt) }),
  ...(isRenamed === true && { isRenamed }),
})

const kindOrder = ({ kind }: People.HeldAlias): number => People.identifierKinds.findIndex((each) => each === kind)

/** In the order in which they were claimed, those of one instant by their kind. */
const byClaim = (a: People.HeldAlias, b: People.HeldAlias): number =>
  a.dateCreated - b.dateCreated || kindOrder(a) - kindOrder(b)

const identifiersOf = ({ context: { store }, members, organization }: HeldEvents.People): JsonPages.Pages =>
  JsonPages.ofEach(members, peopleAtATime, (some) =>
    Effect.map(
      Effect.all([store.people.aliasesOf(organization, some), store.people.contextsOf(organization, some)]),
      (held) =>
        held
          .flat(2)
          .toSorted(byClaim)
          .map((each) => JSON.stringify(identifier(each))),
    ),
  )

/** A session with its own personal data, also where nothing was recorded in it. */
const sessionJson = Effect.fnUntraced(function* (
  organization: Organization,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<string, KeysUnavailable | StoreUnavailable> {
  const { concordId, domain, expiresAt, geography, id, project, region } = session
  const personal: object = JSON.parse((yield* SessionPart.open(organization, session, context)) ?? "{}")
  return JSON.stringify({
    id,
    concordId,
    project,
    domain,
    ...(geography !== undefined && { geography }),
    ...(region !== undefined && { region }),
    ...personal,
    expiresAt: Instant.format(expiresAt),
  })
})

/** The sessions of each person in projects of the organization: another organization may know the same id. */
const sessionsOf = ({ context, members, organization }: HeldEvents.People): JsonPages.Pages =>
  JsonPages.ofEachPaged(members, (concordId, after: string | undefined) =>
    Effect.gen(function* () {
      const { projects } = yield* context.store.catalog.current
      const sessions = yield* context.store.sessions.ofPerson(concordId, after, pageSize)
      const own = sessions.filter(({ project }) => projects.get(project)?.organization === organization.id)
      const items = yield* Effect.forEach(own, (session) => sessionJson(organization, session, context))
      return sessions.length < pageSize ? { items } : { items, next: sessions.at(-1)!.tokenHash }
    }).pipe(Effect.catchTag("KeysUnavailable", keysAway)),
  )

/** Opened data without the hashes of identifiers, which no one is shown. */
const shown = ({ alias: _alias, evidence, renamedTo: _renamedTo, ...data }: PersonalMembers) => ({
  ...data,
  ...(evidence !== undefined && { evidence: FactLine.evidenceOf(evidence) }),
})

/** The members of a fact that are personal; those of any other part are not named here. */
type PersonalMembers = Pick<People.Fact, "alias" | "evidence" | "renamedTo">

/** A part as JSON; without `data` if its epoch is over, so that no one can open it any more. */
const partJson = ({ concordId, kind }: KeyedPart, text: string | undefined): string =>
  JSON.stringify({ concordId, kind, ...(text !== undefined && { data: shown(JSON.parse(text)) }) })

/** Everything that is kept apart, opened: also what the events show of sessions that are not stored any more. */
const personalDataOf = ({ context, members, organization }: HeldEvents.People): JsonPages.Pages =>
  JsonPages.ofEachPaged(members, (concordId, after: Pick<PersonalPlace, "id" | "kind"> | undefined) =>
    Effect.gen(function* () {
      const parts = yield* context.store.personal.partsOf(organization, concordId, after, pageSize)
      const items = yield* Effect.forEach(parts, (part) =>
        Effect.map(PersonalData.open(organization, part, context), (text) => partJson(part, text)),
      )
      return parts.length < pageSize ? { items } : { items, next: parts.at(-1)! }
    }).pipe(Effect.catchTag("KeysUnavailable", keysAway)),
  )

/** The facts that name one of the people, in the order recorded. */
const factsOf = ({ context, facts, members, organization }: HeldPeople): JsonPages.Pages => {
  const all = new Set(members)
  const own = People.inOrder(facts).filter(({ member, survivor }) => all.has(member) || all.has(survivor))
  return JsonPages.ofEach(own, pageSize, (some) =>
    Effect.map(PersonalFacts.openKept(organization, some, context), (opened) =>
      opened.map((fact) => JSON.stringify(FactLine.of(fact))),
    ),
  )
}

const erasureJson = ({ destroyed, recordedAt, ...erasure }: Erasure): string => {
  const { id, members, reason, scope, submitter } = erasure
  const erasedAt = Instant.format(recordedAt)
  return JSON.stringify({ id, members, erasedAt, reason, submitter, ...(scope !== undefined && { scope }), destroyed })
}

/** The erasures of one person: those that kept its identifiers, and then the one of everything. */
const erasuresOfOne = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  { store }: Pick<LedgerContext, "store">,
) {
  const held = yield* store.personal.heldErasures(organization, concordId)
  const whole = yield* store.personal.erasure(organization, concordId)
  return whole === undefined ? held : [...held, whole]
})

/** The erasures of the people, each once. */
const erasuresOf = ({ context, members, organization }: HeldEvents.People): JsonPages.Pages => {
  const written = new Set<string>()
  return JsonPages.ofEach(members, peopleAtATime, (some) =>
    Effect.map(
      Effect.forEach(some, (concordId) => erasuresOfOne(organization, concordId, context)),
      (found) =>
        found.flat().flatMap((erasure) => {
          if (written.has(erasure.id)) return []
          written.add(erasure.id)
          return [erasureJson(erasure)]
        }),
    ),
  )
}

/** The people of an answer, and what was read of them first. */
export interface HeldPeople extends HeldEvents.People {
  readonly positions: Positions
  readonly facts: ReadonlyArray<People.Fact>
}

/** The people that count as one with a person; `undefined` if nothing ever was held. Fails while the keys are away. */
export const open = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: LedgerContext,
): Effect.fn.Return<HeldPeople | undefined, StoreUnavailable> {
  const counted = yield* Joins.counted(organization, concordId, context)
  const isErased = counted.person.erasedAt !== undefined
  if (!isErased && !(yield* Erasing.isKnown(organization, counted, concordId, context))) return undefined
  const facts = yield* Joins.facts(organization, concordId, context)
  const { members, survivor } = People.joinedWith(facts, concordId, Infinity)
  yield* Effect.mapError(context.keys.epoch, keysAway)
  return { organization, survivor, members, context, facts, positions: counted.positions }
})

/** Lists of everything that is held about people, but their events, by their names. */
export const lists = (people: HeldPeople) => ({
  people: peopleOf(people),
  identifiers: identifiersOf(people),
  sessions: sessionsOf(people),
  personalData: personalDataOf(people),
  facts: factsOf(people),
  erasures: erasuresOf(people),
})

/** The compliance requests of people, each written by `write`. */
export const requests = (people: HeldEvents.People, write?: HeldRequests.Write): JsonPages.Pages => {
  const read = HeldRequests.of(people, write)
  return JsonPages.ofEachPaged(people.members, (concordId, after: RequestPlace | undefined) =>
    Effect.catchTag(read(concordId, after), "KeysUnavailable", keysAway),
  )
}

/** Everything that is held about a person; `undefined` if nothing ever was. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: LedgerContext,
): Effect.fn.Return<HeldData | undefined, StoreUnavailable> {
  const people = yield* open(organization, concordId, context)
  if (people === undefined) return undefined
  const readAt = Instant.format(yield* Clock.currentTimeMillis)
  const { erasures, facts, identifiers, people: each, personalData, sessions } = lists(people)
  const parts = [
    JsonPages.text(`{"concordId":${JSON.stringify(people.survivor)},"readAt":${JSON.stringify(readAt)}`),
    JsonPages.member("people", each),
    JsonPages.member("identifiers", identifiers),
    JsonPages.member("sessions", sessions),
    JsonPages.member("personalData", personalData),
    JsonPages.member("complianceRequests", requests(people)),
    JsonPages.member("facts", facts),
    JsonPages.member("erasures", erasures),
    JsonPages.text(`,"projects":[`),
    HeldEvents.parts(people),
    JsonPages.text("]}"),
  ]
  return { positions: people.positions, parts: Stream.flatten(Stream.fromIterable(parts)) }
})
