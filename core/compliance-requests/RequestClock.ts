/**
 * The legal clock of a compliance request: which clock pack it gets, and what that says about it.
 */
import * as ClockPacks from "../../rule-packs/clock/ClockPacks.ts"
import type { CivilDate } from "../compliance/CivilDate.ts"
import * as ClockPack from "../compliance/ClockPack.ts"
import type { Clock, RequestKind } from "../compliance/ClockPack.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as LegalClock from "../compliance/LegalClock.ts"
import * as PassingTime from "../compliance/PassingTime.ts"
import type { ClockRule, Organization, Project } from "../model/Catalog.ts"
import * as HolidaysOf from "../model/Holidays.ts"

/** The rules that come with Assent, after those of the project. */
const shippedRules: ReadonlyArray<ClockRule> = [
  { geography: "US-CA", pack: "clock:ccpa@2023-03" },
  { geography: "GB", pack: "clock:uk-gdpr@2026-02" },
]

const fits = (rule: ClockRule, request: RequestKind, geography: string | undefined): boolean =>
  (rule.request ?? request) === request &&
  (rule.geography === undefined || geography === rule.geography || geography?.startsWith(`${rule.geography}-`) === true)

/** The reference of the pack of a new request: that of the first rule that fits, or the default one. */
export const choose = (
  { clockRules = [] }: Pick<Project, "clockRules">,
  request: RequestKind,
  geography: string | undefined,
): string =>
  [...clockRules, ...shippedRules].find((rule) => fits(rule, request, geography))?.pack ?? ClockPacks.defaultReference

/** The references of the packs that set a time for an answer. */
export const timedPacks: ReadonlyArray<string> = ClockPacks.all
  .filter(({ clocks }) => Object.values(clocks).some(({ answer }) => answer !== undefined))
  .map(ClockPack.reference)

/** The clock of a kind of request in a pack; `undefined` for an unknown pack. */
export const find = (pack: string, request: RequestKind): Clock | undefined => ClockPacks.find(pack)?.clocks[request]

/** The clock of a request. A pack of a later version of Assent, which this one does not have, sets no time. */
export const of = ({ clock, request }: Pick<ComplianceState.ComplianceState, "clock" | "request">): Clock =>
  find(clock, request) ?? find("clock:none@1", request)!

/** Sets of holidays, each made once. */
const sets = new WeakMap<ReadonlyArray<CivilDate>, LegalClock.Holidays>()

/** The holidays of a revision that an organization has. */
export const holidaysOf = (organization: Organization, revision: number): LegalClock.Holidays => {
  const days = HolidaysOf.at(organization, revision)
  const known = sets.get(days)
  if (known !== undefined) return known
  const made = new Set(days)
  sets.set(days, made)
  return made
}

/** What the clock of a request says on a day. */
export const read = (
  organization: Organization,
  state: ComplianceState.ComplianceState,
  today: CivilDate,
): LegalClock.ClockReading =>
  LegalClock.read(of(state), ComplianceState.clockFactsOf(state), today, holidaysOf(organization, state.calendar))

/** For how long a project keeps what is personal of its resolved requests. */
export const keptForOf = ({
  filesKeptFor,
  requestsKeptFor,
}: Pick<Project, "filesKeptFor" | "requestsKeptFor">): PassingTime.KeptFor => ({
  files: filesKeptFor ?? PassingTime.defaultKeptFor.files,
  requests: requestsKeptFor ?? PassingTime.defaultKeptFor.requests,
})

/** What passing time will do to a request. */
export const stepsOf = (
  organization: Organization,
  project: Pick<Project, "filesKeptFor" | "requestsKeptFor">,
  state: ComplianceState.ComplianceState,
): ReadonlyArray<PassingTime.TimedStep> =>
  PassingTime.stepsOf(state, of(state), holidaysOf(organization, state.calendar), keptForOf(project))
