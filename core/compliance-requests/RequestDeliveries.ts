/**
 * Which fact of a compliance request hands a task to the connector of its data system: the one that shows identity, or
 * that opens a request which needs none; and one that adds a task later. So nothing of a person leaves before identity
 * was shown, but for a refusal of sale.
 */
import { Effect } from "effect"
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as TaskMessage from "../connectors/TaskMessage.ts"
import type { Connector, DataSystem } from "../data-systems/DataSystem.ts"
import * as HashHex from "../ledger/HashHex.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as OutboxSeal from "../ledger/OutboxSeal.ts"
import type { HeldRequestKey, KeptDelivery, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { laneOf } from "../ports/ComplianceStore.ts"
import { type NewMail, taskTemplate } from "../ports/OutboxStore.ts"
import * as CivilToday from "./CivilToday.ts"
import * as RequestClock from "./RequestClock.ts"
import * as RequestIds from "./RequestIds.ts"

/** A request after facts that may hand over tasks. */
export interface DeliveredRequest {
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  readonly data: RequestPrivateData
}

/** How long a task is tried, in milliseconds: 7 days. Then it waits for staff. */
export const triedFor = 7 * 24 * 60 * 60 * 1000

const isStarting = (fact: ComplianceFact): boolean => fact.kind === "opened" || fact.kind === "verified"

/** Whether facts may hand over tasks. */
export const areCalled = (facts: ReadonlyArray<ComplianceFact>): boolean =>
  facts.some((fact) => isStarting(fact) || fact.kind === "task_added")

/** The ids of the data systems whose tasks facts hand over. */
const systemsOf = (
  facts: ReadonlyArray<ComplianceFact>,
  state: ComplianceState.ComplianceState,
): ReadonlyArray<string> => {
  const status = ComplianceState.statusOf(state)
  if (status === "pending_verification" || status === "resolved") return []
  const open = state.tasks.filter(({ result }) => result === undefined).map(({ dataSystem }) => dataSystem)
  if (facts.some(isStarting)) return open
  const added = new Set(facts.flatMap((fact) => (fact.kind === "task_added" ? [fact.dataSystem] : [])))
  return open.filter((id) => added.has(id))
}

/** The id of the row of a task in the outbox: the same each time, so that a task is there once. */
export const rowIdOf = (scope: ProjectScope, request: string, dataSystem: string, context: LedgerContext) =>
  RequestIds.make(scope, `task of ${request}`, dataSystem, context)

/** The row of one task; nothing where no identity may be sent. */
const deliveryOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { data, id, state }: DeliveredRequest,
  system: DataSystem & { readonly connector: Connector },
  key: Pick<HeldRequestKey, "key">,
  context: LedgerContext,
) {
  const { connector } = system
  const identities = yield* TaskMessage.identitiesOf(connector, TaskMessage.shownOf(state, data.user), context)
  if (identities.length === 0) return undefined
  const { organization, project } = scope
  const hasher = yield* context.hasherOf(organization)
  const { publicUrl } = context.mailSettings
  const now = state.instants.updated
  const { dueDate } = RequestClock.read(organization, state, CivilToday.of(organization, now))
  const secret = yield* TaskMessage.newSecret(context)
  const token = TaskMessage.callbackToken({ project: project.id, request: id, secret })
  const subjectRequestId = yield* context.random.uuidV4()
  const message = TaskMessage.make(system, connector, {
    id,
    state,
    subjectRequestId,
    identities,
    ...(dueDate !== undefined && { dueDate }),
    ...(publicUrl !== undefined && { callbackUrl: `${publicUrl}/callbacks/${token}` }),
  })
  const mail = yield* rowIdOf(scope, id, system.id, context)
  const place = { lane: laneOf(project, id), request: id, mail }
  const secretHash = HashHex.encode(yield* TaskMessage.secretHashOf(id, secret, hasher))
  const kept: KeptDelivery = { dataSystem: system.id, secretHash, subjectRequestId }
  const row: NewMail = {
    id: mail,
    template: taskTemplate,
    createdAt: now,
    dueAt: now,
    endsAt: now + triedFor,
    recipientHash: HashHex.encode(yield* hasher.sign("task recipient", system.id)),
    sealed: yield* OutboxSeal.seal(place, message, key, context),
  }
  return { kept, row }
})

/** The tasks that facts of a request hand over, and what is kept of them with what is personal of the request. */
export const of = Effect.fnUntraced(function* (
  scope: ProjectScope,
  request: DeliveredRequest,
  facts: ReadonlyArray<ComplianceFact>,
  key: Pick<HeldRequestKey, "key">,
  context: LedgerContext,
) {
  const { data, state } = request
  const called = new Set(systemsOf(facts, state))
  const { dataSystems } = called.size === 0 ? {} : yield* context.store.catalog.current
  const add: Array<NewMail> = []
  let deliveries = data.deliveries ?? []
  for (const system of dataSystems?.get(scope.organization.id) ?? []) {
    const { connector } = system
    if (connector === undefined || !called.has(system.id) || !TaskMessage.takes(connector, state.request)) continue
    const made = yield* deliveryOf(scope, request, { ...system, connector }, key, context)
    if (made === undefined) continue
    add.push(made.row)
    deliveries = [...deliveries.filter(({ dataSystem }) => dataSystem !== system.id), made.kept]
  }
  return { add, data: add.length === 0 ? data : { ...data, deliveries } }
})
