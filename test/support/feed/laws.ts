/**
 * The laws of the feed, each as the sentences that are wrong with what came of a world: none, if it holds.
 *
 * A reader of the feed keeps, for each stored person and type, its last word, and the joins that it read. A word
 * about a person is about everyone that is one with it as of its `recordedAt`:
 * - of a `decision.changed` it is `to`;
 * - of an event, it is what is answered as of its `recordedAt`.
 * `person.joined` and `person.undone` tell a join and an undoing, and change no word by themselves: where an
 * answer is another one than that of the group that the person was of right before, a `decision.changed` follows.
 */
import { Effect } from "effect"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Order from "../../../core/engine/Order.ts"
import type { Cause, AnswerSide } from "../../../core/feed/Change.ts"
import type { ListedType } from "../../../core/model/Catalog.ts"
import * as Period from "../../../core/engine/Period.ts"
import * as Terms from "../../../core/engine/Terms.ts"
import * as History from "./history.ts"
import type { Item, Played } from "./playing.ts"

/** A feed, lane by lane. */
export type Lanes = Played["lanes"]

/** What the laws read of what came of a world. */
export interface Read extends Pick<Played, "end" | "history" | "lanes" | "ledger" | "scope" | "ticks"> {
  /** See `Played.stepAt`; left out: every tick is later than what was changed at its instant. */
  readonly stepAt?: Played["stepAt"]
  /** How far the clocks of the servers are apart; left out: not at all. */
  readonly apart?: number
  /**
   * Whether an answer is later than everything that was known: one server alone changes people and types, and tells.
   * Of two, one may record at the instant that the other has announced at. Left out: yes.
   */
  readonly isExact?: boolean
}

/** A `decision.changed`, read. */
export interface Changed {
  readonly lane: number
  readonly number: number
  readonly recordedAt: Instant
  readonly at: Instant
  readonly concordId: string
  readonly consentType: string
  readonly survivor?: string
  readonly from: AnswerSide
  readonly to: AnswerSide
  readonly cause: Cause
}

/** The changes of answers in a feed. */
export const changesOf = ({ lanes }: Pick<Read, "lanes">): ReadonlyArray<Changed> =>
  lanes.flat().flatMap((item) => {
    if (item._tag !== "Change" || item.type !== "decision.changed") return []
    const { at, lane, number, recordedAt } = item
    return [{ ...(JSON.parse(item.body) as Changed), lane, number, at, recordedAt }]
  })

const show = (side: AnswerSide): string =>
  `${side.status}${side.permitted ? "+" : ""}${side.askAgain ? "?" : ""} ${side.event ?? "-"}`
const time = (at: Instant): string => (Math.abs(at) === Infinity ? String(at) : new Date(at).toISOString())
const told = ({ at, cause, concordId, from, recordedAt, to }: Changed): string =>
  `${cause} at ${time(at)} recorded ${time(recordedAt)} of ${concordId}: ${show(from)} → ${show(to)}`

export const recordedAtOf = (item: Item): Instant => (item._tag === "Event" ? item.event.dateCreated : item.recordedAt)
const personOf = (item: Item): string | undefined => (item._tag === "Event" ? item.event.concordId : item.concordId)

/** F2: the items of a lane come in the order in which they were recorded, both of its sequences without a gap. */
export function* order({ lanes }: Read): Generator<string> {
  for (const lane of lanes) {
    let [position, number, last] = [0, 0, -Infinity]
    for (const item of lane) {
      const recordedAt = recordedAtOf(item)
      if (recordedAt < last) yield `lane ${item.lane} goes back from ${time(last)} to ${time(recordedAt)}`
      last = recordedAt
      if (item._tag === "Event") {
        if (item.position !== position++) yield `lane ${item.lane} has position ${item.position} at ${position - 1}`
        continue
      }
      if (item.number !== number++) yield `lane ${item.lane} has number ${item.number} at ${number - 1}`
      if (item.beforePosition !== position)
        yield `change ${item.number} is before ${item.beforePosition}, at ${position}`
    }
  }
}

const typeOf = ({ history }: Read, id: string): ListedType => history.types.find((type) => type.id === id)!

/**
 * F3, of one change: what it says is answered as of its `recordedAt`, asked of the ledger itself, and had been so since
 * `at`.
 */
export const trueAsOf = Effect.fnUntraced(function* (played: Read) {
  const wrong: Array<string> = []
  const { history, ledger, scope } = played
  for (const change of changesOf(played)) {
    const { at, concordId, consentType, recordedAt, to } = change
    const type = typeOf(played, consentType)
    const question = { ...scope, concordId, at: recordedAt, knownAt: recordedAt }
    const { items } = yield* ledger.decisions(question)
    const decision = items.find((item) => item.type.id === consentType)?.decision
    const answered = decision === undefined ? History.unknown : History.sideOf(decision)
    if (History.differ(answered, to)) wrong.push(`${told(change)}, but answered is ${show(answered)}`)
    const then = History.answer(history, concordId, type, at, recordedAt)
    if (History.differ(then, to)) wrong.push(`${told(change)}, but at that instant it is ${show(then)}`)
    for (const turn of History.turnsOf(history, type, recordedAt)) {
      if (turn <= at) continue
      const later = History.answer(history, concordId, type, turn, recordedAt)
      if (History.differ(later, to)) wrong.push(`${told(change)}, but at ${time(turn)} it is ${show(later)}`)
    }
  }
  return wrong
})

/** The history with the joins and undoings that a reader read in the feed, and no others. */
const toldOf = ({ history, lanes }: Pick<Read, "history" | "lanes">): History.History => {
  const told = new Set(
    lanes.flat().map((item) => {
      const isOfPerson = item._tag === "Change" && item.type.startsWith("person.")
      return isOfPerson ? (JSON.parse(item.body) as { readonly fact?: string }).fact : undefined
    }),
  )
  return { ...history, facts: history.facts.filter(({ id }) => told.has(id)) }
}

/** The last word about a person and a type. */
export const lastWord = (played: Read, person: string, type: ListedType, tie = 0): AnswerSide => {
  const { history, lanes } = played
  const told = toldOf(played)
  let word = History.unknown
  let last = -Infinity
  for (const item of lanes.flat()) {
    const recordedAt = recordedAtOf(item)
    if (recordedAt < last) continue
    const isChange = item._tag === "Change"
    if (isChange ? item.type !== "decision.changed" : item.event.consentType !== type.id) continue
    if (isChange && item.consentType !== type.id) continue
    if (!History.groupOf(told, person, isChange ? recordedAt : recordedAt - tie).has(personOf(item)!)) continue
    word = isChange
      ? (JSON.parse(item.body) as Changed).to
      : History.answer(history, person, type, recordedAt, recordedAt)
    last = recordedAt
  }
  return word
}

/** F3: once everything up to the end is announced, the last word about each person and type is the answer then. */
export function* lastWordCounts(played: Read): Generator<string> {
  const { end, history } = played
  for (const person of History.peopleOf(history)) {
    for (const type of history.types) {
      const answer = History.answer(history, person, type, end, end)
      const word = lastWord(played, person, type)
      // An event of the instant of a join was recorded before or after it.
      if (!History.differ(answer, lastWord(played, person, type, 1))) continue
      if (History.differ(answer, word)) yield `${person}: the answer is ${show(answer)}, the last word ${show(word)}`
    }
  }
}

/** When a scheduler first looked for what is so from an instant on: after it, or at it, with what was changed at it. */
const lookedFor = ({ stepAt, ticks }: Pick<Read, "stepAt" | "ticks">, at: Instant): Instant =>
  Math.min(
    ...ticks
      .filter((tick) => tick.at > at || (tick.at === at && tick.step > (stepAt?.get(at) ?? -Infinity)))
      .map((tick) => tick.at),
  )

/** How much later than the clock things may be recorded, because several were recorded at one instant. */
const slack = 20

/** Whether people were joined, parted or erased after an instant, or several times at it. */
const areJoinedOrErasedAfter = (
  { erasures, facts }: History.History,
  people: ReadonlySet<string>,
  at: Instant,
  until: Instant,
): boolean => {
  const some = facts.filter(({ kind }) => kind === "joined" || kind === "undone")
  const changes = [
    ...some
      .filter(({ member, survivor }) => people.has(member) || people.has(survivor))
      .map((fact) => fact.dateCreated),
    ...erasures.filter(({ members }) => members.some((each) => people.has(each))).map((erasure) => erasure.recordedAt),
  ].filter((each) => each >= at && each <= until)
  return changes.some((each) => each > at) || changes.length > 1
}

/**
 * F4: where the answers at (*t*, *t*) and right before differ, an event was recorded at *t*, or a change with that `at`
 * is there, unless it was overtaken before a scheduler looked: by another answer, or by an event about the same people
 * and type.
 */
export function* nothingInSilence(played: Read): Generator<string> {
  const { apart = 0, end, history } = played
  const changes = changesOf(played)
  for (const type of history.types) {
    const turns = History.turnsOf(history, type, end)
    const events = history.events.filter((event) => event.consentType === type.id)
    for (const person of History.peopleOf(history)) {
      for (const at of turns) {
        const before = History.answer(history, person, type, at - 1, at - 1)
        const after = History.answer(history, person, type, at, at)
        if (!History.differ(before, after)) continue
        const looked = Math.min(end, lookedFor(played, at)) + slack + apart
        const group = History.groupOf(history, person, at)
        const isEvent = (until: Instant) =>
          events.some((event) => {
            const { concordId, dateCreated } = event
            return (
              dateCreated >= at && dateCreated <= until && History.groupOf(history, person, dateCreated).has(concordId)
            )
          })
        if (isEvent(looked)) continue
        const isTold = changes.some((change) => {
          if (change.at !== at || change.consentType !== type.id) return false
          const knownAt = change.cause === "joined" ? at - 1 : change.cause === "undone" ? at : change.recordedAt
          return History.groupOf(history, person, knownAt).has(change.concordId)
        })
        if (isTold) continue
        const later = turns.filter((turn) => turn > at && turn <= looked)
        const isOvertaken =
          areJoinedOrErasedAfter(history, group, at, looked) ||
          changes.some((change) => {
            const isLater = change.at > at && change.at <= looked && change.consentType === type.id
            return isLater && formerGroup(played, change).has(person)
          }) ||
          later.some((turn) => History.differ(after, History.answer(history, person, type, turn, turn)))
        if (!isOvertaken) yield `${person} at ${time(at)}: ${show(before)} → ${show(after)} in silence`
      }
    }
  }
}

/** The people that were one before a join, or that are one after an undoing; otherwise everyone that is one. */
const formerGroup = ({ history }: Read, { at, cause, concordId, recordedAt }: Changed): ReadonlySet<string> =>
  History.groupOf(history, concordId, cause === "joined" ? at - 1 : cause === "undone" ? at : recordedAt)

/** What was answered right before a change, as known at its `recordedAt`: the answers that `from` may be. */
const froms = (played: Read, change: Changed): ReadonlyArray<AnswerSide> => {
  const { at, cause, concordId, consentType, recordedAt } = change
  const type = typeOf(played, consentType)
  if (cause === "erased") return [History.answer(played.history, concordId, type, at - 1, at - 1)]
  const isOfPeople = cause === "joined" || cause === "undone"
  const history = isOfPeople ? { ...played.history, erasures: [] } : played.history
  const members = History.groupOf(history, concordId, isOfPeople ? at - 1 : recordedAt)
  const before = (termsKnownAt: Instant) =>
    History.answer(history, concordId, type, at - 1, recordedAt, { members, termsKnownAt })
  return cause === "rules" ? [before(at - 1)] : [before(recordedAt), before(at - 1)]
}

/**
 * What a reader may have been told of people before they were joined, parted or erased: every answer of each group
 * that the person was of, as it is known now and as it was known then. Where the answer right before is the one that a
 * change tells, `from` is one of these, because the one right before may not have been announced.
 */
const formers = function* ({ history }: Read, { concordId, recordedAt, ...change }: Changed): Generator<AnswerSide> {
  if (!["joined", "undone", "erased", "region"].includes(change.cause)) return
  const known = { ...history, erasures: [] }
  const type = typeOf({ history } as Read, change.consentType)
  const turns = History.turnsOf(history, type, recordedAt)
  for (const changedAt of [...new Set(history.facts.map(({ dateCreated }) => dateCreated)), recordedAt]) {
    const members = History.groupOf(history, concordId, changedAt - 1)
    for (const at of turns.flatMap((turn) => [turn - 1, turn]))
      for (const termsKnownAt of [at, recordedAt])
        for (const knownAt of [at, recordedAt])
          yield History.answer(known, concordId, type, at, knownAt, { members, termsKnownAt })
  }
}

/** Everyone that was ever one with a person, up to an instant: also those that were parted from it. */
const everOneWith = ({ facts }: History.History, person: string, until: Instant): ReadonlySet<string> =>
  History.groupOf({ facts: facts.filter(({ kind }) => kind === "joined") }, person, until)

/**
 * Whether a change is so since the one join or undoing that it follows in the feed: not since a later one, which has
 * a change of its own, and of that instant there is no other one of the same people.
 */
const isOfOneFact = ({ history, lanes }: Read, { at, concordId, recordedAt }: Changed): boolean => {
  const people = everOneWith(history, concordId, recordedAt)
  const facts = history.facts.filter(
    ({ dateCreated, member, survivor }) =>
      dateCreated === at && member !== survivor && (people.has(member) || people.has(survivor)),
  )
  const [fact] = facts
  return (
    facts.length === 1 &&
    lanes
      .flat()
      .some((item) => item._tag === "Change" && item.recordedAt === recordedAt && item.body.includes(fact!.id))
  )
}

/** Whether a change is so since the person is in another region, and not since something later. */
const isOfRegion = ({ history }: Read, { at }: Changed): boolean =>
  history.facts.some(({ dateCreated, kind }) => kind === "region" && dateCreated === at)

/**
 * Whether several joins, undoings and regions were recorded of the people of a change, or of others that were ever one
 * with them: each of them may tell of it, because none knows what the others have told.
 */
const isOfSeveral = ({ history }: Read, { cause, concordId, recordedAt }: Changed): boolean => {
  if (cause !== "joined" && cause !== "undone" && cause !== "region") return false
  const facts = history.facts.filter(({ kind }) => kind === "joined" || kind === "undone" || kind === "region")
  const group = everOneWith(history, concordId, recordedAt)
  const ofGroup = facts.filter(({ member, survivor }) => group.has(member) || group.has(survivor))
  return ofGroup.filter(({ dateCreated }) => dateCreated <= recordedAt).length > 1
}

/** Whether the terms of a type changed since what a change says is so, and before it was recorded once more. */
const haveTermsChanged = (played: Read, { at, consentType }: Changed, later: Changed): boolean => {
  const { history = [], versions } = typeOf(played, consentType)
  const published = [...versions, ...(played.history.publications ?? [])].map(({ publishedAt }) => publishedAt)
  const changed = [...history.map(({ knownUntil }) => knownUntil), ...published]
  return changed.some((instant) => instant >= at && instant <= later.recordedAt)
}

/**
 * Whether a change takes back what was announced before, at or after its `at`: by another server, that did not know yet
 * what changed the terms then.
 */
const takesBack = (change: Changed, announced: ReadonlyArray<{ readonly change: Changed }>): boolean =>
  ["rules", "version"].includes(change.cause) &&
  announced.some(
    ({ change: { concordId, consentType, recordedAt, to } }) =>
      concordId === change.concordId &&
      consentType === change.consentType &&
      recordedAt >= change.at &&
      !History.differ(to, change.from),
  )

/** F5: `from` and `to` differ, `from` is what was so right before, and joined people give one change. */
export function* nothingInvented(played: Read): Generator<string> {
  const seen: Array<{ readonly change: Changed; readonly group: ReadonlySet<string>; readonly isDoubtful: boolean }> =
    []
  for (const change of changesOf(played)) {
    if (!History.differ(change.from, change.to)) yield `${told(change)} is no change`
    const before = froms(played, change)
    const isOfPeople = change.cause === "joined" || change.cause === "undone"
    const isLate = change.cause === "region" && !isOfRegion(played, change)
    const isDoubtful =
      isLate || (isOfPeople && !isOfOneFact(played, change)) || before.every((from) => !History.differ(from, change.to))
    const isKnown = [...before, ...(isDoubtful ? formers(played, change) : [])].some(
      (from) => !History.differ(from, change.from),
    )
    if (played.isExact !== false && !isKnown && !takesBack(change, seen))
      yield `${told(change)}, but before it was ${before.map(show).join(" or ")}`
    const group = formerGroup(played, change)
    for (const other of seen) {
      // What may not have been announced of everyone is announced once more.
      if (isDoubtful || other.isDoubtful) continue
      // A scheduler that comes late across changes of terms may announce once more what lapsed before them.
      if (haveTermsChanged(played, other.change, change)) continue
      const isSame = other.change.at === change.at && other.change.consentType === change.consentType
      if (isSame && group.has(other.change.concordId) && !isOfSeveral(played, change))
        yield `${told(change)} was announced before: ${told(other.change)}`
    }
    seen.push({ change, group, isDoubtful })
  }
}

/** A side without the event, which has another id in another run. */
const sideIn = ({ askAgain, permitted, status }: AnswerSide): string =>
  `${status}${permitted ? "+" : ""}${askAgain ? "?" : ""}`

/** What a change says, without what differs between two runs of one world. */
const sayingOf = ({ history, nameOf }: Played, change: Changed): string => {
  const { at, cause, concordId, consentType, from, to } = change
  const type = history.types.findIndex(({ id }) => id === consentType)
  return `${cause} at ${time(at)} of ${nameOf.get(concordId)} for ${type}: ${sideIn(from)} → ${sideIn(to)}`
}

/** Whether a change was overtaken in a run: by an event or a change of the same person and type, from its `at` on. */
const isOvertakenIn = (played: Played, { at, concordId, consentType }: Changed, from: Played): boolean => {
  const name = from.nameOf.get(concordId)
  const type = from.history.types.findIndex(({ id }) => id === consentType)
  const typeId = played.history.types[type]!.id
  return (
    played.history.events.some(
      (event) => event.consentType === typeId && event.dateCreated >= at && played.nameOf.get(event.concordId) === name,
    ) ||
    changesOf(played).some(
      (other) => other.consentType === typeId && other.at > at && played.nameOf.get(other.concordId) === name,
    )
  )
}

/**
 * Whether the same was recorded about a person and a type in two runs of a world: events that count in one order, each
 * for one version, and the type is the same. Of events of one instant that two servers record, the order is that of
 * their ids, which are others in each run. What a tick announced may put off what is recorded right after it: then an
 * event may count for another version.
 */
const areAlike = (one: Played, other: Played): ((name: string, type: number) => boolean) => {
  const [here, there] = [one, other].map(({ history, nameOf, stepOf }) => {
    const steps = new Map<string, string>()
    for (const event of history.events.toSorted(Order.compare)) {
      const type = history.types.findIndex(({ id }) => id === event.consentType)
      const key = `${nameOf.get(event.concordId)} ${type}`
      const lasts = (event.expirationDate ?? Infinity) - event.consentDate
      steps.set(key, `${steps.get(key) ?? ""} ${stepOf.get(event.id)} ${event.version} ${lasts}`)
    }
    const types = history.types.map(({ consentDuration, rules, status, versions }) =>
      JSON.stringify([consentDuration, rules, status, versions.map((each) => [each.version, each.requireReaccept])]),
    )
    return { steps, types }
  })
  return (name, type) =>
    here!.types[type] === there!.types[type] &&
    here!.steps.get(`${name} ${type}`) === there!.steps.get(`${name} ${type}`)
}

/**
 * F6: a scheduler that was late, doubled or killed announced what one announced that was on time, but for what was
 * overtaken, and nothing else. Answers are the same. For worlds in which people and types stay what they are.
 */
export function* asOnTime(late: Played, onTime: Played): Generator<string> {
  const said = new Set(changesOf(late).map((change) => sayingOf(late, change)))
  const sayings = new Set(changesOf(onTime).map((change) => sayingOf(onTime, change)))
  const isAlike = areAlike(late, onTime)
  const ofAlike = (played: Played) =>
    changesOf(played).filter(({ concordId, consentType }) =>
      isAlike(
        played.nameOf.get(concordId)!,
        played.history.types.findIndex(({ id }) => id === consentType),
      ),
    )
  for (const change of ofAlike(late)) {
    const saying = sayingOf(late, change)
    // At the instant itself, what one run announces may be overtaken in the other one.
    const isThere = sayings.has(saying) || isOvertakenIn(onTime, change, late)
    if (!isThere) yield `${saying}: announced late, but not on time`
  }
  for (const change of ofAlike(onTime)) {
    const saying = sayingOf(onTime, change)
    if (!said.has(saying) && !isOvertakenIn(late, change, onTime)) yield `${saying}: announced on time, but not late`
  }
  yield* alikeAnswers(late, onTime)
}

/** F6: the last words are the same as those of a scheduler that was on time, about those that events count alike of. */
export function* alikeAnswers(late: Played, onTime: Played): Generator<string> {
  yield* sameAnswers(late, onTime, () => "", areAlike(late, onTime))
}

/** The last word and the answer about each person that has a name, and each type. */
const lastOf = (played: Played): ReadonlyMap<string, readonly [word: AnswerSide, answer: AnswerSide]> => {
  const { end, history, nameOf } = played
  return new Map(
    [...nameOf].flatMap(([person, name]) =>
      history.types.map((type, index) => {
        const answer = History.answer(history, person, type, end, end)
        return [`${name} ${index}`, [lastWord(played, person, type), answer]] as const
      }),
    ),
  )
}

/** F6 and F7: two runs have the same last words and the same answers. */
export function* sameAnswers(
  one: Played,
  other: Played,
  eventOf: (played: Played, id: string) => string = () => "",
  isCompared: (name: string, type: number) => boolean = () => true,
): Generator<string> {
  const others = lastOf(other)
  const say = (played: Played, side: AnswerSide): string =>
    `${sideIn(side)} ${side.event === undefined ? "-" : eventOf(played, side.event)}`
  for (const [key, sides] of lastOf(one)) {
    const [name, type] = [key.slice(0, key.lastIndexOf(" ")), Number(key.slice(key.lastIndexOf(" ") + 1))]
    if (!isCompared(name, type)) continue
    const found = others.get(key)
    const [here, there] = [sides.map((side) => say(one, side)), found?.map((side) => say(other, side))]
    if (here.join() !== there?.join()) yield `${key}: ${here.join()} in place of ${there?.join()}`
  }
}

/** A `decision.due`, read. */
interface Due extends Omit<Changed, "cause"> {
  readonly lead: string
  readonly changesAt: string
}

const duesOf = ({
  lanes,
}: Pick<Read, "lanes">): ReadonlyArray<Omit<Due, "changesAt"> & { readonly changesAt: Instant }> =>
  lanes.flat().flatMap((item) => {
    if (item._tag !== "Change" || item.type !== "decision.due") return []
    const { at, lane, number, recordedAt } = item
    const due = JSON.parse(item.body) as Due
    return [{ ...due, changesAt: Date.parse(due.changesAt), lane, number, at, recordedAt }]
  })

/**
 * A `decision.due` says what will be answered, as known at its `recordedAt`, and is there once for each lead: at least
 * where nothing was recorded about a person, and its terms are the same, from before the lead to the lapse.
 */
export function* foretold(played: Read): Generator<string> {
  const { apart = 0, end, history, scope, ticks } = played
  const dues = duesOf(played)
  const seen = new Set<string>()
  for (const due of dues) {
    const { changesAt, concordId, consentType, from, lead, recordedAt, to } = due
    const type = typeOf(played, consentType)
    const name = `due ${lead} of ${concordId} at ${time(changesAt)}, recorded ${time(recordedAt)}`
    if (recordedAt >= changesAt) yield `${name} comes too late`
    if (recordedAt < changesAt - lengthOf(lead)) yield `${name} comes too early`
    for (const [at, side] of [[changesAt - 1, from] as const, [changesAt, to] as const]) {
      const answer = History.answer(history, concordId, type, at, recordedAt)
      if (History.differ(answer, side)) yield `${name}: at ${time(at)} it is ${show(answer)}, not ${show(side)}`
    }
    if (!History.differ(from, to)) yield `${name} is no change`
    const group = [...History.groupOf(history, concordId, recordedAt)].toSorted().join()
    const key = `${group} ${consentType} ${lead} ${changesAt}`
    if (seen.has(key)) yield `${name} comes twice`
    seen.add(key)
  }
  for (const lead of (scope.project.leads ?? []).filter(({ months }) => months === 0)) {
    const millis = Period.add(0, lead)
    for (const type of history.types) {
      const changed = [...(type.history ?? []).map(({ knownUntil }) => knownUntil), type.dateUpdated]
      for (const person of History.peopleOf(history)) {
        for (const at of History.turnsOf(history, type, end + millis)) {
          const looked = lookedFor(played, at - millis)
          // What was nearer than the lead when the scheduler came first is not foretold.
          if (looked + slack + apart >= at || looked === Math.min(...ticks.map((tick) => tick.at))) continue
          const isCalm = (instant: Instant) => instant < at - millis - slack || instant > looked + slack
          const group = History.groupOf(history, person, looked)
          const events = history.events.filter(({ concordId }) => group.has(concordId))
          const facts = history.facts.filter(({ member, survivor }) => group.has(member) || group.has(survivor))
          const told = [...events, ...facts].map(({ dateCreated }) => dateCreated)
          const erased = history.erasures.map(({ recordedAt }) => recordedAt)
          if (![...told, ...changed, ...erased].every(isCalm)) continue
          const asks = Terms.of(type, [], looked).reacceptances.some((each) => each.at === at)
          const [before, after] = [at - 1, at].map((each) => History.answer(history, person, type, each, looked))
          if (asks || !History.differ(before!, after!)) continue
          const isTold = dues.some(
            (due) => due.changesAt === at && due.lead === Period.format(lead) && group.has(due.concordId),
          )
          if (!isTold) yield `${person} at ${time(at)}: ${show(before!)} → ${show(after!)} is not foretold`
        }
      }
    }
  }
}

/** The longest time that a lead can be, in milliseconds. */
const lengthOf = (lead: string): number => {
  const { days, millis, months } = Period.parse(lead)!
  return (months * 31 + days) * 86_400_000 + millis
}

/** The feed tells each version in force once, and each re-evaluation that began ends, with its count of changes. */
export function* types(played: Read): Generator<string> {
  const { end, history, lanes } = played
  const items = lanes
    .flat()
    .flatMap((item) => (item._tag === "Change" ? [{ ...item, body: JSON.parse(item.body) }] : []))
  for (const type of history.types) {
    for (const { publishedAt, version } of type.versions.slice(1)) {
      if (publishedAt > end) continue
      const told = items.filter(
        (item) => item.type === "type.published" && item.consentType === type.id && item.body.version === version,
      )
      if (told.length !== 1 || told[0]!.at !== publishedAt) yield `version ${version} is told of ${told.length} times`
    }
  }
  const begun = items.filter(({ type }) => type === "reevaluation.begun")
  const ended = items.filter(({ type }) => type === "reevaluation.ended")
  for (const { body } of begun) {
    const ends = ended.filter((each) => each.body.reevaluation === body.reevaluation)
    const found = items.filter(
      (each) => each.type === "decision.changed" && each.body.reevaluation === body.reevaluation,
    )
    if (ends.length !== 1) yield `the re-evaluation ${body.reevaluation} ends ${ends.length} times`
    else if (ends[0]!.body.changed !== found.length) {
      yield `the re-evaluation ${body.reevaluation} counts ${ends[0]!.body.changed} changes of ${found.length}`
    }
  }
  if (begun.length !== ended.length) yield `${begun.length} re-evaluations began, and ${ended.length} ended`
}

/** The feed tells each join and undoing once, and so each identification and erasure of people that had events. */
export function* people(played: Read): Generator<string> {
  const { history, lanes } = played
  const told = lanes
    .flat()
    .flatMap((item) =>
      item._tag === "Change" && item.type.startsWith("person.") ? [{ ...item, body: JSON.parse(item.body) }] : [],
    )
  const hadEvents = (people: Iterable<string>, at: Instant): boolean =>
    [...people].some((person) => history.events.some((event) => event.concordId === person && event.dateCreated < at))
  for (const { dateCreated, id, kind, member, survivor } of history.facts) {
    if (kind !== "joined" && kind !== "undone" && kind !== "identified") continue
    const ofFact = told.filter(({ body }) => body.fact === id)
    if (ofFact.length > 1) yield `${kind} ${id} is told of ${ofFact.length} times`
    const isDue = kind !== "identified" || hadEvents([member, survivor], dateCreated)
    if (ofFact.length === 0 && isDue) yield `${kind} ${id} is not told of`
    if (ofFact.some((each) => each.type !== `person.${kind}` || each.at !== dateCreated)) yield `${kind} ${id} is wrong`
  }
  for (const { members, recordedAt } of history.erasures) {
    const ofErasure = told.filter(({ body, type }) => type === "person.erased" && body.members.includes(members[0]))
    if (ofErasure.length > 1) yield `an erasure is told of ${ofErasure.length} times`
    if (ofErasure.length === 0 && hadEvents(members, recordedAt)) yield `an erasure is not told of`
  }
}
