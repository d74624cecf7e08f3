/**
 * The senders of an organization: which there are, and adding, renaming and deleting them.
 *
 * `default` is the sender of the server. It is one of every organization, and no request changes it.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { MailSettings } from "../ledger/MailSettings.ts"
import type { Catalog, Organization, Project } from "../model/Catalog.ts"
import { defaultId, of, type SenderAddress } from "../model/SenderAddress.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import * as UnchangedEntries from "../catalog/UnchangedEntries.ts"

type Answering = CatalogChange.Answering<SenderAddress>
type Outcome = Effect.Effect<CatalogChange.CatalogOutcome<SenderAddress>, StoreUnavailable>

/** The sender of the server as one of an organization; none where the server has no sender. */
const ofServer = (organization: Organization, { from }: MailSettings): ReadonlyArray<SenderAddress> =>
  from === undefined
    ? []
    : [
        {
          id: defaultId,
          organization: organization.id,
          name: from.name ?? organization.name,
          email: from.address,
          status: "verified",
          sentAt: [],
          dateCreated: organization.dateCreated,
          dateUpdated: organization.dateUpdated,
        },
      ]

/** The sender of the server, and those that an organization has added. */
export const all = (
  organization: Organization,
  { mailSettings, store }: Pick<LedgerContext, "mailSettings" | "store">,
): Effect.Effect<ReadonlyArray<SenderAddress>, StoreUnavailable> =>
  Effect.map(store.catalog.current, (catalog) => [
    ...ofServer(organization, mailSettings),
    ...of(catalog, organization),
  ])

/** The projects whose mails come from a sender. */
export const projectsOf = (
  { projects }: Pick<Catalog, "projects">,
  { id, organization }: Pick<SenderAddress, "id" | "organization">,
): ReadonlyArray<Project> =>
  [...projects.values()].filter(
    (project) => project.organization === organization && (project.sendFromEmailId ?? defaultId) === id,
  )

const readOnly = CatalogChange.refused("", "read_only", "the sender of the server is set by ASSENT_MAIL_FROM")

/** Replaces a sender by its next state. `dateUpdated` tells states apart, so it always grows. */
const replace = (
  organization: Organization,
  id: string,
  next: (before: SenderAddress, catalog: Catalog) => SenderAddress | CatalogChange.RefusedChange,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const isUnchanged = UnchangedEntries.make()
  const prepare = (catalog: Catalog, earliest: Instant) =>
    Effect.sync((): CatalogChange.Prepared<SenderAddress> | CatalogChange.RefusedChange => {
      if (id === defaultId) return readOnly
      const before = of(catalog, organization).find((sender) => sender.id === id)
      if (before === undefined) return CatalogChange.notFound
      if (!isUnchanged([before])) return UnchangedEntries.conflict
      const after = next(before, catalog)
      if ("_tag" in after) return after
      const value = { ...after, dateUpdated: Math.max(earliest, before.dateUpdated + 1) }
      return { _tag: "Prepared", entries: { senders: [value] }, value }
    })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Changes the name of a sender. Another address is another sender. */
export const rename = (
  organization: Organization,
  id: string,
  name: string | undefined,
  answering: Answering,
  context: LedgerContext,
): Outcome => replace(organization, id, (before) => ({ ...before, name: name ?? before.name }), answering, context)

/** Deletes a sender that no project uses. Mails that were written with it are still sent from it. */
export const remove = (organization: Organization, id: string, answering: Answering, context: LedgerContext): Outcome =>
  replace(
    organization,
    id,
    (before, catalog) => {
      const { length } = projectsOf(catalog, before)
      const { code: _, ...kept } = before
      if (length === 0) return { ...kept, isRemoved: true }
      const used = `the mails of ${length} ${length === 1 ? "project come" : "projects come"} from it`
      return CatalogChange.conflict("", "in_use", `${used}: set another sendFromEmailId there first`)
    },
    answering,
    context,
  )
