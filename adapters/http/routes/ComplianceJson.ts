/**
 * Compliance requests and what happened to them as JSON: for a key that handles them, for one that only reads, and for
 * the person that opened one.
 */
import * as CivilDate from "../../../core/compliance/CivilDate.ts"
import type { AttachedFile, Task } from "../../../core/compliance/ComplianceState.ts"
import type { ComplianceFact } from "../../../core/compliance/ComplianceFact.ts"
import type { ComplianceEvent } from "../../../core/compliance-requests/ComplianceReading.ts"
import type { ComplianceRequest } from "../../../core/compliance-requests/ComplianceRequest.ts"
import * as FileName from "../../../core/compliance-requests/files/FileName.ts"
import * as Instant from "../../../core/engine/Instant.ts"

/** What a key may see: everything, or everything that is not personal. */
export type Audience = "handles" | "reads"

const clockJson = ({ clock, state }: ComplianceRequest) => {
  const { confirmBy, daysLeft, dueDate, isLate, isOverdue, isPaused } = clock
  const running = isPaused ? "paused" : daysLeft === undefined ? "none" : "running"
  return {
    state: state.resolvedOn === undefined ? running : "ended",
    ...(dueDate !== undefined && { dueDate }),
    ...(confirmBy !== undefined && { confirmBy }),
    ...(daysLeft !== undefined && { daysLeft }),
    extended: state.isExtended,
    overdue: isOverdue,
    late: isLate,
  }
}

/** When it was received, when identity was shown, when it was taken on, and when it ended. */
const datesJson = ({ state: { instants } }: ComplianceRequest) => ({
  requestDate: instants.received,
  ...(instants.verified !== undefined && { verifiedDate: instants.verified }),
  ...(instants.acknowledged !== undefined && { acknowledgedDate: instants.acknowledged }),
  ...(instants.resolved !== undefined && { resolvedDate: Instant.format(instants.resolved) }),
})

/** How it ended, in words and by its kind. */
const resultJson = ({ privateData, state: { resolution } }: ComplianceRequest, areWordsSeen: boolean) => ({
  ...(areWordsSeen && privateData?.resolution !== undefined && { resolution: privateData.resolution }),
  ...(resolution !== undefined && { resolutionStatus: resolution.status }),
  ...(resolution?.denialGround !== undefined && { denialGround: resolution.denialGround }),
})

const sessionJson = ({ privateData, state }: ComplianceRequest, audience: Audience) => {
  if (state.channel !== "site") return {}
  const { domain, country } = state
  const { id, ipAddress, userAgent } = privateData?.session ?? {}
  const session = {
    ...(id !== undefined && { id }),
    ...(domain !== undefined && { domain }),
    ...(country !== undefined && { geography: country }),
    ...(audience === "handles" && ipAddress !== undefined && { ipAddress }),
    ...(audience === "handles" && userAgent !== undefined && { userAgent }),
  }
  return { session }
}

/** What was typed, which only those see that handle requests. */
const typedJson = ({ privateData }: ComplianceRequest, audience: Audience) => {
  if (audience === "reads" || privateData === undefined) return {}
  const { captureUrl, clarification, notes, reasons, requestDetails, user } = privateData
  return {
    user,
    ...(requestDetails !== undefined && { requestDetails }),
    ...(notes !== undefined && { notes }),
    ...(reasons?.clarification !== undefined && { question: reasons.clarification }),
    ...(clarification !== undefined && { answer: clarification }),
    ...(captureUrl !== undefined && { captureUrl }),
  }
}

/** What was erased with the answer to a `delete`, and what is kept until that answer has been mailed. */
const erasureJson = ({ state: { erasure }, untilMailEnds }: ComplianceRequest) => {
  if (erasure === undefined) return {}
  const { counts, erasure: id, ground, remaining, scope } = erasure
  return {
    erasure: {
      id,
      scope,
      ...(ground !== undefined && { ground }),
      counts,
      remaining,
      ...(untilMailEnds !== undefined && { untilMailEnds }),
    },
  }
}

/** A file of a request. What is said about it is personal, like its name. */
const fileJson = ({ id, organization, privateData, project }: ComplianceRequest, audience: Audience) => {
  const path = `/privacy-v1/organizations/${organization}/projects/${project}/compliance-requests/${id}/files`
  return ({ at, by, file, origin, sha256, size, type }: AttachedFile) => {
    const words = privateData?.files?.find((each) => each.file === file)
    const isShown = audience === "handles"
    return {
      id: file,
      ...(isShown && words !== undefined && { fileName: FileName.shown(words.fileName) }),
      fileSize: size,
      mediaType: type,
      sha256,
      date: at,
      dateCreated: at,
      ...(isShown && words?.details !== undefined && { details: words.details }),
      event: "file_attached",
      ...(by.startsWith("key:") && { apiKey: by.slice("key:".length) }),
      filePath: `${path}/${file}`,
      origin,
      ...(words !== undefined && { forRequester: words.isForRequester, scanned: words.isScanned }),
    }
  }
}

/** A task of a request. What its data system has said may be personal. */
const taskJson =
  ({ privateData }: ComplianceRequest, audience: Audience) =>
  ({ dataSystem, result, sending }: Task) => {
    const said = privateData?.deliveries?.find((each) => each.dataSystem === dataSystem)
    const isShown = audience === "handles"
    return {
      dataSystem,
      completed: result !== undefined,
      ...(result !== undefined && { result }),
      ...(sending !== undefined && { sending }),
      ...(isShown && said?.progress !== undefined && { progress: said.progress }),
      ...(isShown && said?.resultsUrl !== undefined && { resultsUrl: said.resultsUrl }),
    }
  }

/** A request as a key is answered. */
export const ofKey = (request: ComplianceRequest, audience: Audience): string => {
  const { filePurgeDate, id, opener, organization, project, purgeDate, state, status, subject } = request
  const concordId = state.instants.verified === undefined ? (opener ?? subject) : (subject ?? opener)
  const { opened, updated } = state.instants
  return JSON.stringify({
    id,
    ...(concordId !== undefined && { concordId }),
    organization,
    project,
    request: state.request,
    status,
    ...datesJson(request),
    ...resultJson(request, audience === "handles"),
    ...erasureJson(request),
    ...typedJson(request, audience),
    preverified: state.verifiedBy === "preverified",
    ...(state.verifiedBy !== undefined && { verificationMethod: state.verifiedBy }),
    ...(state.domain !== undefined && { domain: state.domain }),
    ...sessionJson(request, audience),
    dataSystemTasks: state.tasks.map(taskJson(request, audience)),
    files: state.files.map(fileJson(request, audience)),
    ...(state.instants.downloaded !== undefined && { downloadDate: state.instants.downloaded }),
    ...(filePurgeDate !== undefined && { filePurgeDate: CivilDate.toDays(filePurgeDate) * 86_400_000 }),
    dateCreated: opened,
    dateUpdated: updated,
    createdAt: [opened],
    updatedAt: [updated],
    ordinal: state.ordinal,
    regulation: state.clock,
    language: state.language,
    clock: clockJson(request),
    isLapsed: state.isLapsed,
    ...(purgeDate !== undefined && { purgeDate }),
  })
}

/** An e-mail address of which only the first letter and the domain are shown. */
export const masked = (email: string): string => {
  const at = email.lastIndexOf("@")
  const [first = ""] = email
  return at <= 0 ? "…" : `${first}…${email.slice(at)}`
}

/**
 * A request as the person that opened it is answered. How it ended says whether something is held about a person, so it
 * is answered only where that person has identified itself in this session.
 */
export const ofVisitor = (request: ComplianceRequest, isSubject: boolean): string => {
  const { clock, id, opener, organization, privateData, project, state, status } = request
  const email = privateData?.user.email
  return JSON.stringify({
    id,
    ...(opener !== undefined && { concordId: opener }),
    organization,
    project,
    request: state.request,
    status,
    ...datesJson(request),
    ...(isSubject && resultJson(request, true)),
    ...(email !== undefined && { userEmail: masked(email) }),
    clock: { ...(clock.dueDate !== undefined && { dueDate: clock.dueDate }) },
  })
}

/** What a fact says besides its kind; instants as date-times. */
const detailsOf = ({
  at: _a,
  by: _b,
  id: _i,
  kind: _k,
  on: _on,
  ordinal: _or,
  requestId: _r,
  ...details
}: ComplianceFact) => ({
  ...details,
  ...("receivedAt" in details && { receivedAt: Instant.format(details.receivedAt) }),
  ...("expiresAt" in details && { expiresAt: Instant.format(details.expiresAt) }),
})

/** A fact as an event of a list. */
export const event = ({ fact, fileName, organization, project }: ComplianceEvent): string => {
  const at = Instant.format(fact.at)
  return JSON.stringify({
    id: fact.id,
    complianceRequestId: fact.requestId,
    event: fact.kind,
    details: { ...detailsOf(fact), ...(fileName !== undefined && { fileName: FileName.shown(fileName) }) },
    submitter: fact.by,
    organizationId: organization,
    projectId: project,
    dateCreated: at,
    dateUpdated: at,
  })
}
