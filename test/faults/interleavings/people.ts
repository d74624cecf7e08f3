/**
 * Checks of the people that events are about (semantics, section 5): an identifier never changes hands without a
 * release, nothing but a `concordId` gives a person a second account, and events belong to the people that their
 * identifiers name.
 */
import { isAccountKind, isContactPoint } from "../../../core/model/Resolution.ts"
import type { Item } from "../../../core/model/Admission.ts"
import type { Fact } from "../../../core/model/People.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import type { Commit } from "./faultyStore.ts"
import { acknowledged, type Played } from "./history.ts"
import { type Kept, oneWith } from "./kept.ts"
import * as Named from "./named.ts"

type Check = (played: Played, kept: Kept) => Iterable<string>
type PeopleCommit = Exclude<Commit, { kind: "catalog.change" }>

const commitsOf = ({ commits }: Played): ReadonlyArray<PeopleCommit> =>
  commits.filter((commit) => commit.kind !== "catalog.change")

/** An identifier names one person at a time. */
const oneHand: Check = function* (_, { named }) {
  for (const each of named) {
    const other = named.find((other) => other !== each && other.hash === each.hash && Named.isAt(other, each.from))
    if (other !== undefined && other.from <= each.from)
      yield `${each.request} takes the ${each.kind} of ${other.concordId} for ${each.concordId}`
  }
}

/** The accounts that a group had at the end of a turn: held ones, and those that were released but for a rename. */
const accountsOf = ({ named }: Kept, group: ReadonlySet<string>, turn: number): ReadonlyArray<Named.Named> =>
  named.filter(
    ({ concordId, from, isRenamed, kind, to }) =>
      isAccountKind(kind) && group.has(concordId) && from <= turn && !(isRenamed && to <= turn),
  )

/** Whether an item may give a person of a group an account besides its others. */
const mayGive = (
  played: Played,
  item: Item,
  hash: string,
  others: ReadonlyArray<string>,
  group: ReadonlySet<string>,
) => {
  const hashes = new Set(Named.mentionsOf(played, item.person).map((mention) => mention.hash))
  const isNamedById = item.person.concordId !== undefined && group.has(item.person.concordId)
  return hashes.has(hash) && (isNamedById || others.every((other) => hashes.has(other)))
}

/** No contact point makes two accounts one, also where they are claimed at the same moment. */
const accounts: Check = function* (played, kept) {
  for (const commit of commitsOf(played)) {
    const { request, turn } = commit
    const facts = Named.factsUntil(played, turn)
    const claims = commit.change.claims.filter(({ kind }) => isAccountKind(kind))
    for (const [index, { concordId, hash, kind }] of claims.entries()) {
      const group = oneWith(facts, concordId, Infinity)
      const others = accountsOf(kept, group, turn).filter((each) => each.hash !== hash)
      if (others.some((each) => each.kind === kind && Named.isAt(each, turn)))
        yield `${request} gives ${concordId} a second ${kind}`
      const items = played.deeds.flatMap((deed) =>
        deed.kind === "record" && deed.request === request ? deed.asked : [],
      )
      const after = new Set(claims.slice(index).map((claim) => claim.hash))
      const before = others.map((each) => each.hash).filter((each) => !after.has(each))
      if (commit.kind === "events.append" && !items.some((item) => mayGive(played, item, hash, before, group)))
        yield `${request} gives ${concordId} an account besides another one`
    }
    const earlier = Named.factsUntil(played, turn - 1)
    for (const { kind, member, survivor } of commit.change.facts ?? []) {
      if (kind !== "joined") continue
      const both = [member, survivor].map((each) => accountsOf(kept, oneWith(earlier, each, Infinity), turn))
      if (both.every(({ length }) => length > 0))
        yield `${request} joins ${member} and ${survivor}, which have accounts`
    }
  }
}

/** An item that was recorded: what it says, and the events that it was answered with. */
interface Recorded {
  readonly item: Item
  readonly event: StoredEvent
  readonly people: ReadonlySet<string>
  readonly mentions: ReadonlyArray<Named.Mention>
  readonly commit: PeopleCommit
}

/** Whether an item is recorded as of a date of its own: the ledger dates a refusal that is ahead of the clock. */
const hasOwnDate = ({ event, item }: Recorded): boolean =>
  item.consentDate !== undefined && (item.consentState !== "declined" || item.consentDate === event.consentDate)

/** The people that an identifier named before a turn until a release that is later than an item. */
const formerly = ({ named }: Kept, { hash }: Named.Mention, recorded: Recorded, turn: number) =>
  named.filter(
    (each) =>
      hasOwnDate(recorded) && each.hash === hash && each.to <= turn && each.releasedAt > recorded.event.consentDate,
  )

/** Whether an item was recorded for the people that its identifiers named at a turn, and by its own claims. */
const isOfNamed = (kept: Kept, facts: ReadonlyArray<Fact>, recorded: Recorded, turn: number): boolean => {
  const { commit, event, item, mentions, people } = recorded
  const each = mentions.map((mention) => {
    const { concordId, hash } = mention
    const before = concordId ?? kept.named.find((named) => named.hash === hash && Named.isAt(named, turn))?.concordId
    const claimed = commit.change.claims.find((claim) => claim.hash === hash)?.concordId
    const former = formerly(kept, mention, recorded, turn).map((named) => named.concordId)
    return { before, claimed, former }
  })
  if (item.consentState !== "declined") {
    const group = oneWith(facts, event.concordId, Infinity)
    const now = each.map(({ before, claimed }) => before ?? claimed)
    return (
      each.every(({ former }) => former.length === 0) &&
      now[0] === event.concordId &&
      now.every((one) => group.has(one!))
    )
  }
  const mayBe = new Set(each.flatMap(({ before, claimed, former }) => [before, claimed, ...former]))
  return (
    [...people].every((one) => mayBe.has(one)) &&
    each.every(({ before, claimed, former }) => {
      if (before === undefined && former.length === 0) return claimed !== undefined && people.has(claimed)
      return [...(before === undefined ? [] : [before]), ...former].every((one) => people.has(one))
    })
  )
}

/** A yes is recorded for the person of its strongest identifier, which all name; a refusal for everybody they name. */
const ofTheNamed: Check = function* (played, kept) {
  for (const { answer, deed } of acknowledged(played, "record")) {
    if (answer._tag !== "Recorded") continue
    for (const [index, event] of answer.events.entries()) {
      const commit = kept.commitOf.get(event.id)
      if (commit?.kind !== "events.append" || commit.request !== deed.request) continue
      const item = deed.asked[index]!
      const leftOut = answer.leftOut.get(index) ?? []
      if (leftOut.some((kind) => !isContactPoint(kind))) yield `${deed.request} leaves out ${leftOut.join()}`
      const mentions = Named.mentionsOf(played, item.person).filter(({ kind }) => !leftOut.includes(kind))
      const further = answer.alsoRecordedFor.get(index) ?? []
      const people = new Set([event, ...further].map(({ concordId }) => concordId))
      const recorded = { item, event, people, mentions, commit }
      const invoked = kept.invoked.get(deed.request)!
      const turns = played.commits.map(({ turn }) => turn).filter((turn) => turn >= invoked && turn < commit.turn)
      const isRight = [invoked, ...turns].some((turn) =>
        isOfNamed(kept, Named.factsUntil(played, turn), recorded, turn),
      )
      if (!isRight) yield `${deed.request} was recorded for ${[...people].join()}, which its identifiers do not name`
    }
  }
}

/** A release and a rename that were acknowledged are facts. */
const changedIdentifiers: Check = function* (played, { facts }) {
  for (const { answer, deed } of acknowledged(played, "release")) {
    if (answer._tag !== "Released" && answer._tag !== "Repeated") continue
    const id = answer._tag === "Released" ? answer.fact.id : answer.answer
    if (!facts.some((fact) => fact.kind === "released" && fact.id === id)) yield `${deed.request} is not there`
  }
  for (const { answer, deed } of acknowledged(played, "rename")) {
    if (answer._tag !== "Renamed" || answer.accounts[0]!.isRepeated) continue
    const { concordId } = answer.accounts[0]!
    if (
      !facts.some(
        ({ kind, member, submitter }) => kind === "renamed" && submitter === deed.request && member === concordId,
      )
    )
      yield `${deed.request} is not there`
  }
}

export const checks: ReadonlyArray<Check> = [oneHand, accounts, ofTheNamed, changedIdentifiers]
