/**
 * What is permitted in a page, by what it knows so far: nothing, the snapshot that the loader found, or the decisions
 * of the engine over the local events.
 */
import type { LoaderConfiguration } from "../../core/browser/LoaderConfiguration.ts"
import * as GlobalPrivacyControl from "../../core/browser/GlobalPrivacyControl.ts"
import * as Names from "../../core/browser/Names.ts"
import * as PageDecisions from "../../core/browser/PageDecisions.ts"
import * as PageTypes from "../../core/browser/PageTypes.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import type { Visit } from "../../core/browser/VisitAnswer.ts"
import type { Decision } from "../../core/engine/Decision.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"
import type { Name } from "./ConsentClient.ts"
import type { LocalLedger } from "./LocalLedger.ts"

/** What a page knows. */
export interface Answers {
  /** Takes a configuration. Throws a `TypeError` if it cannot be read; then the former one stays. */
  readonly configure: (visit: Visit) => void
  readonly visit: () => Visit | undefined
  readonly types: () => ReadonlyArray<PageTypes.PageType>
  readonly decide: (type: PageTypes.PageType) => Decision | undefined
  /** Whether the ledger needs a refusal by the signal. */
  readonly mustDecline: (type: PageTypes.PageType) => boolean
  /** All decisions now. */
  readonly all: () => PageDecisions.AllDecisions
  readonly typesOf: (name: Name) => ReadonlyArray<Names.NamedInPage>
  readonly permits: (name: Name) => boolean
  readonly snapshot: () => Snapshot.DecisionSnapshot | undefined
  /** Holds back, until it is lifted, what another page of the site has found not to be permitted. */
  readonly hold: (snapshot: Snapshot.DecisionSnapshot | undefined) => void
  /** The server has answered, so nothing is held back any more; or the visitor has, about some types. */
  readonly lift: (ids?: ReadonlyArray<string>) => void
  /** Takes whether a request of the visit said that the signal is on. */
  readonly signal: (isOn: boolean) => void
  readonly hasGpc: () => boolean
}

/** What answers are made of. */
export interface AnswersOptions {
  readonly configuration: Pick<LoaderConfiguration, "strictest" | "types">
  readonly ledger: Pick<LocalLedger, "heads" | "unsent">
  readonly now: () => Instant
  /** Whether the browser itself says that the signal is on. */
  readonly gpc: boolean
  /** What the loader found. */
  readonly snapshot: Snapshot.DecisionSnapshot | undefined
}

/** A snapshot that permits nothing. */
const nothing: Snapshot.DecisionSnapshot = { region: undefined, revision: 0, gpc: false, answers: new Map() }

/** A snapshot in which some names are not permitted. */
const without = (snapshot: Snapshot.DecisionSnapshot, names: ReadonlyArray<string>): Snapshot.DecisionSnapshot => ({
  ...snapshot,
  answers: new Map([...snapshot.answers].map(([name, answer]) => [name, names.includes(name) ? refused : answer])),
})

const refused: Snapshot.SnapshotAnswer = { permitted: false }

interface Configured {
  readonly visit: Visit
  readonly types: ReadonlyArray<PageTypes.PageType>
  readonly ruleSet: RuleSet
}

export const make = ({ configuration, gpc, ledger, now, snapshot }: AnswersOptions): Answers => {
  let configured: Configured | undefined
  let gpcSince = gpc ? now() : undefined
  const warm =
    snapshot !== undefined && gpc
      ? GlobalPrivacyControl.remaining(snapshot, configuration.strictest, configuration.types)
      : snapshot
  let held: Snapshot.DecisionSnapshot | undefined = warm
  let lifted = new Set<string>()

  const known = (): PageDecisions.PageKnowledge | undefined =>
    configured && { ...configured, settings: configured.visit.region, heads: ledger.heads(), gpcSince }

  const isAllowed = (type: PageTypes.PageType): boolean =>
    held === undefined || lifted.has(type.id) || Snapshot.permits(held, { ...type, since: 0 }, now())

  /** Before there is a configuration, a refusal counts at once as well. */
  const isDeclined = (id: string): boolean =>
    ledger.unsent().some(({ item }) => item.consentType === id && item.consentState === "declined")

  const decide = (type: PageTypes.PageType) => {
    const all = known()
    return all && PageDecisions.of(type, all, now())
  }

  const permitsType = (type: PageTypes.PageType): boolean =>
    PageDecisions.isPermitted(type, decide(type)) && isAllowed(type)

  return {
    configure: (visit) => {
      configured = { visit, types: PageTypes.ofVisit(visit), ruleSet: PageTypes.ruleSetOf(visit) }
    },
    visit: () => configured?.visit,
    types: () => configured?.types ?? [],
    decide,
    mustDecline: (type) => {
      const all = known()
      return all !== undefined && PageDecisions.mustDecline(type, all, now())
    },
    all: () => {
      const all = known()
      return all === undefined ? new Map() : PageDecisions.all(all, now())
    },
    typesOf: (name) => Names.typesOf<Names.NamedInPage>(configured?.types ?? configuration.types, name),
    permits: (name) => {
      if (name === Names.strictlyNecessary) return true
      if (configured !== undefined) {
        const types = Names.typesOf(configured.types, name)
        return types.length > 0 && types.every(permitsType)
      }
      const types = Names.typesOf(configuration.types, name)
      return types.length > 0 && types.every((type) => Snapshot.permits(warm, type, now()) && !isDeclined(type.id))
    },
    snapshot: () => {
      const all = known()
      if (all === undefined || configured === undefined) {
        const declined = configuration.types.filter(({ id }) => isDeclined(id)).map(({ name }) => name)
        return warm && without(warm, declined)
      }
      const { region, revision } = configured.visit
      const made = PageDecisions.snapshotOf(PageDecisions.all(all, now()), all, { region: region.id, revision })
      return without(
        made,
        all.types.filter((type) => !isAllowed(type)).map(({ name }) => name),
      )
    },
    hold: (other) => {
      held = other ?? nothing
      lifted = new Set()
    },
    lift: (ids) => {
      if (ids === undefined) held = undefined
      else for (const id of ids) lifted.add(id)
    },
    signal: (isOn) => {
      gpcSince = gpc || isOn ? (gpcSince ?? now()) : undefined
    },
    hasGpc: () => gpcSince !== undefined,
  }
}
