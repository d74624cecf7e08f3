/**
 * The timeline of a person in words, for the page and for a terminal: what an event says, what decides, why the other
 * events do not, and what comes next.
 */
import type { Loss } from "../../../core/engine/Because.ts"
import type { ConsentEvent } from "../../../core/engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../../../core/engine/ConsentState.ts"
import type { Decision } from "../../../core/engine/Decision.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Lapse } from "../../../core/engine/Lapse.ts"
import type { Fact } from "../../../core/model/People.ts"
import type { EventRole } from "../../../core/people/EventRole.ts"
import type { PersonTimeline, TimelineEvent, TypeTimeline } from "../../../core/people/PersonTimeline.ts"
import * as Statuses from "../Statuses.ts"
import * as Words from "../Words.ts"

/** What an event of each state is called. */
export const nouns: { readonly [State in ConsentState]: string } = {
  accepted: "yes",
  declined: "no",
  implied: "implied consent",
  viewed: "look at the text",
}

/** What a person did by an event of each state. */
export const deeds: { readonly [State in ConsentState]: string } = {
  accepted: "Said yes",
  declined: "Said no",
  implied: "Implied consent",
  viewed: "Saw the text",
}

const actions: { readonly [Action in ConsentAction]: string } = {
  user_click: "by a click",
  implied: "by carrying on",
  import: "taken in by an import",
}

/** How an event was obtained. */
export const howOf = ({ consentAction }: ConsentEvent): string => actions[consentAction]

/** The name of a type: its label, after its category and subcategory if it has any; otherwise its id. */
export const typeName = (type: TypeTimeline): string => {
  const { above, own } = typeNames(type)
  return [...above, own].join(" / ")
}

/** The last name of a type, which is its id if it has no other, and those above it. */
export const typeNames = ({ namedByEvents, type }: TypeTimeline) => {
  const { category, subcategory, label } = namedByEvents ?? type
  const parts = [category, subcategory, label].filter((part) => part !== undefined && part !== "")
  return { own: parts.at(-1) ?? type.id, above: parts.slice(0, -1) }
}

/** The submitter of an event or a fact: the name of an API key if it is known, otherwise its id. */
export const submitterOf = (
  submitter: string | undefined,
  { concordId, keyNames, members, project }: Pick<PersonTimeline, "concordId" | "keyNames" | "members" | "project">,
): string => {
  if (submitter === undefined) return "not in the file"
  if (submitter === project?.organization) return "the organization, by a command"
  if (submitter === concordId || members.includes(submitter)) return "the person, in a session"
  const name = keyNames.get(submitter)
  return name === undefined ? submitter : `API key “${name}”`
}

/** Whether and how a person may be asked. */
const asking = ({ askAgain, status }: Decision): string => {
  switch (status) {
    case "given":
    case "implied":
      return "nothing to ask"
    case "unknown":
      return "not asked yet"
    case "expired":
    case "invalidated":
      return "must be asked again"
    case "requested":
      return "may be asked again"
    case "refused":
    case "withdrawn":
      return askAgain ? "may be asked again" : "is not asked again"
  }
}

/** What an answer means for the company: `permitted, nothing to ask`. */
export const consequence = (decision: Decision): string =>
  `${decision.permitted ? "permitted" : "not permitted"}, ${asking(decision)}`

/** A status and what it means: `Given: permitted, nothing to ask`. */
export const answer = (decision: Decision): string => `${Statuses.label(decision.status)}: ${consequence(decision)}`

const lapseInWords = (lapse: Lapse): string =>
  lapse.kind === "expired"
    ? `its time ran out on ${Words.briefDate(lapse.at)}`
    : `version ${lapse.version} had to be agreed to again by ${Words.briefDate(lapse.at)}`

const lossInWords = (loss: Loss, { consentState }: ConsentEvent, { event: deciding }: Decision): string => {
  switch (loss.kind) {
    case "expired":
    case "invalidated":
      return lapseInWords(loss)
    case "refusal-wins-tie":
      return "a no of the same instant wins"
    case "not-after-choice":
      if (consentState === "accepted") return "a later no outweighs it"
      if (consentState === "declined") return "a later yes outweighs it"
      return deciding?.consentState === "declined"
        ? "an explicit no outweighs it"
        : "it is not later than the last explicit yes or no"
    case "beside-refusal":
      return "an explicit no outweighs it, although it is later"
    case "beside-live-choice":
      return "an explicit yes that still counts outweighs it"
    case "beside-live-implied":
      return "implied consent outweighs it"
    case "weaker-at-same-instant":
      return "a stronger answer of the same instant decides"
    case "older-than-most-recent":
      return "what came last decides, and something came later"
  }
}

const decidingInWords = ({ because: { lapse, rule }, event, status }: Decision): string => {
  switch (rule) {
    case "refusal":
      return lapse === undefined
        ? "the last explicit answer is this no, and a no wins over everything before it"
        : `this no stays a no, but ${lapseInWords(lapse)}`
    case "live-choice":
      return "the last explicit answer is this yes, and it counts"
    case "live-implied":
      return "no explicit answer counts any more, and this consent is implied"
    case "live-viewed":
      return "no answer counts any more, and the text has been seen since"
    case "lapsed":
      return lapse === undefined ? `the answer is ${status}` : `nothing newer counts, and ${lapseInWords(lapse)}`
    case "most-recent": {
      const ran = lapse === undefined ? "" : `, and ${lapseInWords(lapse)}`
      return event?.consentState === "declined" ? `this no came last${ran}` : `it came last${ran}`
    }
    case "no-event":
      return "nothing is recorded"
    case "erased":
      return "the person was erased"
  }
}

/** The role of an event, in a word for a label. */
export const roleLabel = ({ kind }: EventRole): string =>
  ({ decides: "Decides", lost: "Does not decide", replaced: "Replaced", later: "Later" })[kind]

/** The reason of a role, as the rest of a sentence. `numberOf` is the number of an event in its table. */
export const roleReason = (
  role: EventRole,
  event: ConsentEvent,
  decision: Decision,
  numberOf: (event: ConsentEvent) => number | undefined,
): string => {
  switch (role.kind) {
    case "decides":
      return decidingInWords(decision)
    case "lost":
      return lossInWords(role.loss, event, decision)
    case "replaced": {
      const number = numberOf(role.by)
      const which = number === undefined ? "" : ` (no. ${number})`
      return role.by.consentDate === event.consentDate
        ? `another ${nouns[event.consentState]} of the same instant was recorded later${which}`
        : `a later ${nouns[event.consentState]}${which} took its place on ${Words.briefDate(role.by.consentDate)}`
    }
    case "later":
      return "it is after the instant asked about"
  }
}

/** A role in few words. `numberOf` is the number of an event in its table. */
export const roleBrief = (
  role: EventRole,
  event: ConsentEvent,
  decision: Decision,
  numberOf: (event: ConsentEvent) => number | undefined,
): string =>
  role.kind === "replaced"
    ? `Replaced by no. ${numberOf(role.by) ?? "?"}`
    : `${roleLabel(role)}: ${roleReason(role, event, decision, numberOf)}`

/** What an answer is decided by, in a sentence. */
export const because = (decision: Decision): string => {
  const { event } = decision
  if (event === undefined) return decision.because.rule === "erased" ? "The person was erased." : "Nothing is recorded."
  return `${deeds[event.consentState]} on ${Words.date(event.consentDate)}: ${decidingInWords(decision)}.`
}

/** Why an answer begins at its instant: an event, the lapse of one, or nothing of the two. */
export const cause = ({ at, because, event }: Decision): string => {
  if (event?.consentDate === at) return deeds[event.consentState].toLowerCase()
  const lapses = [because.lapse, ...because.lost.map(({ loss }) => loss)]
  const lapse = lapses.find((each) => each !== undefined && "at" in each && each.at === at)
  if (lapse?.kind === "expired") return "the time of an answer has run out"
  if (lapse?.kind === "invalidated") return `version ${lapse.version} must be agreed to again`
  return "what was known changes the answer"
}

/** The change after the instant of a timeline; `undefined` if the answer stays as it is. */
export const nextOf = ({ changes, decision }: TypeTimeline): Decision | undefined =>
  changes.find(({ at }) => at > decision.at)

/** What comes next, in a sentence. */
export const next = (type: TypeTimeline): string => {
  const change = nextOf(type)
  if (change === undefined) return "Nothing changes any more unless something is recorded."
  const verb = change.status === type.decision.status ? "it stays" : "it becomes"
  return `On ${Words.date(change.at)} ${verb} ${change.status}, because ${cause(change)}: ${consequence(change)}.`
}

/** What comes next, in few words. */
export const nextBrief = (type: TypeTimeline): string => {
  const change = nextOf(type)
  if (change === undefined) return "No change ahead."
  const what = change.status === type.decision.status ? consequence(change) : change.status
  return `From ${Words.dayOf(change.at)}: ${what}.`
}

/** How long after it happened an event was recorded, where that took more than a minute; `undefined` otherwise. */
export const recordedLater = ({ consentDate, dateCreated }: TimelineEvent): Instant | undefined =>
  dateCreated - consentDate > 60_000 ? dateCreated : undefined

/**
 * Says of an event that the version it names was published after it: which text the person was shown then is not
 * recorded. `undefined` where the version was there, or is not known.
 */
export const laterText = (
  { consentDate, version }: Pick<TimelineEvent, "consentDate" | "version">,
  { versions }: Pick<TypeTimeline, "versions">,
): string | undefined => {
  const named = versions.find((each) => each.version === version && each.cancelledAt === undefined)
  if (named === undefined || named.publishedAt <= consentDate) return undefined
  return `version ${version} is from ${Words.briefDate(named.publishedAt)}; which text was shown before is not known`
}

const identifierNames: { readonly [kind: string]: string } = {
  userId: "user id",
  projectUserId: "user id of the project",
  email: "e-mail address",
  phoneNumber: "phone number",
  contextId: "browser id",
  concordId: "id",
}

/** The name of a kind of identifiers. */
export const identifierName = (kind: string | undefined): string => identifierNames[kind ?? ""] ?? "identifier"

/** A fact about the identity of a person. `facts` are all of them, to name the one that is undone. */
export const factInWords = (fact: Fact, facts: ReadonlyArray<Fact>): string => {
  const kind = identifierName(fact.identifier?.kind ?? fact.evidence?.kind)
  switch (fact.kind) {
    case "joined":
      return `${fact.member} was joined with ${fact.survivor}${fact.evidence === undefined ? "" : `, by a proven ${kind}`}`
    case "identified":
      return `A proven ${kind} names ${fact.survivor} from now on`
    case "undone": {
      const undone = facts.find(({ id }) => id === fact.join)
      return undone === undefined
        ? "An earlier fact was undone"
        : `Undone: ${factInWords(undone, facts)} (${Words.briefDate(undone.dateCreated)})`
    }
    case "released":
      return `The ${kind} was released: it names ${fact.survivor} no more`
    case "renamed":
      return `The account of ${fact.survivor} got another ${kind}`
    case "shared":
      return `The ${kind} of ${fact.survivor} was also given for another person, and was left out there`
    case "region":
      return `The latest session of ${fact.survivor} in a project is of another region`
  }
}

const reasons: { readonly [reason: string]: string } = {
  request: "the person asked for it",
  retention: "the period of retention was over",
  court: "a court ordered it",
  other: "another reason",
}

/** Says when and why the person was erased, and what is left; `undefined` if the person was not erased. */
export const erasedInWords = (timeline: PersonTimeline): string | undefined => {
  const { erased, knownAt } = timeline
  if (erased === undefined) return undefined
  const { eventsLeft, reason, recordedAt } = erased
  const left = `${Words.counted(eventsLeft, "event is", "events are")} left in this project, without personal data`
  return recordedAt > knownAt
    ? `This person was erased on ${Words.date(recordedAt)}, after the instant that this is known at; ${left}.`
    : `This person was erased on ${Words.date(recordedAt)}, because ${reasons[reason]}. ` +
        `As known since then none of its events is seen. ${left.charAt(0).toUpperCase()}${left.slice(1)}; ` +
        "ask as known before the erasure to see them."
}
