/**
 * Plays a world of the feed on two ledgers over one store, whose clocks may be apart, and reads what came of it: the
 * feed as it is stored, and everything that answers depend on.
 */
import { Clock, Context, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Crypto from "../../../apps/Crypto.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Ledger from "../../../core/Ledger.ts"
import type { ListedType, ProjectScope } from "../../../core/model/Catalog.ts"
import type { Fact } from "../../../core/model/People.ts"
import { type LaneItem, LedgerStore, type LanePlace, StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as PublishedRegions from "../../../core/model/PublishedRegions.ts"
import { templates } from "../../../core/browser/RegionTemplates.ts"
import * as Chance from "../../faults/interleavings/chance.ts"
import * as TestKeys from "../keys.ts"
import * as History from "./history.ts"
import * as Worlds from "./worlds.ts"
import { hasOneAuthority, type Say, type Step, type Tick, type Who, type World } from "./worlds.ts"

type Store = LedgerStore["Service"]

const real = Effect.runSync(Effect.clockWith(Effect.succeed))

/** A clock that shows what `now` returns, and sleeps in real time. */
export const clockOf = (now: () => number): Clock.Clock => ({
  ...real,
  currentTimeMillisUnsafe: now,
  currentTimeMillis: Effect.sync(now),
  currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
  currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: Effect.suspend(() => real.monotonicTimeNanos),
  sleep: (duration) => real.sleep(duration),
})

/** The first instant of each world: a month's end, an hour before a day with fewer in the next month. */
export const start = Date.UTC(2024, 0, 30, 23)

/** An item of the feed with the number of its lane. */
export type Item = LaneItem & { readonly lane: number }

/** When a scheduler looked for what was due. */
export interface Looked {
  /** By its own clock. */
  readonly at: Instant
  /** The step of the world that it was made in: between two steps, between their indexes. */
  readonly step: number
}

/** What came of a world. */
export interface Played {
  readonly world: World
  readonly scope: ProjectScope
  readonly store: Store
  readonly ledger: Ledger.Ledger["Service"]
  readonly history: History.History
  /** Lane by lane, each in its order. */
  readonly lanes: ReadonlyArray<ReadonlyArray<Item>>
  /** When schedulers looked for what was due. */
  readonly ticks: ReadonlyArray<Looked>
  /** By an instant: the last step in which a change of people or types was recorded at it. */
  readonly stepAt: ReadonlyMap<Instant, number>
  /** How far the clocks are apart. */
  readonly apart: number
  /** See `Worlds.hasOneAuthority`. */
  readonly isExact: boolean
  /** Everything that was due up to now is announced. */
  readonly end: Instant
  /** The step that an event is of, by its id: its index, and a letter if it has several events. */
  readonly stepOf: ReadonlyMap<string, string>
  /** The name of a person that items named, by its id: the same in another run of the world. */
  readonly nameOf: ReadonlyMap<string, string>
}

/** How the scheduler of a run behaves. */
export interface Scheduling {
  /** Whether it ticks at each instant at which an answer could turn, besides the ticks of the world. */
  readonly isOnTime?: boolean
  /** Whether the ticks of the world are left out. */
  readonly isStopped?: boolean
  /** Carried out after each step, by the first server, and once after all that was announced, with an index beyond. */
  readonly afterStep?: (index: number, at: Reached) => Effect.Effect<unknown, unknown>
}

/** A ledger after some steps of a world. */
export interface Reached extends Pick<Played, "ledger" | "scope" | "store"> {
  /** Whether everything was announced. */
  readonly isLast: boolean
}

/** A store whose writes of the feed die: the next one of a number. `undefined`: none dies. */
interface Dying {
  plan: { write: number; readonly isMade: boolean } | undefined
  isDead: boolean
}

const dead = new StoreUnavailable({ reason: "the server has died" })

/** The store as one server sees it: reads and writes of the feed take some turns, in which others run. */
const mortal = (store: Store, dying: Dying, chance: Chance.Chance): Store => {
  const takesTurns = Effect.suspend(() => Effect.repeat(Effect.yieldNow, { times: chance.below(4) }))
  const slow =
    <Given extends ReadonlyArray<unknown>, A, E>(member: (...given: Given) => Effect.Effect<A, E>) =>
    (...given: Given): Effect.Effect<A, E> =>
      Effect.andThen(takesTurns, member(...given))
  const write: Store["feed"]["write"] = (step) =>
    Effect.suspend(() => {
      const { plan } = dying
      // Once it is dead, no later write is made either.
      if (dying.isDead) return Effect.fail(dead)
      if (plan === undefined || plan.write-- > 0) return store.feed.write(step)
      dying.isDead = true
      return plan.isMade ? Effect.andThen(store.feed.write(step), Effect.fail(dead)) : Effect.fail(dead)
    })
  const { feed } = store
  return {
    ...store,
    feed: {
      ...feed,
      ends: slow(feed.ends),
      due: slow(feed.due),
      people: slow(feed.people),
      places: slow(feed.places),
      identityChanges: slow(feed.identityChanges),
      write: slow(write),
    },
  }
}

/** A ledger over a store, with ids and secrets from a seed, and lanes for its organization and project. */
export const ledgerOver = (store: Store, bytes: Chance.Chance["bytes"], lanes: number) =>
  Effect.gen(function* () {
    return yield* Ledger.Ledger
  }).pipe(
    Effect.provide(
      Ledger.layer.pipe(
        Layer.provide(Layer.succeed(LedgerStore, store)),
        Layer.provide(Layer.succeed(SecureRandom.SecureRandom, SecureRandom.make(bytes))),
        Layer.provide(Layer.succeed(Ledger.NewLanes, lanes)),
        Layer.provide([Crypto.layer, TestKeys.layer]),
      ),
    ),
  )

/** A server: its ledger, and its clock. */
interface Server {
  ledger: Ledger.Ledger["Service"]
  readonly clock: Clock.Clock
  readonly dying: Dying
  readonly restart: Effect.Effect<void, unknown>
}

/** A visitor: its browser, and the person that it was last. */
interface Visitor {
  contextId: string | undefined
  concordId: string | undefined
}

interface Playing {
  readonly world: World
  readonly scheduling: Scheduling
  readonly store: Store
  readonly time: { now: Instant }
  readonly servers: ReadonlyArray<Server>
  readonly scopeOf: (server: Server) => Effect.Effect<ProjectScope, unknown>
  readonly visitors: ReadonlyArray<Visitor>
  readonly facts: Map<string, Fact>
  readonly joins: Array<Fact>
  readonly erasures: Array<History.ErasedTogether>
  readonly ticks: Array<Looked>
  readonly stepAt: Map<Instant, number>
  readonly stepOf: Map<string, string>
  readonly nameOf: Map<string, string>
  /** The step that is carried out. */
  step: number
  proofs: number
}

/** Notes that people or types were changed in the step that is carried out. */
const noteRecorded = ({ step, stepAt }: Playing, at: Instant): void => {
  stepAt.set(at, Math.max(stepAt.get(at) ?? step, step))
}

const serverOf = ({ servers }: Playing, index: number): Server => servers[index]!

const by = <A, E>({ clock }: Pick<Server, "clock">, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.provideService(effect, Clock.Clock, clock)

const opened = Effect.fnUntraced(function* (playing: Playing, server: Server, visitor: Visitor, region?: string) {
  const scope = yield* playing.scopeOf(server)
  const opening = { ...scope, ipAddress: "", domain: "localhost", ...(region !== undefined && { region }) }
  const given = visitor.contextId === undefined ? {} : { contextId: visitor.contextId }
  const outcome = yield* server.ledger.openSession({ ...opening, ...given })
  if (outcome._tag !== "Opened") return yield* Effect.die(new Error(outcome._tag))
  visitor.contextId = outcome.contextId
  visitor.concordId = outcome.session.concordId
  return outcome.session
})

const accounts = ["ann", "bob"] as const

/** The person as an item names it. A visitor that was never seen opens a session. */
const named = Effect.fnUntraced(function* (playing: Playing, server: Server, who: Who) {
  if ("account" in who) return { userId: accounts[who.account]! }
  const visitor = playing.visitors[who.guest]!
  if (visitor.concordId === undefined) yield* opened(playing, server, visitor)
  return { concordId: visitor.concordId! }
})

/** The ids of the regions of a project: the default one has that of the project. */
const regionId = ({ project }: ProjectScope, index: number): string =>
  index === 0 ? project.id : `00000000-0000-7000-8000-00000000000${index}`

/**
 * How much later than the clock a publication is: later than what was answered. A publication in use is made later
 * than that by the ledger.
 */
const publishedLater = 1000

/** Publishes regions, the default one first. */
const publish = Effect.fnUntraced(function* (playing: Playing, server: Server, rules: ReadonlyArray<number>) {
  const { catalog } = playing.store
  const { organization, project } = yield* playing.scopeOf(server)
  const { publications, revision } = yield* catalog.current
  const number = (publications.get(project.id) ?? []).length + 1
  const dateCreated = (yield* Clock.currentTimeMillis) + publishedLater
  const regions = rules.map((rule, index) => ({
    ...{ id: regionId({ project } as ProjectScope, index), name: `region ${index}`, texts: {}, defaultLanguage: "en" },
    regions: index === 0 ? ("default" as const) : [["DE", "FR"][index - 1]!],
    settings: { ...templates.gdpr, ...Worlds.regionRules[rule]! },
  }))
  const id = `00000000-0000-7000-9000-${String(number).padStart(12, "0")}`
  const dates = { dateCreated, dateUpdated: dateCreated }
  const entry = { id, organization: organization.id, project: project.id, revision: number, regions, ...dates }
  yield* catalog.change({ revision, entries: { publications: [entry] }, documents: [], owner: organization })
  noteRecorded(playing, dateCreated)
  playing.time.now += publishedLater
})

/** The type of an index. */
const typeAt = ({ types }: ProjectScope, { hasRegions }: World, index: number): ListedType | undefined =>
  hasRegions === true && index === 1
    ? types.all.find(({ category }) => category === "privacy_setting")
    : types.all[index]

const say = Effect.fnUntraced(function* (playing: Playing, step: Say, index: number) {
  const server = serverOf(playing, step.server)
  const scope = yield* playing.scopeOf(server)
  const consentType = typeAt(scope, playing.world, step.type)
  if (consentType === undefined) return
  const { region, who } = step
  const isVisit = region !== undefined && "guest" in who
  const session = isVisit
    ? yield* opened(playing, server, playing.visitors[who.guest]!, regionId(scope, region))
    : undefined
  const now = yield* Clock.currentTimeMillis
  const date = step.ago === undefined ? now : now - step.ago
  const outcome = yield* server.ledger.record({
    ...scope,
    submitter: session?.concordId ?? "test",
    ...(session !== undefined && { session }),
    items: [
      {
        person: yield* named(playing, server, step.who),
        consentType: consentType.id,
        consentState: step.state,
        consentAction: "import",
        ...(step.ago !== undefined && { consentDate: date }),
        ...(step.lasts !== undefined && { expirationDate: date + step.lasts }),
      },
    ],
  })
  if (outcome._tag !== "Recorded") return
  if (session !== undefined) yield* collectFacts(playing, scope, session.concordId)
  for (const { concordId, id } of outcome.events) {
    playing.stepOf.set(id, String(index))
    if (!playing.nameOf.has(concordId)) playing.nameOf.set(concordId, JSON.stringify(step.who))
  }
  for (const [item, more] of outcome.alsoRecordedFor)
    for (const [each, { id }] of more.entries()) playing.stepOf.set(id, `${index} also ${item} ${each}`)
})

const identify = Effect.fnUntraced(function* (playing: Playing, server: Server, guest: number, account: number) {
  const scope = yield* playing.scopeOf(server)
  const session = yield* opened(playing, server, playing.visitors[guest]!)
  const alias = yield* server.ledger.aliasOf(scope, { kind: "userId", value: accounts[account]!, isHashed: false })
  const now = yield* Clock.currentTimeMillis
  yield* server.ledger.identify({
    ...scope,
    session,
    alias: Option.getOrThrow(alias),
    evidence: { kind: "userId", issuedAt: now, expiresAt: now + 3_600_000 },
    signed: `proof ${playing.proofs++}`,
  })
  yield* collectFacts(playing, scope, session.concordId)
  for (const { survivor } of [...playing.facts.values()]) yield* collectFacts(playing, scope, survivor)
})

/** Notes every fact about a person, and which joins can be undone. */
const collectFacts = Effect.fnUntraced(function* (playing: Playing, { organization }: ProjectScope, person: string) {
  const [facts] = yield* playing.store.people.facts(organization, [{ concordId: person, from: 0 }], 1000)
  for (const fact of facts ?? []) {
    if (playing.facts.has(fact.id)) continue
    playing.facts.set(fact.id, fact)
    noteRecorded(playing, fact.dateCreated)
    if (fact.kind === "joined" || fact.kind === "identified") playing.joins.push(fact)
  }
})

const undo = Effect.fnUntraced(function* (playing: Playing, server: Server, index: number) {
  const join = playing.joins.at(-1 - index)
  if (join === undefined) return
  const scope = yield* playing.scopeOf(server)
  const undoing = { concordId: join.member, factId: join.id, submitter: "test", answer: () => "" }
  yield* server.ledger.undoJoin(scope.organization, undoing)
  yield* collectFacts(playing, scope, join.member)
})

const erase = Effect.fnUntraced(function* (playing: Playing, server: Server, who: Who) {
  const scope = yield* playing.scopeOf(server)
  const identifiers = yield* named(playing, server, who)
  const found = "userId" in identifiers ? yield* server.ledger.find(scope, identifiers) : identifiers
  const concordId = "concordId" in found ? found.concordId : undefined
  if (concordId === undefined) return
  const erasing = { concordId, submitter: scope.organization.id, reason: "request" } as const
  const outcome = yield* server.ledger.erase(scope.organization, erasing)
  if (outcome._tag !== "Erased") return
  playing.erasures.push(outcome.erasure)
  noteRecorded(playing, outcome.erasure.recordedAt)
})

/** A scheduler looks for what is due, once. If its server dies meanwhile, another one starts in its place. */
const tick = Effect.fnUntraced(function* (playing: Playing, { dies, server: index }: Tick) {
  const server = serverOf(playing, index)
  const looked: Looked = { at: yield* Clock.currentTimeMillis, step: playing.step }
  server.dying.plan = dies === undefined ? undefined : { ...dies }
  const report = yield* Effect.option(server.ledger.scheduler.tick)
  // What died, or left something to the next tick, has not looked for everything.
  if (Option.isSome(report) && !report.value.hasMore) playing.ticks.push(looked)
  const { isDead } = server.dying
  server.dying.plan = undefined
  server.dying.isDead = false
  if (isDead) yield* server.restart
})

const carryOut = (playing: Playing, step: Step, index: number): Effect.Effect<unknown, unknown> => {
  if (step.kind === "both") {
    const both = step.steps.map((each) => carryOut(playing, each, index))
    return Effect.all(both, { concurrency: "unbounded" })
  }
  const server = serverOf(playing, step.server)
  const change = Effect.fnUntraced(function* (
    use: (type: ListedType, scope: ProjectScope) => Effect.Effect<unknown, unknown>,
  ) {
    const scope = yield* playing.scopeOf(server)
    const type = "type" in step ? typeAt(scope, playing.world, step.type) : undefined
    if (type === undefined) return
    const now = yield* Clock.currentTimeMillis
    yield* use(type, scope)
    const { dateUpdated, history, versions } = (yield* playing.scopeOf(server)).types.byId.get(type.id)!
    const last = [dateUpdated, history?.at(-1)?.knownUntil, versions.at(-1)?.dateCreated]
    for (const at of last) if (at !== undefined && at >= now) noteRecorded(playing, at)
  })
  const program = (): Effect.Effect<unknown, unknown> => {
    switch (step.kind) {
      case "say":
        return say(playing, step, index)
      case "identify":
        return identify(playing, server, step.guest, step.account)
      case "undo":
        return undo(playing, server, step.join)
      case "erase":
        return erase(playing, server, step.who)
      case "tick":
        return playing.scheduling.isStopped === true ? Effect.void : tick(playing, step)
      case "change":
        return change((type, scope) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const isVersion = step.change.requireReaccept === true || step.change.description !== undefined
            const published = isVersion && step.ahead !== undefined ? { publishedAt: now + step.ahead } : {}
            const changed = { ...step.change, ...published }
            return server.ledger.setup.updateType(scope, type.id, changed, { answer: () => "" })
          }),
        )
      case "publish":
        return publish(playing, server, step.rules)
      case "cancel":
        return change((type, scope) => {
          const last = type.versions.at(-1)
          if (last === undefined) return Effect.void
          return server.ledger.setup.cancelVersion(scope, type.id, last.id, { answer: () => "" })
        })
    }
  }
  return by(server, Effect.suspend(program))
}

/** The whole feed, lane by lane, as the store has it. */
export const lanesOf = Effect.fnUntraced(function* ({ project }: ProjectScope, { feed }: Store) {
  const lanes: Array<ReadonlyArray<Item>> = []
  for (const { lane, number, position } of yield* feed.ends(project)) {
    const to: LanePlace = { lane, number, position }
    const items: Array<Item> = []
    for (let from: LanePlace = { lane, number: 0, position: 0 }; from.number < number || from.position < position;) {
      const [part] = yield* feed.read(project, [{ from, to }], {}, 1000)
      items.push(...part!.items.map((item) => ({ ...item, lane })))
      from = part!.next
    }
    lanes.push(items)
  }
  return lanes
})

const historyOf = Effect.fnUntraced(function* (playing: Playing) {
  const { erasures, facts, store } = playing
  const scope = yield* playing.scopeOf(playing.servers[0]!)
  const events: Array<History.History["events"][number]> = []
  for (let lane = 0; lane < scope.project.lanes; lane++)
    events.push(...(yield* store.events.lane(scope.project, lane, 0, 100_000)))
  for (const person of History.peopleOf({ events, facts: [...facts.values()], erasures, types: [] }))
    yield* collectFacts(playing, scope, person)
  return {
    events,
    facts: [...facts.values()],
    erasures,
    types: [...scope.types.byId.values()],
    publications: PublishedRegions.all(yield* store.catalog.current, scope.project),
  } satisfies History.History as History.History
})

/** Ticks at each instant of a time at which an answer could turn. */
const tickOnTime = Effect.fnUntraced(function* (playing: Playing, until: Instant) {
  const done = new Set<Instant>()
  for (;;) {
    const history = yield* historyOf(playing)
    const from = playing.time.now
    const turns = history.types.flatMap((type) => History.turnsOf(history, type, until))
    const next = Math.min(...turns.filter((at) => at >= from && !done.has(at)))
    if (next === Infinity) return
    done.add(next)
    playing.time.now = next
    const [server] = playing.servers
    yield* by(server!, tick(playing, { kind: "tick", server: 0 }))
  }
})

/** The time that a server takes to start: only its predecessor knew as of when it had answered. */
const startMillis = 1000

const deathsOf = (step: Step): number =>
  (step.kind === "both" ? step.steps : [step]).filter((each) => "dies" in each).length

/** How many ticks at the end find everything that is due: more than need be. */
const lastTicks = 4

/** Plays a world over a store, which is empty. */
export const play = Effect.fnUntraced(function* (world: World, store: Store, scheduling: Scheduling = {}) {
  const time = { now: start }
  const chance = Chance.make("feed")
  const make = Effect.fnUntraced(function* (index: number) {
    const dying: Dying = { plan: undefined, isDead: false }
    const clock = clockOf(() => time.now + world.ahead[index]!)
    const begin = by({ clock }, ledgerOver(mortal(store, dying, chance), chance.bytes, world.lanes))
    const restart: Effect.Effect<void, unknown> = Effect.map(begin, (ledger) => void (server.ledger = ledger))
    const server: Server = { ledger: yield* begin, clock, dying, restart }
    return server
  })
  const servers = [yield* make(0), yield* make(1)]
  const [first] = servers
  const { project } = yield* by(first!, first!.ledger.firstProject)
  const scopeOf = ({ ledger }: Server) => Effect.map(ledger.projectScope(project.id), Option.getOrThrow)
  const visitors = [0, 1].map((): Visitor => ({ contextId: undefined, concordId: undefined }))
  const playing: Playing = {
    ...{ world, scheduling, store, time, servers, scopeOf, visitors, facts: new Map(), joins: [], erasures: [] },
    ...{ ticks: [], stepAt: new Map(), stepOf: new Map(), nameOf: new Map(), step: -1, proofs: 0 },
  }
  if (world.leads.length > 0) {
    const leads = { leads: world.leads }
    yield* by(first!, first!.ledger.setup.updateProject(yield* scopeOf(first!), leads, { answer: () => "" }))
  }
  const afterStep = Effect.fnUntraced(function* (index: number, isLast: boolean) {
    const { afterStep = () => Effect.void } = scheduling
    yield* by(first!, afterStep(index, { ledger: first!.ledger, scope: yield* scopeOf(first!), store, isLast }))
  })
  for (const [index, change] of world.types.entries()) {
    time.now += 1
    yield* carryOut(playing, { kind: "change", server: 0, type: index, change, ahead: undefined }, -1)
  }
  for (const [index, [wait, step]] of world.steps.entries()) {
    const until = time.now + wait
    playing.step = index - 0.5
    if (scheduling.isOnTime === true) yield* tickOnTime(playing, until)
    time.now = until
    playing.step = index
    yield* carryOut(playing, step, index)
    time.now += startMillis * deathsOf(step)
    yield* afterStep(index, false)
  }
  playing.step = world.steps.length
  const until = time.now + 2 * 3_600_000
  if (scheduling.isOnTime === true) yield* tickOnTime(playing, until)
  time.now = until
  for (let count = 0; count < lastTicks; count++) {
    time.now += 1000
    for (const server of [0, 1]) yield* by(servers[server]!, tick(playing, { kind: "tick", server }))
  }
  yield* afterStep(world.steps.length, true)
  const end = time.now + Math.max(...world.ahead)
  const scope = yield* scopeOf(first!)
  return {
    ...{ world, scope, store, ledger: first!.ledger, history: yield* historyOf(playing) },
    ...{
      lanes: yield* lanesOf(scope, store),
      ticks: playing.ticks,
      stepAt: playing.stepAt,
      end,
      stepOf: playing.stepOf,
      apart: Math.max(...world.ahead),
      isExact: hasOneAuthority(world),
      nameOf: playing.nameOf,
    },
  } satisfies Played as Played
})

/** The store of a layer. */
export const storeOf = <E>(layer: Layer.Layer<LedgerStore, E>) =>
  Effect.map(Layer.build(layer), Context.get(LedgerStore))
