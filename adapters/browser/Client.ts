/**
 * The client of a page, over any environment.
 *
 * A choice counts in the page at the click: it is stored, then the snapshot is written, then it is sent. Nothing is
 * stored before the first act.
 *
 * The file is longer than others because its functions share the state of one page, and all end in deciding again.
 */
import type { Decision } from "../../core/engine/Decision.ts"
import * as GlobalPrivacyControl from "../../core/browser/GlobalPrivacyControl.ts"
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import * as PageDecisions from "../../core/browser/PageDecisions.ts"
import * as PageTypes from "../../core/browser/PageTypes.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import type { Evidence, Visit, VisitItem } from "../../core/browser/VisitAnswer.ts"
import * as AnswersOf from "./Answers.ts"
import * as ClockOf from "./Clock.ts"
import type { Cause, Choice, ConsentClient, Recorded, Status, Surface } from "./ConsentClient.ts"
import type { Environment, Line } from "./Environment.ts"
import type { Later, LaterClient, LaterOptions } from "./Later.ts"
import * as LocalLedgerOf from "./LocalLedger.ts"
import * as LocalStoreOf from "./LocalStore.ts"
import type { Parts } from "./Parts.ts"
import * as SyncOf from "./Sync.ts"
import * as Watchers from "./Watchers.ts"

/** The parts of a page that the client works with; what blocks, signals and shows may be left out. */
export interface ClientParts {
  readonly configuration: Pick<Parts["configuration"], "project" | "revision" | "strictest" | "types">
  readonly base: string
  readonly gpc: boolean
  readonly snapshot: Parts["snapshot"]
  /** The language that is wanted; `undefined`: the browser says it. */
  readonly language?: string
  /** Whether the page shows the banner by itself. */
  readonly isShowing: boolean
  /** Whether the site's domains share the cookie, so that another one may change it. */
  readonly isShared?: boolean
  readonly blocker?: Pick<Parts["blocker"], "block" | "count" | "release">
  readonly signals?: Parts["signals"]
  readonly load?: Parts["load"]
  /** Brings what is needed once a person has acted, or may be known. Rejects where it cannot be had. */
  readonly later: () => Promise<Later>
  readonly shown?: () => Pick<Parts, "banner" | "preferences">
}

/** The version of the package. */
export const version = "0.1.0"

/** The longest time that a browser waits without counting over. */
const longestTimer = 2 ** 31 - 1

/** A visit is asked for again where a page is seen after this time. */
const visitMillis = 300_000

/** A cookie lives for 13 months at most. */
const cookieSeconds = 395 * 86_400

export const make = (env: Environment, parts: ClientParts): ConsentClient => {
  const { project } = parts.configuration
  const clock = ClockOf.make(env.now)
  const store = LocalStoreOf.make(env.storage, project)
  const ledger = LocalLedgerOf.make(store, clock, env.uuid)
  const { configuration, gpc, snapshot } = parts
  const answers = AnswersOf.make({ configuration, gpc, snapshot, ledger, now: clock.now })

  let phase: Status["phase"] = snapshot === undefined ? "cold" : "warm"
  let language = parts.language
  let told = new Set<string>()
  let isReady = false
  let wasAsking = false
  let hasButton = false
  let isBannerShown = false
  let visitedAt = -Infinity
  let cookie = Snapshot.fromCookies(env.cookies(), project) === undefined ? "" : env.cookies()
  let stopTimer = () => {}
  let line: Line | undefined

  const failed = (error: unknown) => env.tell("error", { code: "listener_failed", detail: String(error) })
  const watchers = Watchers.make(answers.permits, failed)

  /** Writes the snapshot, for the loader of the next page. */
  const keepSnapshot = (): void => {
    const made = answers.snapshot()
    if (made === undefined || !ledger.isKnown()) return
    const ends = [...made.answers.values()].filter(({ permitted }) => permitted).map(({ until }) => until ?? Infinity)
    const last = ends.length === 0 ? Infinity : Math.max(...ends)
    const seconds = Math.min(cookieSeconds, Math.max(1, Math.ceil((last - clock.now()) / 1000)))
    env.setCookie(Snapshot.cookieName(project), Snapshot.encode(made), seconds)
    cookie = env.cookies()
  }

  /** Keeps the configuration, so that the next page decides at once, also where the server does not answer. */
  const keepVisit = (): void => {
    const visit = answers.visit()
    if (visit !== undefined && ledger.isKnown()) store.setVisit(visit)
  }

  /** One timer, for the first of all changes by time. */
  const arm = (decisions: PageDecisions.AllDecisions): void => {
    stopTimer()
    const next = PageDecisions.nextChangeAt(decisions)
    if (next === undefined) return
    stopTimer = env.after(Math.min(longestTimer, Math.max(1, next - clock.now())), () => settle("time"))
  }

  const isPermitted = ({ id }: Pick<PageTypes.PageType, "id">) => answers.permits(id)

  const start = (): void => {
    parts.blocker?.release(answers.permits)
    watchers.start()
  }

  /** Tells everyone what has changed: signals first, then what must stop, then what may start. */
  const tell = (cause: Cause): void => {
    const types = answers.types()
    const now = new Set(types.filter(isPermitted).map(({ id }) => id))
    const changed = types.filter(({ id }) => now.has(id) !== told.has(id))
    const withdrawn = changed.filter(({ id }) => !now.has(id))
    told = now
    parts.signals?.update(answers.permits)
    parts.blocker?.block(answers.permits)
    watchers.stop()
    if (changed.length > 0) {
      if (cause === "time") ledger.keepClock()
      const detail = changed.map(({ id, triple }) => ({ name: triple, permitted: now.has(id) }))
      env.tell("change", { changed: detail, cause })
    }
    // Each release asks again whether it is permitted, and what a site runs follows the elements of the same change.
    env.after(0, start)
    if (withdrawn.length > 0) afterWithdrawal(withdrawn)
  }

  /** Decides again, and acts on what is different. */
  const settle = (cause: Cause): void => {
    const decisions = answers.all()
    keepSnapshot()
    arm(decisions)
    if (env.isPrerendered()) return
    tell(cause)
    if (phase === "decided" || phase === "fresh") ready()
    if (phase !== "fresh") return
    updateLater()
    showByItself()
  }

  // What ran because it was permitted.
  const released = new Set<string>()
  env.on("released", ({ needs }) => {
    for (const name of needs) for (const { id } of answers.typesOf(name)) released.add(id)
  })

  env.on("shown", ({ surface }) => {
    isBannerShown ||= surface === "banner"
  })

  const afterWithdrawal = (withdrawn: ReadonlyArray<PageTypes.PageType>): void => {
    const action = answers.visit()?.region.afterWithdrawal ?? "none"
    if (action === "none" || !withdrawn.some(({ id }) => released.has(id))) return
    for (const { id } of withdrawn) released.delete(id)
    // A page that keeps its choices in memory alone would lose them.
    if (action === "reload" && store.kind() !== "memory") return void env.after(0, env.reload)
    void parts.load?.("preferences").then(() => parts.shown?.().preferences?.askReload(client), failed)
  }

  const pendingOf = (items: ReadonlyArray<VisitItem>) => {
    const ids = new Set(ledger.unsent().map(({ item }) => item.externalId))
    return items.filter(({ externalId }) => ids.has(externalId))
  }

  const recordItems = async (items: ReadonlyArray<VisitItem>, cause: Cause): Promise<Recorded> => {
    if (items.length === 0) return { events: [], queued: false }
    ledger.add(items)
    keepVisit()
    if (cause === "choice") answers.lift(items.map(({ consentType }) => consentType))
    settle(cause)
    line?.post()
    await sync.run()
    const events = items.map((item) => ledger.recorded.get(item.externalId) ?? LocalEvents.ofItem(item).wire)
    return { events, queued: pendingOf(items).length > 0 }
  }

  const itemOf = (
    id: string,
    state: Pick<VisitItem, "consentAction" | "consentState">,
    evidence: Evidence,
  ): VisitItem => {
    const visit = answers.visit()
    const shown = answers.types().find((type) => type.id === id)?.visit
    const spoken = shown?.language ?? visit?.texts.language
    return {
      consentType: id,
      ...state,
      externalId: env.uuid(),
      consentDate: LocalEvents.textOf(clock.now()),
      ...(shown !== undefined && { version: shown.version }),
      ...(spoken !== undefined && { language: spoken }),
      evidence: { ...evidence, ...(visit !== undefined && { region: visit.region.id }) },
    }
  }

  const recordState: LaterOptions["recordState"] = (types, state, evidence, cause) =>
    void recordItems(
      types.map(({ id }) => itemOf(id, state, evidence)),
      cause,
    )

  let connected: LaterClient | undefined
  let connecting: Promise<LaterClient> | undefined
  const connect = ({ connect }: Later): LaterClient =>
    (connected = connect(env, { ...shared, store, answers, sync, changed, local, isBannerShown, recordState }))
  const later = (): Promise<LaterClient> =>
    (connecting ??= parts.later().then(connect, (error) => {
      connecting = undefined
      throw error
    }))

  /** States without a click. Where what records them cannot be had now, the next change tries again. */
  const updateLater = (): void => {
    if (connected !== undefined) return connected.update()
    if (!ledger.isKnown() && answers.visit()?.region.consentMode !== "implied") return
    void later().then(
      ({ update }) => update(),
      () => {},
    )
  }

  const record = async (choices: ReadonlyArray<Choice>, evidence: Evidence = { surface: "page" }) => {
    if (env.isPrerendered()) await new Promise<void>((resolve) => env.listen("activate", resolve))
    const items = choices.flatMap(({ consentState, consentType }) => {
      const types = answers.typesOf(consentType)
      if (types.length === 0) env.tell("error", { code: "unknown_type", detail: consentType })
      return types.map(({ id }) => itemOf(id, { consentState, consentAction: "user_click" }, evidence))
    })
    return recordItems(items, "choice")
  }

  const recordAll = (consentState: Choice["consentState"], evidence?: Evidence) => {
    const visit = answers.visit()
    const isContrary = (type: PageTypes.PageType): boolean =>
      consentState === "accepted" &&
      answers.hasGpc() &&
      evidence?.gpc !== true &&
      GlobalPrivacyControl.covers(visit!.region, type)
    const types = answers.types().filter((type) => PageTypes.isAsked(type) && !isContrary(type))
    return record(
      types.map(({ id }) => ({ consentType: id, consentState })),
      evidence,
    )
  }

  const mustAsk = (): boolean =>
    phase === "fresh" &&
    answers.types().some((type) => PageTypes.isAsked(type) && answers.decide(type)?.askAgain === true)

  const show = (surface: Surface): void => {
    const file = surface === "banner" ? "banner" : "preferences"
    void parts.load?.(file).then(() => parts.shown?.()[file]?.show(client, surface), failed)
  }

  const hide = (): void => {
    const { banner, preferences } = parts.shown?.() ?? {}
    banner?.hide()
    preferences?.hide()
  }

  const showByItself = (): void => {
    const region = answers.visit()?.region
    if (!parts.isShowing || region === undefined) return
    const isAsking = region.banner.enabled && mustAsk()
    // Once: a banner that was closed does not come back in the same page.
    if (isAsking && !wasAsking) show("banner")
    if (!isAsking && wasAsking) parts.shown?.().banner?.hide()
    wasAsking = isAsking
    if (region.floatingButton && !hasButton) {
      hasButton = true
      void parts.load?.("banner").then(() => parts.shown?.().banner?.showSettingsButton(client), failed)
    }
  }

  const configure = (visit: Visit): boolean => {
    try {
      answers.configure(visit)
      return true
    } catch (error) {
      env.tell("error", { code: "visit_unreadable", detail: String(error) })
      return false
    }
  }

  const ready = (): void => {
    if (isReady) return
    isReady = true
    env.tell("ready", {})
  }

  const load = (): void => {
    ledger.load()
    settle("tab")
  }

  const shared = { base: parts.base, project, ledger, clock, load, visit: answers.visit, language: () => language }
  const sync = SyncOf.make(env, {
    ...shared,
    sending: later,
    mayBeKnown: () => snapshot !== undefined || Snapshot.fromCookies(env.cookies(), project) !== undefined,
    answered: (visit, signals) => {
      if (visit !== undefined && !configure(visit)) return
      if (answers.visit() === undefined) return
      visitedAt = env.now()
      if (signals !== undefined) answers.signal(signals.gpc)
      phase = "fresh"
      answers.lift()
      keepVisit()
      settle("server")
      line?.post()
    },
  })

  const listen = (): void => {
    line ??= env.line(`assent-${project}`, load)
  }

  /** Looks at the clock, and at what other pages have done, before anything more is released. */
  const look = (): void => {
    ledger.load()
    const changed = parts.isShared === true && cookie !== env.cookies()
    if (changed) answers.hold(Snapshot.fromCookies(env.cookies(), project))
    cookie = env.cookies()
    settle("time")
    if (changed || env.now() - visitedAt > visitMillis || env.now() < visitedAt) void sync.run(true)
  }

  const begin = (): void => {
    listen()
    ledger.load()
    settle("server")
    watchers.start()
    void sync.run(true)
  }

  env.listen("visibility", () => {
    if (env.isVisible() && !env.isPrerendered()) look()
  })
  env.listen("leave", () => {
    line?.close()
    line = undefined
  })
  env.listen("return", () => {
    listen()
    look()
  })
  env.listen("online", () => void sync.run())
  env.listen("store", load)
  env.listen("activate", begin)

  const namesOf = (names: string | ReadonlyArray<string>) => (typeof names === "string" ? [names] : names)

  const local = () => [
    ...LocalEvents.toWire(ledger.heads()),
    ...ledger.unsent().map(({ item }) => LocalEvents.ofItem(item).wire),
  ]

  const changed = (): void => {
    settle("identify")
    line?.post()
  }

  const decideByName = (name: string): Decision | undefined => {
    const [found] = answers.typesOf(name)
    const type = answers.types().find(({ id }) => id === found?.id)
    return type && answers.decide(type)
  }

  const client: ConsentClient = {
    permits: answers.permits,
    when: (names, run, { stop } = {}) => watchers.add(namesOf(names), run, stop),
    decide: decideByName,
    decisions: () =>
      answers
        .types()
        .filter(({ visit }) => visit.category === "privacy_setting")
        .map((type) => ({ type: type.visit, decision: answers.decide(type)! })),
    record,
    acceptAll: (evidence) => recordAll("accepted", evidence),
    declineAll: (evidence) => recordAll("declined", evidence),
    withdraw: (names, evidence) =>
      record(
        namesOf(names).map((consentType) => ({ consentType, consentState: "declined" })),
        evidence,
      ),
    show,
    hide,
    language: async (tag) => {
      const translated = await sync.texts(tag)
      if (translated === undefined) return
      language = tag
      // The same configuration in another language; what the engine reads of it does not differ.
      configure(translated)
      settle("server")
    },
    identify: async (identification) => (await later()).identify(identification),
    forget: async () => {
      await sync.run()
      ledger.leave()
      env.setCookie(Snapshot.cookieName(project), "", 0)
      cookie = env.cookies()
      changed()
    },
    history: async () => (await later()).history(),
    status: () => ({
      version,
      region: answers.visit()?.region.name ?? undefined,
      phase,
      storage: store.kind(),
      online: env.isOnline(),
      pending: ledger.unsent().length,
      signals: { gpc: answers.hasGpc() },
      held: parts.blocker?.count() ?? 0,
    }),
    on: env.on,
    mustAsk,
    visit: answers.visit,
    now: clock.now,
  }

  // What was kept decides at once, under a configuration that is not older than the loader's.
  ledger.load()
  const kept = ledger.isKnown() ? store.visit() : undefined
  if (kept !== undefined && kept.revision >= configuration.revision && configure(kept)) phase = "decided"
  if (!env.isPrerendered()) begin()
  return client
}
