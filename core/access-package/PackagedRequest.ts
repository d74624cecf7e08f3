/**
 * A compliance request in an access package: what was asked, what came of it, and its facts; without what staff wrote
 * for itself, the ids of staff's keys, and hashes.
 */
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as Instant from "../engine/Instant.ts"
import type { HeldRequest } from "../people/HeldRequests.ts"

/** What caused a fact, without saying which key did. */
const causeOf = (by: ComplianceFact["by"]): string => {
  if (by === "visitor" || by === "requester") return "requester"
  return by.startsWith("key:") ? "staff" : "assent"
}

/** The members of facts that are instants. */
const instants: ReadonlySet<string> = new Set(["receivedAt", "expiresAt"])

const factJson = ({ at, by, id: _i, kind, on, ordinal: _o, requestId: _r, ...details }: ComplianceFact) => ({
  event: kind,
  at: Instant.format(at),
  on,
  by: causeOf(by),
  ...Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      instants.has(name) && typeof value === "number" ? Instant.format(value) : value,
    ]),
  ),
})

/** What was typed, and what the requester is answered. */
const typedJson = ({ data }: HeldRequest) => {
  if (data === undefined) return {}
  const { captureUrl, clarification, externalId, files, reasons, requestDetails, resolution, user } = data
  return {
    user,
    ...(requestDetails !== undefined && { requestDetails }),
    ...(captureUrl !== undefined && { captureUrl }),
    ...(externalId !== undefined && { externalId }),
    ...(resolution !== undefined && { resolution }),
    ...(reasons?.extension !== undefined && { extensionReason: reasons.extension }),
    ...(reasons?.clarification !== undefined && { question: reasons.clarification }),
    ...(clarification !== undefined && { clarification }),
    ...(files !== undefined && { files: files.filter(({ isForRequester }) => isForRequester) }),
  }
}

/**
 * A request and its facts as JSON. What belongs to a person that is not among `members`, such as the session of another
 * one that opened it, is left out.
 */
export const json = (
  held: HeldRequest,
  state: ComplianceState.ComplianceState,
  facts: ReadonlyArray<ComplianceFact>,
  members: ReadonlySet<string>,
): string => {
  const { data, project, row, stored } = held
  const { opener, session, subject } = row ?? {}
  const { denialGround, status: resolutionStatus } = state.resolution ?? {}
  const isOwnSession = opener !== undefined && members.has(opener)
  const resolved = state.instants.resolved
  return JSON.stringify({
    id: stored.id,
    project: project.id,
    request: state.request,
    status: ComplianceState.statusOf(state),
    requestDate: Instant.format(state.instants.received),
    ...(resolved !== undefined && { resolvedDate: Instant.format(resolved) }),
    ...(resolutionStatus !== undefined && { resolutionStatus }),
    ...(denialGround !== undefined && { denialGround }),
    regulation: state.clock,
    language: state.language,
    ...(isOwnSession && { opener }),
    ...(isOwnSession && session !== undefined && { session }),
    ...(subject !== undefined && members.has(subject) && { subject }),
    ...typedJson(held),
    ...(isOwnSession && data?.session !== undefined && { sessionData: data.session }),
    facts: facts.map(factJson),
  })
}
