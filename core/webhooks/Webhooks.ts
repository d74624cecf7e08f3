/**
 * Creating, changing and removing webhooks, and giving them new secrets.
 */
import { Clock, Effect } from "effect"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { MarkLost, UnknownMark } from "../feed/Changes.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, DisabledBecause, ProjectScope, Webhook } from "../model/Catalog.ts"
import type { Outbound, OutboundAnswer, SigningKey } from "../ports/Outbound.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Delivery from "./Delivery.ts"
import * as SampleChange from "./SampleChange.ts"
import * as Secrets from "./Secrets.ts"
import * as WebhookStarts from "./WebhookStarts.ts"

/** The most webhooks of a project. */
export const maxWebhooks = 20

/** The members of a webhook that a request sets, and that may be changed. */
export interface WebhookFields {
  readonly url: string
  readonly name: string
  readonly types: ReadonlyArray<string>
  readonly consentTypes: ReadonlyArray<string>
  readonly reevaluations: Webhook["reevaluations"]
  readonly include: Webhook["include"]
  readonly concurrency: number
  readonly status: Webhook["status"]
}

/** A new webhook. `after`: where it begins, a mark, `start` or `now`. */
export interface NewWebhook extends Omit<WebhookFields, "status"> {
  readonly scheme: Webhook["scheme"]
  readonly after: string
}

/** Changed members. `after`: where a webhook that is enabled goes on, if not where it stood. */
export interface WebhookChange extends Partial<WebhookFields> {
  readonly after?: string
}

type Fault = StoreUnavailable | UnknownMark | MarkLost
type Outcome = CatalogChange.CatalogOutcome<Webhook>
type Answering = CatalogChange.Answering<Webhook>

/** The webhooks of a project, in the order in which they were created. */
export const of = (catalog: Catalog, { project }: Pick<ProjectScope, "project">): ReadonlyArray<Webhook> =>
  catalog.webhooks.get(project.id) ?? []

/** A webhook of a project. */
export const find = (catalog: Catalog, scope: Pick<ProjectScope, "project">, id: string): Webhook | undefined =>
  of(catalog, scope).find((webhook) => webhook.id === id)

const faultsOf = (
  catalog: Catalog,
  { project }: ProjectScope,
  { consentTypes = [], url }: Partial<WebhookFields>,
  outbound: Outbound["Service"],
): ReadonlyArray<CatalogChange.CatalogFault> => {
  const known = catalog.consentTypes.get(project.id)
  const fault = url === undefined ? undefined : outbound.urlFault(url)
  return [
    ...(fault === undefined ? [] : [{ field: "url", code: "url_not_allowed", detail: fault.detail }]),
    ...consentTypes.flatMap((id, index) =>
      known?.byId.has(id) === true
        ? []
        : [
            {
              field: `consentTypes/${index}`,
              code: "unknown_consent_type",
              detail: "is no consent type of the project",
            },
          ],
    ),
  ]
}

/** As the URL standard writes it, so that what was checked is what is connected to. */
const written = <Fields extends Partial<WebhookFields>>({ url, ...fields }: Fields) => ({
  ...fields,
  ...(url !== undefined && { url: new URL(url).href }),
})

const tooMany = CatalogChange.conflict(
  "",
  "too_many",
  `the project has ${maxWebhooks} webhooks already: remove one first`,
)

/** Creates a webhook. What is recorded from the request on is sent, unless `after` says otherwise. */
export const create = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { after, ...fields }: NewWebhook,
  outbound: Outbound["Service"],
  answering: Answering,
  context: LedgerContext,
): Effect.fn.Return<Outcome, Fault> {
  const places = yield* WebhookStarts.placesOf(scope, after, context)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const faults = faultsOf(catalog, scope, fields, outbound)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    if (of(catalog, scope).length >= maxWebhooks) return tooMany
    const value: Webhook = {
      ...fields,
      url: new URL(fields.url).href,
      id: yield* context.random.uuidV7(),
      organization: scope.organization.id,
      project: scope.project.id,
      status: "active",
      statusSince: now,
      generation: 1,
      start: WebhookStarts.startOf(1, places),
      dateCreated: now,
      dateUpdated: now,
    }
    return CatalogChange.prepared({ webhooks: [value] }, value)
  })
  return yield* CatalogChange.change({ owner: scope.organization, ...answering }, prepare, context)
})

/** Replaces a webhook by its next state. `dateUpdated` tells states apart, so it always grows. */
const replace = (
  scope: ProjectScope,
  id: string,
  next: (before: Webhook, catalog: Catalog, now: Instant) => Webhook | CatalogChange.RefusedChange,
  answering: Partial<Answering>,
  context: LedgerContext,
): Effect.Effect<Outcome, StoreUnavailable> => {
  const prepare = (catalog: Catalog, earliest: Instant) =>
    Effect.sync((): CatalogChange.Prepared<Webhook> | CatalogChange.RefusedChange => {
      const before = find(catalog, scope, id)
      if (before === undefined) return CatalogChange.notFound
      const now = Math.max(earliest, before.dateUpdated + 1)
      const after = next(before, catalog, now)
      if ("_tag" in after) return after
      const value = { ...after, dateUpdated: now }
      return CatalogChange.prepared({ webhooks: [value] }, value) as CatalogChange.Prepared<Webhook>
    })
  return CatalogChange.change({ owner: scope.organization, ...answering }, prepare, context)
}

const notEnabling = CatalogChange.refused("after", "not_enabling", "is only taken when a disabled webhook is enabled")

/** With another status; enabled, it may go on at other places. */
const withStatus = (
  before: Webhook,
  status: Webhook["status"],
  because: DisabledBecause | undefined,
  now: Instant,
): Webhook => {
  if (before.status === status) return before
  const { disabledBecause: _because, ...webhook } = before
  return { ...webhook, status, statusSince: now, ...(because !== undefined && { disabledBecause: because }) }
}

/** Changes members of a webhook. Tries that are under way are as they were. */
export const update = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  { after, status, ...fields }: WebhookChange,
  outbound: Outbound["Service"],
  answering: Answering,
  context: LedgerContext,
): Effect.fn.Return<Outcome, Fault> {
  const places = after === undefined ? undefined : yield* WebhookStarts.placesOf(scope, after, context)
  const next = (before: Webhook, catalog: Catalog, now: Instant) => {
    const faults = faultsOf(catalog, scope, fields, outbound)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const isEnabling = before.status === "disabled" && status === "active"
    if (places !== undefined && !isEnabling) return notEnabling
    const webhook = withStatus({ ...before, ...written(fields) }, status ?? before.status, undefined, now)
    if (places === undefined) return webhook
    return { ...webhook, start: WebhookStarts.startOf(before.start.number + 1, places) }
  }
  return yield* replace(scope, id, next, answering, context)
})

/** Disables a webhook whose receiver wants nothing any more, or has taken nothing for too long. */
export const disable = (
  scope: ProjectScope,
  { dateUpdated, id }: Webhook,
  because: DisabledBecause,
  context: LedgerContext,
) =>
  replace(
    scope,
    id,
    // One that was changed since is another: it is tried.
    (before, _catalog, now) =>
      before.dateUpdated === dateUpdated ? withStatus(before, "disabled", because, now) : before,
    {},
    context,
  )

/** Gives a webhook a new secret. The one before signs as well for `overlapMillis`. */
export const rotate = (
  scope: ProjectScope,
  id: string,
  overlapMillis: number,
  answering: Answering,
  context: LedgerContext,
) =>
  replace(
    scope,
    id,
    (before, _catalog, now) => {
      const { overlapUntil: _until, ...webhook } = before
      const overlapUntil = now + overlapMillis
      return { ...webhook, generation: before.generation + 1, ...(overlapMillis > 0 && { overlapUntil }) }
    },
    answering,
    context,
  )

/** Removes a webhook, with everything that is kept of it. */
export const remove = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  answering: Answering,
  context: LedgerContext,
): Effect.fn.Return<Outcome, StoreUnavailable> {
  const outcome = yield* replace(scope, id, (before) => ({ ...before, isRemoved: true }), answering, context)
  if (outcome._tag === "Changed") yield* context.store.webhooks.remove(scope.project, id)
  return outcome
})

/** What a receiver verifies with: the secret of HMAC, or nothing; and the public keys of Ed25519, newest first. */
export interface ToldKeys {
  readonly secret?: string
  readonly publicKeys?: ReadonlyArray<string>
}

/** The secret, or the public keys, of a webhook. */
export const toldKeys = Effect.fnUntraced(function* (
  { organization }: Pick<ProjectScope, "organization">,
  webhook: Webhook,
  outbound: Outbound["Service"],
  context: LedgerContext,
): Effect.fn.Return<ToldKeys, StoreUnavailable> {
  const now = yield* Clock.currentTimeMillis
  const keys: ReadonlyArray<SigningKey> = yield* Secrets.keysOf(organization, webhook, context)
  if (webhook.scheme === "hmac") return { secret: Secrets.textOf(keys[0]!) }
  const isOverlapping = webhook.overlapUntil !== undefined && now < webhook.overlapUntil
  const signing = isOverlapping ? keys : keys.slice(0, 1)
  return { publicKeys: signing.map(({ bytes }) => outbound.publicKey(bytes)) }
})

/** Sends a sample change to a webhook, whatever its status, and tells the outcome. It is not logged. */
export const test = Effect.fnUntraced(function* (
  scope: ProjectScope,
  webhook: Webhook,
  outbound: Outbound["Service"],
  context: LedgerContext,
): Effect.fn.Return<OutboundAnswer, StoreUnavailable> {
  const keys = yield* Secrets.keysOf(scope.organization, webhook, context)
  const sample = yield* SampleChange.make(context)
  return (yield* Delivery.send({ scope, webhook, keys, outbound }, sample, false)).answer
})
