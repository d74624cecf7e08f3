/**
 * Which commands a compliance request takes, and the facts that each makes: the only way to make facts.
 *
 * The table {@link refusals} is closed: every command has an entry for every status. Where identity is needed and was
 * not shown, only a denial or the requester's own withdrawal ends a request. No passage of time resolves one.
 *
 * The file is longer than others because it is one table with the decision of each of its commands.
 */
import type { CivilDate } from "./CivilDate.ts"
import type { Clock } from "./ClockPack.ts"
import type {
  Actor,
  DenialGround,
  ErasureOutcome,
  FactBody,
  FailedVerification,
  FileFact,
  Reminder,
  ResolutionStatus,
  TaskResult,
  TaskSending,
} from "./ComplianceFact.ts"
import * as ComplianceState from "./ComplianceState.ts"
import type { ComplianceStatus } from "./ComplianceState.ts"
import * as LegalClock from "./LegalClock.ts"
import * as PassingTime from "./PassingTime.ts"

/** Whether the words that a command needs were given. They are personal, so they are kept apart from facts. */
interface WithReason {
  readonly hasReason: boolean
}

/** Everything that can be done to a request. */
export type Command =
  | { readonly kind: "send_code"; readonly verification: string; readonly expiresAt: number }
  /** A code, link or signed token that was compared already. */
  | { readonly kind: "verify"; readonly method: "email" | "token" }
  | ({ readonly kind: "verify_by_staff" } & WithReason)
  /** A code that was compared already, and is not the one. */
  | { readonly kind: "fail_verification"; readonly why: FailedVerification }
  | { readonly kind: "acknowledge" }
  | { readonly kind: "ask_clarification" }
  | { readonly kind: "clarify" }
  | ({ readonly kind: "extend" } & WithReason)
  | { readonly kind: "add_task"; readonly dataSystem: string }
  | {
      readonly kind: "do_task"
      readonly dataSystem: string
      readonly result: TaskResult
      readonly via: "staff" | "connector" | "ledger"
    }
  | { readonly kind: "undo_task"; readonly dataSystem: string }
  /** A task whose handing over has ended. */
  | { readonly kind: "note_task"; readonly dataSystem: string; readonly outcome: TaskSending }
  | ({ readonly kind: "attach_file" } & FileFact)
  | { readonly kind: "remove_file"; readonly file: string }
  | { readonly kind: "note_download"; readonly file: string }
  | { readonly kind: "note" }
  /** A mail whose outcome is known. */
  | {
      readonly kind: "note_mail"
      readonly mail: string
      readonly text: string
      readonly outcome: "sent" | "failed" | "bounced" | "cancelled"
    }
  | { readonly kind: "opt_out"; readonly types: number; readonly events: number }
  | { readonly kind: "correct"; readonly fields: ReadonlyArray<string> }
  | {
      readonly kind: "resolve"
      readonly status: ResolutionStatus
      readonly denialGround?: DenialGround
      /** Whether words for the requester were given. */
      readonly hasResolution: boolean
      /** What was erased with it, or will be in the same transaction: only of a `delete`. */
      readonly erasure?: ErasureOutcome
      /** The subject's other open requests. */
      readonly otherRequests?: ReadonlyArray<string>
    }
  | ({ readonly kind: "reopen" } & WithReason)
  /** Reminds staff of the due date. */
  | { readonly kind: "remind"; readonly of: Reminder }
  | { readonly kind: "lapse" }
  | { readonly kind: "purge"; readonly scope: "files" | "private" }

/** Why a command is refused. */
export const codes = [
  "already_verified",
  "clarification_open",
  "code_not_valid",
  "denial_ground_missing",
  "erased_already",
  "erasure_incomplete",
  "extended_before",
  "extension_not_allowed",
  "extension_too_late",
  "ledger_task",
  "no_clarification_open",
  "not_open",
  "not_resolved",
  "not_verified",
  "other_requests_open",
  "purged_already",
  "reason_missing",
  "resolution_missing",
  "tasks_open",
  "transition_not_allowed",
  "unknown_file",
  "unknown_task",
] as const

/** One of {@link codes}. */
export type Code = (typeof codes)[number]

/** A command that is refused. `names`: the tasks or requests that are open. */
export interface Refused {
  readonly _tag: "Refused"
  readonly code: Code
  readonly names?: ReadonlyArray<string>
}

/** The facts of a command; none if it changes nothing. */
export interface Decided {
  readonly _tag: "Decided"
  readonly facts: ReadonlyArray<FactBody>
}

/** What a decision depends on besides the state. */
export interface Situation {
  readonly by: Actor
  /** The day in the organization's time zone. */
  readonly today: CivilDate
  /** The clock of the request's kind in its pack. */
  readonly clock: Clock
  readonly holidays: LegalClock.Holidays
}

type Entry = "allowed" | Code

const always: { readonly [Of in ComplianceStatus]: Entry } = {
  pending_verification: "allowed",
  submitted: "allowed",
  acknowledged: "allowed",
  resolved: "allowed",
}

/** What is done about the person's data: only once identity was shown, and before the end. */
const once: typeof always = { ...always, pending_verification: "not_verified", resolved: "not_open" }

const whileOpen: typeof always = { ...always, resolved: "not_open" }

const unverified = { submitted: "already_verified", acknowledged: "already_verified", resolved: "not_open" } as const

/** For each command and status: whether it is allowed, or the code of its refusal. */
export const refusals: { readonly [Kind in Command["kind"]]: typeof always } = {
  send_code: { pending_verification: "allowed", ...unverified },
  verify: {
    pending_verification: "allowed",
    submitted: "code_not_valid",
    acknowledged: "code_not_valid",
    resolved: "code_not_valid",
  },
  verify_by_staff: { pending_verification: "allowed", ...unverified },
  fail_verification: {
    pending_verification: "allowed",
    submitted: "code_not_valid",
    acknowledged: "code_not_valid",
    resolved: "code_not_valid",
  },
  acknowledge: once,
  ask_clarification: once,
  clarify: once,
  extend: whileOpen,
  add_task: once,
  do_task: once,
  undo_task: once,
  attach_file: once,
  remove_file: { ...once, resolved: "allowed" },
  note_download: { ...always, pending_verification: "not_verified" },
  note: always,
  note_mail: always,
  note_task: always,
  opt_out: whileOpen,
  correct: once,
  resolve: whileOpen,
  reopen: {
    pending_verification: "not_resolved",
    submitted: "not_resolved",
    acknowledged: "not_resolved",
    resolved: "allowed",
  },
  remind: always,
  lapse: always,
  purge: always,
}

const refuse = (code: Code, names?: ReadonlyArray<string>): Refused => ({
  _tag: "Refused",
  code,
  ...(names !== undefined && { names }),
})

const make = (...facts: ReadonlyArray<FactBody>): Decided => ({ _tag: "Decided", facts })

type Decision = Decided | Refused

type Of<Kind extends Command["kind"]> = Extract<Command, { readonly kind: Kind }>

type State = ComplianceState.ComplianceState

const acknowledge = (state: State): Decided =>
  state.acknowledgedOn === undefined ? make({ kind: "acknowledged" }) : make()

const extend = (state: State, { hasReason }: Of<"extend">, situation: Situation): Decision => {
  const { clock, holidays, today } = situation
  if (clock.extension === undefined) return refuse("extension_not_allowed")
  const facts = ComplianceState.clockFactsOf(state)
  const isRunning = ComplianceState.statusOf(state) !== "pending_verification" || clock.whileUnverified === "runs"
  if (!isRunning) return refuse("not_verified")
  if (state.isExtended) return refuse("extended_before")
  const due = LegalClock.dueIfResumed(clock, facts, today, holidays)
  if (due !== undefined && today > due) return refuse("extension_too_late")
  return hasReason ? make({ kind: "extended" }) : refuse("reason_missing")
}

const hasTask = ({ tasks }: State, dataSystem: string): boolean => tasks.some((task) => task.dataSystem === dataSystem)

const doTask = (state: State, { dataSystem, result, via }: Of<"do_task">): Decision => {
  const task = state.tasks.find((each) => each.dataSystem === dataSystem)
  if (task === undefined) return refuse("unknown_task")
  if (dataSystem === state.ledgerTask && via !== "ledger") return refuse("ledger_task")
  return task.result === result ? make() : make({ kind: "task_done", dataSystem, result, via })
}

const undoTask = (state: State, { dataSystem }: Of<"undo_task">): Decision => {
  const task = state.tasks.find((each) => each.dataSystem === dataSystem)
  if (task === undefined) return refuse("unknown_task")
  if (dataSystem === state.ledgerTask) return refuse("ledger_task")
  return task.result === undefined ? make() : make({ kind: "task_undone", dataSystem })
}

const hasFile = ({ files }: State, file: string): boolean => files.some((each) => each.file === file)

/** The tasks that keep a request from being completed. Resolving a `delete` or `change` does the ledger's own. */
const openTasks = ({ ledgerTask, request, tasks }: State): ReadonlyArray<string> => {
  const isDoneByResolving = request === "delete" || request === "change"
  return tasks
    .filter(({ dataSystem, result }) => result === undefined && !(isDoneByResolving && dataSystem === ledgerTask))
    .map(({ dataSystem }) => dataSystem)
}

/** What keeps a request from being resolved as having been answered. */
const answerRefused = (state: State, command: Of<"resolve">): Refused | undefined => {
  const { erasure, hasResolution, otherRequests = [], status } = command
  if (ComplianceState.statusOf(state) === "pending_verification") return refuse("not_verified")
  if (!hasResolution) return refuse("resolution_missing")
  if (status === "partially_completed") return undefined
  const tasks = openTasks(state)
  if (tasks.length > 0) return refuse("tasks_open", tasks)
  if (status !== "completed" || state.request !== "delete") return undefined
  if (otherRequests.length > 0) return refuse("other_requests_open", otherRequests)
  const isWhole = erasure !== undefined && erasure.scope === "full" && erasure.remaining.length === 0
  return isWhole ? undefined : refuse("erasure_incomplete", erasure?.remaining ?? [])
}

/**
 * What the ledger did of a `delete` or `change` by the time of its answer: its task is done by resolving. A correction
 * has done it before, so without one there was nothing to correct.
 */
const ledgerDone = (state: State, { erasure, status }: Of<"resolve">): ReadonlyArray<FactBody> => {
  const { ledgerTask: dataSystem, request, tasks } = state
  const isOpen = tasks.some((task) => task.dataSystem === dataSystem && task.result === undefined)
  if (!isOpen || (request !== "delete" && request !== "change")) return []
  const done = (result: TaskResult): FactBody => ({ kind: "task_done", dataSystem, result, via: "ledger" })
  if (request === "delete" && erasure !== undefined) return erasure.remaining.length === 0 ? [done("completed")] : []
  return status === "partially_completed" ? [] : [done("no_records")]
}

const resolve = (state: State, command: Of<"resolve">, { by }: Situation): Decision => {
  const { denialGround, erasure, status } = command
  const isKey = by.startsWith("key:")
  if (!isKey && !(by === "requester" && status === "withdrawn")) return refuse("transition_not_allowed")
  if (status === "denied" && denialGround === undefined) return refuse("denial_ground_missing")
  const isAnswer = status !== "denied" && status !== "withdrawn"
  const refused = isAnswer ? answerRefused(state, command) : undefined
  if (refused !== undefined) return refused
  const isErasing = isAnswer && erasure !== undefined && state.request === "delete"
  const isUnread = ComplianceState.statusOf(state) === "submitted"
  return make(
    // Both dates are there then.
    ...(isUnread ? [{ kind: "acknowledged" } as const] : []),
    ...(isErasing ? [{ kind: "erased", ...erasure } as const] : []),
    ...(isAnswer ? ledgerDone(state, command) : []),
    {
      kind: "resolved",
      resolutionStatus: status,
      ...(status === "denied" && denialGround !== undefined && { denialGround }),
    },
  )
}

const reopen = (state: State, { hasReason }: Of<"reopen">): Decision => {
  if (state.erasure !== undefined) return refuse("erased_already")
  return hasReason ? make({ kind: "reopened" }) : refuse("reason_missing")
}

/** Staff is reminded of a due date by Assent alone, on the days that it is for, once. */
const remind = (state: State, { of }: Of<"remind">, { by, clock, holidays, today }: Situation): Decision => {
  if (by !== "engine") return refuse("transition_not_allowed")
  const reminder = PassingTime.remindersOf(state, clock, holidays).find(({ what }) => what === of)
  const isDue = reminder !== undefined && PassingTime.due([reminder], today) !== undefined
  return isDue ? make({ kind: "reminded", of, dueOn: reminder.dueOn }) : make()
}

/** A request lapses once, by Assent alone, on or after its day. What is personal of it goes with it. */
const lapse = (state: State, { by, clock, holidays, today }: Situation): Decision => {
  if (by !== "engine") return refuse("transition_not_allowed")
  if (state.isLapsed || ComplianceState.statusOf(state) !== "pending_verification") return make()
  const on = LegalClock.lapsesOn(clock, ComplianceState.clockFactsOf(state), state.openedOn, holidays)
  if (on === undefined || today < on) return make()
  return make({ kind: "lapsed" }, ...(state.isPurged ? [] : [{ kind: "purged", scope: "private" } as const]))
}

/** Files are purged once there are some, and what is personal of a request once. */
const purge = ({ files, isPurged }: State, { scope }: Of<"purge">, { by }: Situation): Decision => {
  if (by !== "engine") return refuse("transition_not_allowed")
  if (scope === "files") return files.length === 0 ? make() : make({ kind: "files_purged" })
  return isPurged ? make() : make({ kind: "purged", scope })
}

/**
 * The refusals of an opt-out are recorded whether identity was shown or not, because a no is never refused. They are
 * what the ledger owes; where the project has no consent type for them, the ledger has nothing.
 */
const optOut = (state: State, command: Of<"opt_out">): Decision => {
  if (state.request !== "do_not_sell") return refuse("transition_not_allowed")
  const { ledgerTask, tasks } = state
  const isOpen = tasks.some(({ dataSystem, result }) => dataSystem === ledgerTask && result === undefined)
  const isDone = isOpen && ComplianceState.statusOf(state) !== "pending_verification"
  const result = command.types === 0 ? "no_records" : "completed"
  return make(
    { ...command, kind: "opted_out" },
    ...(isDone ? [{ kind: "task_done", dataSystem: ledgerTask, result, via: "ledger" } as const] : []),
  )
}

/** Whether a request whose personal data is gone still takes a command. */
const isLeft = (command: Command): boolean =>
  command.kind === "remind" ||
  command.kind === "lapse" ||
  command.kind === "purge" ||
  command.kind === "note_mail" ||
  command.kind === "note_task" ||
  (command.kind === "resolve" && (command.status === "denied" || command.status === "withdrawn"))

/**
 * A package is a file, and says so once more, because it is the answer to a request: to one that asks to see, once
 * identity was shown, whatever the request needs.
 */
const attachPackage = ({ request, verifiedOn }: State, command: Of<"attach_file">): Decision => {
  if (request !== "view") return refuse("transition_not_allowed")
  if (verifiedOn === undefined) return refuse("not_verified")
  const { file, sha256 } = command
  return make({ ...command, kind: "file_attached" }, { kind: "packaged", file, sha256 })
}

const attachFile = (state: State, command: Of<"attach_file">): Decision => {
  if (hasFile(state, command.file)) return make()
  return command.origin === "package" ? attachPackage(state, command) : make({ ...command, kind: "file_attached" })
}

/** The facts of a command that the status allows. */
const carryOut = (state: State, command: Command, situation: Situation): Decision => {
  switch (command.kind) {
    case "send_code":
      return make({ ...command, kind: "verification_sent" })
    case "verify":
      return make({ kind: "verified", method: command.method })
    case "verify_by_staff":
      return command.hasReason ? make({ kind: "verified", method: "staff" }) : refuse("reason_missing")
    case "fail_verification":
      return make({ kind: "verification_failed", why: command.why })
    case "acknowledge":
      return acknowledge(state)
    case "ask_clarification":
      return state.isClarifying ? refuse("clarification_open") : make({ kind: "clarification_asked" })
    case "clarify":
      return state.isClarifying ? make({ kind: "clarified" }) : refuse("no_clarification_open")
    case "extend":
      return extend(state, command, situation)
    case "add_task":
      return hasTask(state, command.dataSystem) ? make() : make({ ...command, kind: "task_added" })
    case "do_task":
      return doTask(state, command)
    case "undo_task":
      return undoTask(state, command)
    case "attach_file":
      return attachFile(state, command)
    case "remove_file":
      return hasFile(state, command.file) ? make({ ...command, kind: "file_removed" }) : refuse("unknown_file")
    case "note_download":
      return hasFile(state, command.file) ? make({ ...command, kind: "file_downloaded" }) : refuse("unknown_file")
    case "note":
      return make({ kind: "noted" })
    case "note_mail":
      return make({ ...command, kind: "mailed" })
    case "note_task":
      return hasTask(state, command.dataSystem) ? make({ ...command, kind: "task_sent" }) : refuse("unknown_task")
    case "opt_out":
      return optOut(state, command)
    case "correct":
      return make({ ...command, kind: "corrected" })
    case "resolve":
      return resolve(state, command, situation)
    case "reopen":
      return reopen(state, command)
    case "remind":
      return remind(state, command, situation)
    case "lapse":
      return lapse(state, situation)
    case "purge":
      return purge(state, command, situation)
  }
}

/** The facts that a command makes, or why it is refused. The facts are recorded in their order, all of them or none. */
export const decide = (state: State, command: Command, situation: Situation): Decision => {
  const entry = refusals[command.kind][ComplianceState.statusOf(state)]
  if (entry !== "allowed") return refuse(entry)
  if (state.isPurged && !isLeft(command)) return refuse("purged_already")
  return carryOut(state, command, situation)
}
