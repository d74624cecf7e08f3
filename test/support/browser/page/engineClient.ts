/**
 * A client over given events: the decisions are those of the engine. It has no network and keeps nothing, because the
 * tests of the banner are about what a person sees and does.
 */
import type {
  Cause,
  Choice,
  ConsentClient,
  Events,
  HistoryLine,
  Name,
} from "../../../../adapters/browser/ConsentClient.ts"
import type { Parts } from "../../../../adapters/browser/Parts.ts"
import type { Evidence, VisitEvent, VisitType } from "../../../../core/browser/VisitAnswer.ts"
import type { ConsentEvent } from "../../../../core/engine/ConsentEvent.ts"
import type { ConsentType } from "../../../../core/engine/ConsentType.ts"
import * as Decision from "../../../../core/engine/Decision.ts"
import * as Instant from "../../../../core/engine/Instant.ts"
import * as Period from "../../../../core/engine/Period.ts"
import * as RegionRules from "../../../../core/browser/RegionRules.ts"
import * as Terms from "../../../../core/engine/Terms.ts"
import type { Scene } from "./Scene.ts"

const instant = (text: string): Instant.Instant => Instant.parse(text)!

const typeOf = ({ consentDuration, label, versions, ...type }: VisitType): ConsentType => ({
  id: type.id,
  category: type.category,
  subcategory: type.subcategory[0],
  label,
  ...(consentDuration !== undefined && { consentDuration: Period.parse(consentDuration)! }),
  rules: {},
  versions: versions.map(({ dateCreated, grace, publishedAt, ...version }) => ({
    ...version,
    publishedAt: instant(publishedAt),
    dateCreated: instant(dateCreated),
    ...(grace !== undefined && { grace: Period.parse(grace)! }),
  })),
})

const eventOf = ({ consentDate, dateCreated, expirationDate, ...event }: VisitEvent): ConsentEvent => ({
  ...event,
  consentDate: instant(consentDate),
  dateCreated: instant(dateCreated),
  ...(expirationDate !== undefined && { expirationDate: instant(expirationDate) }),
})

/** Makes the client of a scene. */
export const make = (scene: Scene, parts: Parts): ConsentClient => {
  const { types, region } = scene.visit
  let events = scene.events
  let now = instant(scene.at)
  const pending = new Set<string>()
  const listeners: { [Each in keyof Events]?: Set<(detail: never) => void> } = {}

  const tell = <Each extends keyof Events>(event: Each, detail: Events[Each]): void => {
    for (const listener of listeners[event] ?? []) (listener as (detail: Events[Each]) => void)(detail)
    parts.tell(event, detail)
  }

  const triple = ({ category, subcategory, label }: VisitType): string => `${category}/${subcategory[0]}/${label}`
  const named = (name: Name): ReadonlyArray<VisitType> =>
    types.filter(({ id, subcategory, ...type }) =>
      [id, triple({ id, subcategory, ...type }), subcategory[0]].includes(name),
    )

  const decisionAbout = (type: VisitType): Decision.Decision =>
    Decision.decide(
      events.filter(({ consentType }) => consentType === type.id).map(eventOf),
      Terms.of(typeOf(type), RegionRules.of(region), Instant.max),
      now,
    )
  const decisions: ConsentClient["decisions"] = () => types.map((type) => ({ type, decision: decisionAbout(type) }))
  const optional = () => types.filter(({ required }) => !required)

  const record = (choices: ReadonlyArray<Choice>, evidence?: Evidence, cause: Cause = "choice") => {
    now += 1
    const before = new Map(decisions().map(({ type, decision }) => [type.id, decision.permitted]))
    const made = choices.map(({ consentType, consentState }): VisitEvent => {
      const type = named(consentType)[0]!
      const at = Instant.format(now)
      return {
        id: crypto.randomUUID(),
        concordId: "person",
        consentType: type.id,
        version: type.version,
        consentState,
        consentAction: "user_click",
        consentDate: at,
        dateCreated: at,
        ...(evidence && { evidence }),
      }
    })
    events = [...events, ...made]
    const queued = scene.network !== "online"
    if (queued) for (const { id } of made) pending.add(id)
    const changed = decisions()
      .filter(({ type, decision }) => before.get(type.id) !== decision.permitted)
      .map(({ type, decision }) => ({ name: type.id, permitted: decision.permitted }))
    tell("change", { changed, cause })
    return Promise.resolve({ events: made, queued })
  }

  const historyLine = (event: VisitEvent): HistoryLine => {
    const type = types.find(({ id }) => id === event.consentType)
    return {
      event,
      type,
      decides: type !== undefined && decisionAbout(type).event?.id === event.id,
      isPending: pending.has(event.id),
    }
  }

  const client: ConsentClient = {
    permits: (name) => named(name).length > 0 && named(name).every((type) => decisionAbout(type).permitted),
    when: (_, run) => {
      run()
      return () => undefined
    },
    decide: (name) => {
      const [type] = named(name)
      return type && decisionAbout(type)
    },
    decisions,
    record,
    acceptAll: (evidence) =>
      record(
        optional().map(({ id }) => ({ consentType: id, consentState: "accepted" })),
        evidence,
      ),
    declineAll: (evidence) =>
      record(
        optional().map(({ id }) => ({ consentType: id, consentState: "declined" })),
        evidence,
      ),
    withdraw: (names, evidence) =>
      record(
        [names].flat().flatMap((name) => named(name).map(({ id }) => ({ consentType: id, consentState: "declined" }))),
        evidence,
      ),
    show: (surface) => {
      const file = surface === "banner" ? "banner" : "preferences"
      void parts.load(file).then(() => parts[file]!.show(client, surface))
    },
    hide: () => {
      parts.banner?.hide()
      parts.preferences?.hide()
    },
    language: () => Promise.resolve(),
    identify: () => Promise.resolve(),
    forget: () => Promise.resolve(),
    history: () =>
      scene.network === "failing"
        ? Promise.reject(new Error("no network"))
        : Promise.resolve(events.map(historyLine).toReversed()),
    status: () => ({
      version: "0",
      region: region.id,
      phase: "fresh",
      storage: "local",
      online: scene.network === "online",
      pending: pending.size,
      signals: { gpc: scene.gpc },
      held: 0,
    }),
    on: (event, listener) => {
      const set = (listeners[event] ??= new Set())
      set.add(listener as (detail: never) => void)
      return () => set.delete(listener as (detail: never) => void)
    },
    mustAsk: () => decisions().some(({ type, decision }) => !type.required && decision.askAgain),
    visit: () => scene.visit,
    now: () => now,
  }
  return client
}
