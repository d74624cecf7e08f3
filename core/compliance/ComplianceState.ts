/**
 * The state of a compliance request: the fold of its facts, in the order of their ordinals.
 *
 * The fold is total: it makes a state of any facts, and decides nothing. Whether a fact may be recorded is decided by
 * `Transition.ts`.
 */
import type * as CivilDate from "./CivilDate.ts"
import type { RequestKind } from "./ClockPack.ts"
import type {
  Actor,
  ComplianceFact,
  DenialGround,
  ErasureOutcome,
  FileFact,
  Reminder,
  ResolutionStatus,
  TaskResult,
  TaskSending,
  VerificationMethod,
} from "./ComplianceFact.ts"
import type { ClockFacts, Pause } from "./LegalClock.ts"

/** Every status, in the order in which a request goes through them. */
export const statuses = ["pending_verification", "submitted", "acknowledged", "resolved"] as const

/** The status of a request. That it is overdue, paused or lapsed is no status: see `LegalClock.read`. */
export type ComplianceStatus = (typeof statuses)[number]

/** What one data system owes a request. */
export interface Task {
  readonly dataSystem: string
  /** Left out: it is not done. */
  readonly result?: TaskResult
  /** What became of handing it to a connector the last time. Left out: nothing yet. */
  readonly sending?: TaskSending
}

/** How a request was resolved. */
export interface Resolution {
  readonly status: ResolutionStatus
  readonly denialGround?: DenialGround
}

/** A file of a request, with when it was attached and by what. */
export interface AttachedFile extends FileFact {
  /** In milliseconds. */
  readonly at: number
  readonly by: Actor
}

/** When something happened to a request, in milliseconds: what is answered and sorted by, and no clock is read from. */
export interface ComplianceInstants {
  readonly received: number
  readonly opened: number
  readonly updated: number
  readonly verified?: number
  /** The first time. */
  readonly acknowledged?: number
  /** Of the last resolution; left out while the request is open. */
  readonly resolved?: number
  /** When the requester downloaded a file last. */
  readonly downloaded?: number
}

/** A compliance request as its facts make it. */
export interface ComplianceState {
  /** The ordinal of the next fact: the number of facts. */
  readonly ordinal: number
  readonly request: RequestKind
  /** The reference of the clock pack. */
  readonly clock: string
  readonly calendar: number
  readonly openedOn: CivilDate.CivilDate
  readonly receivedOn: CivilDate.CivilDate
  readonly channel: "site" | "server"
  readonly domain?: string
  readonly country?: string
  readonly language: string
  readonly isIdentityNeeded: boolean
  readonly verifiedBy?: VerificationMethod
  readonly verifiedOn?: CivilDate.CivilDate
  readonly acknowledgedOn?: CivilDate.CivilDate
  readonly resolvedOn?: CivilDate.CivilDate
  /** Of the last resolution; left out while the request is open. */
  readonly resolution?: Resolution
  /** When a mail that says how the request ended was sent, failed or came back. Left out while it is open. */
  readonly resolutionMailEndedOn?: CivilDate.CivilDate
  /** When the receipt was confirmed first. */
  readonly confirmedOn?: CivilDate.CivilDate
  /** The due date that staff was last reminded of. */
  readonly reminded?: { readonly [Of in Reminder]?: CivilDate.CivilDate }
  /** Whether the requester is asked to clarify, and has not. */
  readonly isClarifying: boolean
  readonly identityPauses: ReadonlyArray<Pause>
  readonly clarifications: ReadonlyArray<Pause>
  readonly isExtended: boolean
  readonly ledgerTask: string
  readonly tasks: ReadonlyArray<Task>
  readonly files: ReadonlyArray<AttachedFile>
  readonly erasure?: ErasureOutcome
  /** Identity was not shown in time. */
  readonly isLapsed: boolean
  /** What was personal of the request is gone. */
  readonly isPurged: boolean
  readonly instants: ComplianceInstants
}

/** The status of a request. Reopened, it is acknowledged, but never without identity where it is needed. */
export const statusOf = (state: ComplianceState): ComplianceStatus => {
  if (state.resolvedOn !== undefined) return "resolved"
  if (state.isIdentityNeeded && state.verifiedOn === undefined) return "pending_verification"
  return state.acknowledgedOn === undefined ? "submitted" : "acknowledged"
}

/** What the legal clock is read from. */
export const clockFactsOf = (state: ComplianceState): ClockFacts => state

type Opened = Extract<ComplianceFact, { readonly kind: "opened" }>

const opened = (fact: Opened): ComplianceState => {
  const { calendar, channel, clock, country, domain, identity, language, ledgerTask, on, receivedOn, request } = fact
  const { at, receivedAt: received } = fact
  const isPreverified = identity === "preverified"
  return {
    ordinal: 0,
    request,
    clock,
    calendar,
    openedOn: on,
    receivedOn,
    channel,
    ...(domain !== undefined && { domain }),
    ...(country !== undefined && { country }),
    language,
    isIdentityNeeded: identity !== "not_needed",
    ...(isPreverified && { verifiedBy: "preverified" as const, verifiedOn: receivedOn }),
    isClarifying: false,
    identityPauses: [],
    clarifications: [],
    isExtended: false,
    ledgerTask,
    tasks: fact.tasks.map((dataSystem) => ({ dataSystem })),
    files: [],
    isLapsed: false,
    isPurged: false,
    instants: { received, opened: at, updated: at, ...(isPreverified && { verified: received }) },
  }
}

/** The instants after one more fact. */
const instantsAfter = (instants: ComplianceInstants, { at, by, kind }: ComplianceFact): ComplianceInstants => {
  const updated = { ...instants, updated: at }
  if (kind === "verified") return { ...updated, verified: at }
  if (kind === "acknowledged") return { ...updated, acknowledged: instants.acknowledged ?? at }
  if (kind === "resolved") return { ...updated, resolved: at }
  if (kind === "file_downloaded" && by === "requester") return { ...updated, downloaded: at }
  if (kind !== "reopened") return updated
  const { resolved: _, ...open } = updated
  return open
}

/** Ends the open pauses on a day. */
const ended = (pauses: ReadonlyArray<Pause>, on: CivilDate.CivilDate): ReadonlyArray<Pause> =>
  pauses.map((pause) => (pause.to === undefined ? { ...pause, to: on } : pause))

const isOpen = (pauses: ReadonlyArray<Pause>): boolean => pauses.some(({ to }) => to === undefined)

/** Whether a day of a request that is not resolved belongs to a pause from now on. */
const mayPause = (state: ComplianceState): boolean => state.resolvedOn === undefined

/** The templates of the mails that say how a request ended. */
export const resolutionMails: ReadonlyArray<string> = ["resolved", "denied", "withdrawn"]

/** What the end of a mail changes, whether it was handed over or not: a resolution mail is not waited for any more. */
const mailEnded = (state: ComplianceState, text: string, on: CivilDate.CivilDate): ComplianceState =>
  resolutionMails.includes(text) && state.resolvedOn !== undefined && state.resolutionMailEndedOn === undefined
    ? { ...state, resolutionMailEndedOn: on }
    : state

/** What a mail of ours that was handed over changes: one that confirms the receipt, or that the clock waits for. */
const mailed = (state: ComplianceState, text: string, on: CivilDate.CivilDate): ComplianceState => {
  if (text === "received" && state.confirmedOn === undefined) return { ...state, confirmedOn: on }
  if (!mayPause(state)) return state
  const { clarifications, identityPauses, isClarifying, isIdentityNeeded, verifiedOn } = state
  if (text === "verification" && isIdentityNeeded && verifiedOn === undefined && !isOpen(identityPauses)) {
    return { ...state, identityPauses: [...identityPauses, { from: on }] }
  }
  if (text === "clarification" && isClarifying && !isOpen(clarifications)) {
    return { ...state, clarifications: [...clarifications, { from: on }] }
  }
  return state
}

/** A task after a change of it; what is given as `undefined` is left out. */
const withTask = (
  state: ComplianceState,
  dataSystem: string,
  change: { readonly [Member in "result" | "sending"]?: Task[Member] | undefined },
): ComplianceState => {
  const before = state.tasks.find((each) => each.dataSystem === dataSystem)
  const { result, sending } = { ...before, ...change }
  const task: Task = { dataSystem, ...(result !== undefined && { result }), ...(sending !== undefined && { sending }) }
  const tasks =
    before === undefined ? [...state.tasks, task] : state.tasks.map((each) => (each === before ? task : each))
  return { ...state, tasks }
}

const resolved = (state: ComplianceState, resolution: Resolution, on: CivilDate.CivilDate): ComplianceState => ({
  ...state,
  resolvedOn: on,
  resolution,
  isClarifying: false,
  identityPauses: ended(state.identityPauses, on),
  clarifications: ended(state.clarifications, on),
})

/** A reopened request keeps its due date: the days on which it was resolved are in no pause. */
const reopened = (state: ComplianceState, on: CivilDate.CivilDate): ComplianceState => {
  const { resolution: _, resolutionMailEndedOn: ___, resolvedOn: __, ...open } = state
  const isUnverified = open.isIdentityNeeded && open.verifiedOn === undefined
  if (!isUnverified || open.identityPauses.length === 0) return open
  return { ...open, identityPauses: [...open.identityPauses, { from: on }] }
}

const change = (state: ComplianceState, fact: ComplianceFact): ComplianceState => {
  const { on } = fact
  switch (fact.kind) {
    case "verified":
      return { ...state, verifiedBy: fact.method, verifiedOn: on, identityPauses: ended(state.identityPauses, on) }
    case "acknowledged":
      return { ...state, acknowledgedOn: state.acknowledgedOn ?? on, confirmedOn: state.confirmedOn ?? on }
    case "clarification_asked":
      return { ...state, isClarifying: true }
    case "clarified":
      return { ...state, isClarifying: false, clarifications: ended(state.clarifications, on) }
    case "extended":
      return { ...state, isExtended: true }
    case "task_added":
    case "task_undone":
      return withTask(state, fact.dataSystem, { result: undefined })
    case "task_done":
      return withTask(state, fact.dataSystem, { result: fact.result })
    case "task_sent":
      return withTask(state, fact.dataSystem, { sending: fact.outcome })
    case "file_attached": {
      const { at, by, file, origin, sha256, size, type } = fact
      return { ...state, files: [...state.files, { file, origin, sha256, size, type, at, by }] }
    }
    case "file_removed":
      return { ...state, files: state.files.filter(({ file }) => file !== fact.file) }
    case "files_purged":
      return { ...state, files: [] }
    case "erased": {
      const { counts, erasure, ground, remaining, scope } = fact
      return { ...state, erasure: { counts, erasure, ...(ground !== undefined && { ground }), remaining, scope } }
    }
    case "mailed":
      return mailEnded(fact.outcome === "sent" ? mailed(state, fact.text, on) : state, fact.text, on)
    case "reminded":
      return { ...state, reminded: { ...state.reminded, [fact.of]: fact.dueOn } }
    case "resolved": {
      const { denialGround, resolutionStatus: status } = fact
      return resolved(state, { status, ...(denialGround !== undefined && { denialGround }) }, on)
    }
    case "reopened":
      return reopened(state, on)
    case "lapsed":
      return { ...state, isLapsed: true }
    case "purged":
      return fact.scope === "files" ? { ...state, files: [] } : { ...state, files: [], isPurged: true }
    default:
      return state
  }
}

/**
 * The state after one more fact. `undefined` is the state before the first fact, and stays until a request is opened; a
 * second `opened` changes nothing.
 */
export const apply = (state: ComplianceState | undefined, fact: ComplianceFact): ComplianceState | undefined => {
  if (state !== undefined) {
    const instants = instantsAfter(state.instants, fact)
    return { ...change(state, fact), ordinal: state.ordinal + 1, instants }
  }
  return fact.kind === "opened" ? { ...opened(fact), ordinal: 1 } : undefined
}

/** The state of a request with these facts, in the order of their ordinals; `undefined` if it was not opened. */
export const fold = (facts: Iterable<ComplianceFact>): ComplianceState | undefined => {
  let state: ComplianceState | undefined
  for (const fact of facts) state = apply(state, fact)
  return state
}
