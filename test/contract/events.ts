/** Clauses of the contract: how a store records events and reads them back. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Append } from "../../core/ports/LedgerStore.ts"
import type { PersonPlace, StoredEvent } from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  t0,
  organization,
  project,
  uuid,
  hash,
  typeA,
  typeB,
  event,
  request,
  claim,
  foldedHeads,
  ids,
  type Store,
  named,
  eventsOf,
  headsOf,
  counted,
  clause,
  people,
  manyEvents,
  everything,
  newestFirst,
} from "./samples.ts"

export const eventClauses: ReadonlyArray<Clause> = [
  clause(
    "an event is read back as it was recorded, its body byte for byte",
    Effect.fnUntraced(function* (store: Store) {
      const plain = event(uuid(5))
      const full = event(uuid(5), { consentType: typeB, expirationDate: t0 + 1, session: uuid(6), version: 3 })
      strictEqual((yield* store.events.append(request([plain, full])))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, uuid(5)), [plain, full])
      deepStrictEqual(
        (yield* headsOf(store, project, uuid(5))).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        [plain, full],
      )
    }),
  ),
  clause(
    "events of a restored export are recorded though their person was erased, in any lane; no other event of it is",
    Effect.fnUntraced(function* (store: Store) {
      const elsewhere = { number: 2, lanes: 16 }
      yield* store.events.append(request([event(uuid(5)), event(uuid(6))]))
      const { revision } = yield* store.people.person(organization, uuid(5))
      const { revision: catalog } = yield* store.catalog.current
      const erased = yield* store.personal.erase({
        id: uuid(0xe1),
        organization,
        projects: [project, elsewhere],
        catalog,
        recordedAt: t0 + 1,
        members: [uuid(5)],
        seen: [{ concordId: uuid(5), revision }],
        submitter: uuid(0xc0),
        reason: "request",
      })
      ok(typeof erased === "object")
      for (const owner of [project, elsewhere]) {
        const append = (events: ReadonlyArray<StoredEvent>, over: Partial<Append> = {}) =>
          Effect.map(store.events.append(request(events, { project: owner, ...over })), ({ _tag }) => _tag)
        strictEqual(yield* append([event(uuid(5))]), "Stale")
        strictEqual(yield* append([event(uuid(5))], { ofErased: new Set([uuid(6)]) }), "Stale")
        strictEqual(yield* append([event(uuid(5)), event(uuid(6))], { ofErased: new Set([uuid(5)]) }), "Appended")
        strictEqual(yield* append([event(uuid(5))]), "Stale")
        strictEqual(yield* append([event(uuid(6))]), "Appended")
      }
      const counts = [project, elsewhere].map((owner) => eventsOf(store, owner, uuid(5)))
      deepStrictEqual(
        (yield* Effect.all(counts)).map(({ length }) => length),
        [2, 1],
      )
    }),
  ),
  clause(
    "a person without recorded events has none, and the events of a person are in their own project only",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5))]))
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* headsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* eventsOf(store, { number: 2, lanes: 16 }, uuid(5)), [])
      deepStrictEqual(yield* headsOf(store, { number: 2, lanes: 16 }, uuid(5)), [])
    }),
  ),
  clause(
    "the positions of lanes are returned by each write to them and by each read of their people, joined or not",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(60)
      let returned = 0
      for (const [index, each] of events.entries()) {
        const before = events.slice(0, index + 1)
        const appended = yield* store.events.append(request([each]))
        ok(appended._tag === "Appended")
        // Left out where an earlier attempt kept the request.
        if (appended.positions === undefined) continue
        returned++
        deepStrictEqual(appended.positions, counted(before, [each.concordId]))
      }
      ok(returned > events.length / 2)
      for (const some of [[uuid(0xfff)], people.slice(0, 1), people.slice(3, 9), people]) {
        const own = events.filter(({ concordId }) => some.includes(concordId))
        const heads = yield* store.events.heads(project, some)
        deepStrictEqual(heads.positions, counted(events, some))
        deepStrictEqual(
          ids(heads.events).toSorted(),
          some.flatMap((person) => foldedHeads(own.filter(({ concordId }) => concordId === person))).toSorted(),
        )
      }
      const { bounds } = yield* store.events.list(project, everything, { ...newestFirst, limit: 1, from: 0 })
      deepStrictEqual(bounds, yield* store.events.laneEnds(project))
    }),
  ),
  clause(
    "the heads of people are of the moment that the positions name, while others write",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane, whose events alternate.
      const [first] = people
      const second = people.slice(1).find((person) => Lane.of(project, person) === Lane.of(project, first!))!
      const lane = Lane.of(project, first!)
      const events = Array.from({ length: 60 }, (_, index) => event(index % 2 === 0 ? first! : second))
      const write = Effect.forEach(events, (each) => store.events.append(request([each])), { discard: true })
      const read = Effect.forEach(
        Array.from({ length: 60 }),
        Effect.fnUntraced(function* () {
          const seen = yield* store.events.heads(project, [second, first!])
          const before = events.slice(0, seen.positions.get(lane))
          const heads = [first!, second].flatMap((person) =>
            foldedHeads(before.filter(({ concordId }) => concordId === person)),
          )
          deepStrictEqual(ids(seen.events).toSorted(), heads.toSorted())
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
    }),
  ),
  clause(
    "a person's events come in the order recorded, whatever their dates",
    Effect.fnUntraced(function* (store: Store) {
      const first = event(uuid(5), { consentDate: t0 })
      const late = event(uuid(5), { consentDate: t0 - 1000, dateCreated: t0 + 1 })
      yield* store.events.append(request([first]))
      yield* store.events.append(request([late], { recordedAt: t0 + 1 }))
      deepStrictEqual(ids(yield* eventsOf(store, project, uuid(5))), [first.id, late.id])
    }),
  ),
  clause(
    "heads of some consent types are those of these types alone",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(200)
      yield* store.events.append(request(events))
      const types = [...new Set(events.map(({ consentType }) => consentType))]
      for (const some of [[], types.slice(0, 1), types.slice(1), [uuid(0xfff), ...types]]) {
        const seen = yield* store.events.heads(project, people, some)
        deepStrictEqual(seen.positions, counted(events, people))
        const all = yield* store.events.heads(project, people)
        const expected = all.events.filter(({ consentType }) => some.includes(consentType))
        deepStrictEqual(ids(seen.events).toSorted(), ids(expected).toSorted())
      }
    }),
  ),
  clause(
    "the events of people come page by page in the order of their dates, each once, also those of the same instant",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(400)
      for (let start = 0; start < events.length; start += 50) {
        yield* store.events.append(request(events.slice(start, start + 50)))
      }
      const decides = ({ id, concordId, consentType, version, consentState, consentAction }: StoredEvent) => [
        ...[id, concordId, consentType, version, consentState, consentAction],
      ]
      for (const limit of [1, 3, 1000]) {
        const some = [people[1]!, uuid(0xfff), people[0]!, ...people.slice(2)]
        let places = some.map((concordId): PersonPlace => ({ concordId }))
        const found = new Map<string, Array<ConsentEvent>>()
        while (places.length > 0) {
          const pages = yield* store.events.ofPeople(project, places, limit)
          deepStrictEqual(pages.length, places.length)
          places = places.flatMap(({ concordId }, index) => {
            const page = pages[index]!
            ok(page.length <= limit)
            found.set(concordId, [...(found.get(concordId) ?? []), ...page])
            return page.length === 0 ? [] : [{ concordId, after: page.at(-1)! }]
          })
        }
        for (const person of some) {
          const own = events
            .filter(({ concordId }) => concordId === person)
            .toSorted((a, b) => a.consentDate - b.consentDate || (a.id < b.id ? -1 : 1))
          deepStrictEqual(ids(found.get(person)!), ids(own))
          const read = found.get(person)!
          deepStrictEqual(
            read.map((event) => [
              ...decides(event as StoredEvent),
              event.consentDate,
              event.dateCreated,
              event.expirationDate,
            ]),
            own.map((event) => [...decides(event), event.consentDate, event.dateCreated, event.expirationDate]),
          )
        }
      }
    }),
  ),
  clause(
    "the heads are the fold of the events, through ties and late arrivals, one by one or in batches",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(400)
      for (let start = 0; start < events.length;) {
        const size = 1 + (start % 17)
        yield* store.events.append(request(events.slice(start, start + size)))
        start += size
      }
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* eventsOf(store, project, person)), ids(own))
        deepStrictEqual(ids(yield* headsOf(store, project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
  clause(
    "an event is found by its id and by its external id, in its own project alone",
    Effect.fnUntraced(function* (store: Store) {
      const events = people.map((person) => event(person))
      const named = events.map((each, index) => ({ ...each, externalId: hash(0xf00 + index) }))
      yield* store.events.append(request(named))
      const elsewhere = { number: 2, lanes: 16 }
      for (const each of events) {
        deepStrictEqual(yield* store.events.byId(project, [uuid(0xdead), each.id]), [undefined, each])
        deepStrictEqual(yield* store.events.byId(elsewhere, [each.id]), [undefined])
      }
      const hashes = [hash(0xeee), ...named.map(({ externalId }) => externalId)]
      deepStrictEqual(yield* store.events.byExternalId(project, hashes), [undefined, ...events])
      deepStrictEqual(yield* store.events.byExternalId(elsewhere, hashes.slice(0, 2)), [undefined, undefined])
    }),
  ),
  clause(
    "the log of a lane is read from any position on, in the order recorded, up to its end",
    Effect.fnUntraced(function* (store: Store) {
      deepStrictEqual(
        yield* store.events.laneEnds(project),
        Array.from({ length: project.lanes }, () => 0),
      )
      const events = Array.from({ length: 20 }, (_, index) => event(people[index % people.length]!))
      for (const each of events) yield* store.events.append(request([each]))
      const ends = yield* store.events.laneEnds(project)
      for (const [lane, end] of ends.entries()) {
        const meant = events.filter(({ concordId }) => Lane.of(project, concordId) === Lane.all(project)[lane])
        strictEqual(end, meant.length)
        deepStrictEqual(yield* store.events.lane(project, lane, 0, 1000), meant)
        deepStrictEqual(yield* store.events.lane(project, lane, 1, 2), meant.slice(1, 3))
        deepStrictEqual(yield* store.events.lane(project, lane, end, 1000), [])
      }
      deepStrictEqual(
        yield* store.events.laneEnds({ number: 2, lanes: 16 }),
        ends.map(() => 0),
      )
    }),
  ),
  clause(
    "events of an earlier ledger keep their dateCreated, which never goes back inside a lane",
    Effect.fnUntraced(function* (store: Store) {
      const [person] = people
      const earlier = [event(person!, { dateCreated: t0 - 9 }), event(person!, { dateCreated: t0 - 5 })]
      strictEqual((yield* store.events.append(request(earlier, { recordedAt: t0 - 5 })))._tag, "Appended")
      const between = event(person!, { dateCreated: t0 - 6 })
      const later = event(person!, { dateCreated: t0 })
      const refused = yield* store.events.append(request([between, later]))
      strictEqual(refused._tag, "Stale")
      strictEqual((yield* store.events.append(request([later])))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, person!), [...earlier, later])
    }),
  ),
  clause(
    "of requests with the same external id at once exactly one is kept, whatever lanes they go to",
    Effect.fnUntraced(function* (store: Store) {
      const outcomes = yield* Effect.forEach(
        people,
        (person) => store.events.append(request([event(person, { externalId: hash(0xf) }), event(person)])),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter(({ _tag }) => _tag === "Appended").length, 1)
      strictEqual((yield* store.events.list(project, everything, { ...newestFirst, limit: 1, from: 0 })).total, 2)
    }),
  ),
  clause(
    "the last instant at which an event of some projects was recorded is read back",
    Effect.fnUntraced(function* (store: Store) {
      const empty = { number: 2, lanes: 16 }
      const before = yield* store.events.lastRecordedAt([project, empty])
      strictEqual(before < t0, true)
      yield* store.events.append(request([event(uuid(5), { dateCreated: t0 + 7 })], { recordedAt: t0 + 7 }))
      yield* store.events.append(request([event(uuid(6))]))
      strictEqual(yield* store.events.lastRecordedAt([empty, project]), t0 + 7)
      strictEqual(yield* store.events.lastRecordedAt([empty]), before)
      strictEqual(yield* store.events.lastRecordedAt([]), before)
    }),
  ),
  clause(
    "the versions that events name are noted as soon as the events are recorded, for their type and project alone",
    Effect.fnUntraced(function* (store: Store) {
      deepStrictEqual(yield* store.events.usedVersions(project, typeA), new Set())
      yield* store.events.append(request([event(uuid(5)), event(uuid(6), { version: 7 })]))
      yield* store.events.append(request([event(uuid(5), { version: 7 }), event(uuid(7))]))
      deepStrictEqual(yield* store.events.usedVersions(project, typeA), new Set([1, 7]))
      deepStrictEqual(yield* store.events.usedVersions(project, typeB), new Set())
      deepStrictEqual(yield* store.events.usedVersions({ number: 2, lanes: 16 }, typeA), new Set())
    }),
  ),
  clause(
    "requests that arrive at once are each recorded once, and none is lost",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(300)
      yield* Effect.forEach(events, (each) => store.events.append(request([each])), { concurrency: "unbounded" })
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* eventsOf(store, project, person)).toSorted(), ids(own).toSorted())
        deepStrictEqual(ids(yield* headsOf(store, project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
  clause(
    "a request that comes after an event is kept where that one is there, and is stale where it is not, with nothing of it kept",
    Effect.fnUntraced(function* (store: Store) {
      const [first, second, never] = [event(uuid(5)), event(uuid(6)), event(uuid(5))]
      yield* store.events.append(request([first]))
      const elsewhere = { concordId: uuid(6), id: first.id }
      for (const after of [never, elsewhere]) {
        const early = request([second], { after, claims: [claim(1, uuid(6))] })
        deepStrictEqual(yield* store.events.append(early), { _tag: "Stale", lastRecordedAt: t0 })
      }
      strictEqual((yield* store.events.append(request([event(uuid(7))], { after: second })))._tag, "Stale")
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* named(store, organization, [hash(1)]), [undefined])
      strictEqual((yield* store.events.append(request([second], { after: first })))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [second])
    }),
  ),
  clause(
    "of requests that each come after the one before, at once, those before the first that cannot be kept are kept, and none after it",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(1, uuid(5))] }))
      for (const claims of [[], [claim(1, uuid(6))]]) {
        const chain = Array.from({ length: 6 }, () => manyEvents(400))
        const requests = chain.map((events, index) =>
          request(events, {
            ...(index > 0 && { after: chain[index - 1]!.at(-1)! }),
            ...(index === 3 && { claims }),
          }),
        )
        const outcomes = yield* Effect.forEach(requests, store.events.append, { concurrency: "unbounded" })
        const kept = claims.length === 0 ? 6 : 3
        const expected = chain.map((_, index) => (index < kept ? "Appended" : "Stale"))
        deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          expected,
        )
        const there = yield* store.events.byId(project, ids(chain.flat()))
        deepStrictEqual(there, [
          ...chain.slice(0, kept).flat(),
          ...chain.slice(kept).flatMap((none) => none.map(() => undefined)),
        ])
      }
    }),
  ),
  clause(
    "dateCreated never goes back inside a lane: a request for an earlier instant is stale and gets the last one",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5), { dateCreated: t0 + 9 })], { recordedAt: t0 + 9 }))
      const earlier = request([event(uuid(5)), ...people.map((person) => event(person))])
      deepStrictEqual(yield* store.events.append(earlier), { _tag: "Stale", lastRecordedAt: t0 + 9 })
      strictEqual((yield* eventsOf(store, project, uuid(5))).length, 1)
      for (const person of people) deepStrictEqual(yield* eventsOf(store, project, person), [])
      const later = event(uuid(5), { dateCreated: t0 + 9 })
      strictEqual((yield* store.events.append(request([later], { recordedAt: t0 + 9 })))._tag, "Appended")
    }),
  ),
  clause(
    "a refusal is stale where the person has a later yes of its type from another append, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      const at = { consentDate: t0 + 50, dateCreated: t0 + 50 }
      const [person, other] = [uuid(5), uuid(5 + project.lanes)]
      yield* store.events.append(request([event(person, at)], { recordedAt: t0 + 50 }))
      const no = (concordId: string, over: Partial<Append["events"][number]> = {}) =>
        event(concordId, { consentState: "declined", dateCreated: t0 + 50, ...over })
      const guarded = (refusal: Append["events"][number], ...others: ReadonlyArray<Append["events"][number]>) =>
        request([refusal, ...others], {
          recordedAt: t0 + 50,
          refusals: [{ concordId: refusal.concordId, consentType: refusal.consentType, at: refusal.consentDate }],
        })
      const stale = { _tag: "Stale", lastRecordedAt: t0 + 50, isOvertaken: true }
      for (const consentState of ["accepted", "implied", "viewed"] as const) {
        const later = event(uuid(6), { ...at, consentState, consentType: typeB })
        if (consentState !== "accepted") yield* store.events.append(request([later], { recordedAt: t0 + 50 }))
        const refusal = consentState === "accepted" ? no(person) : no(uuid(6), { consentType: typeB })
        deepStrictEqual(yield* store.events.append(guarded(refusal)), stale)
      }
      strictEqual((yield* eventsOf(store, project, person)).length, 1)
      const kept = [no(person, { consentType: typeB }), no(other), no(person, { consentDate: t0 + 50 }), no(uuid(7))]
      for (const refusal of kept) strictEqual((yield* store.events.append(guarded(refusal)))._tag, "Appended")
      // A later refusal, or a later yes of the same append, is no reason.
      yield* store.events.append(request([no(uuid(8), at)], { recordedAt: t0 + 50 }))
      const own = guarded(no(uuid(8)), event(uuid(8), at))
      strictEqual((yield* store.events.append(own))._tag, "Appended")
    }),
  ),
  clause(
    "of a later yes and refusals at once, each refusal is kept before it or is stale",
    Effect.fnUntraced(function* (store: Store) {
      const at = { consentDate: t0 + 50, dateCreated: t0 + 50 }
      const person = uuid(5)
      const no = () => event(person, { consentState: "declined", dateCreated: t0 + 50 })
      const refusals = [{ concordId: person, consentType: typeA, at: t0 }]
      const outcomes = yield* Effect.forEach(
        [no(), no(), event(person, at), no(), no()],
        (each) =>
          store.events.append(
            request([each], { recordedAt: t0 + 50, ...(each.consentState === "declined" && { refusals }) }),
          ),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes[2]!._tag, "Appended")
      const states = (yield* eventsOf(store, project, person)).map(({ consentState }) => consentState)
      const yes = states.indexOf("accepted")
      ok(yes >= 0 && yes === states.length - 1, states.join(" "))
      const kept = outcomes.filter(({ _tag }) => _tag === "Appended").length
      strictEqual(kept, states.length)
    }),
  ),
]
