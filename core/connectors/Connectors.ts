/**
 * The connectors of data systems: where a data system takes the tasks of compliance requests by itself.
 *
 * The secret that tasks are signed with is not kept: it follows from the organization's key, the data system and the
 * generation, and each generation is given once.
 */
import type { Connector, DataSystem } from "../data-systems/DataSystem.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Outbound, SigningKey } from "../ports/Outbound.ts"
import * as Secrets from "../webhooks/Secrets.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import * as DataSystems from "../catalog/DataSystems.ts"

/** The members of a connector that a request sets. */
export interface ConnectorFields extends Pick<Connector, "url" | "profile" | "identities" | "isActive"> {
  readonly certificate?: string
}

type Answering = CatalogChange.Answering<DataSystem>

/** For how long the secret of the generation before signs as well, in milliseconds: a day. */
export const overlapMillis = 24 * 60 * 60 * 1000

const notAllowed = (detail: string) => CatalogChange.refused("url", "connector_url_not_allowed", detail)

/**
 * Sets the connector of a data system, or replaces it. One that is there keeps its secret; a new one has a generation
 * that the data system never had.
 */
export const set = (
  organization: Organization,
  id: string,
  { url, ...fields }: ConnectorFields,
  outbound: Outbound["Service"],
  answering: Answering,
  context: LedgerContext,
) => {
  const fault = outbound.urlFault(url)
  return DataSystems.replace(
    organization,
    id,
    (before) => {
      if (fault !== undefined) return notAllowed(fault.detail)
      const { generation = (before.secretsMade ?? 0) + 1, overlapUntil } = before.connector ?? {}
      const connector: Connector = {
        ...fields,
        // As the URL standard writes it, so that what was checked is what is connected to.
        url: new URL(url).href,
        generation,
        ...(overlapUntil !== undefined && { overlapUntil }),
      }
      return { ...before, connector, secretsMade: Math.max(generation, before.secretsMade ?? 0) }
    },
    answering,
    context,
  )
}

/** Removes the connector of a data system. Tasks that wait for it fail, and are done by staff. */
export const remove = (organization: Organization, id: string, answering: Answering, context: LedgerContext) =>
  DataSystems.replace(
    organization,
    id,
    ({ connector, ...rest }) => (connector === undefined ? CatalogChange.notFound : rest),
    answering,
    context,
  )

/** Gives a connector a new secret. The one before signs as well for {@link overlapMillis}. */
export const rotate = (organization: Organization, id: string, answering: Answering, context: LedgerContext) =>
  DataSystems.replace(
    organization,
    id,
    (before, _catalog, now) => {
      const { connector } = before
      if (connector === undefined) return CatalogChange.notFound
      const generation = connector.generation + 1
      const rotated = { ...connector, generation, overlapUntil: now + overlapMillis }
      return { ...before, connector: rotated, secretsMade: generation }
    },
    answering,
    context,
  )

/** The key that tasks of a data system are signed with. */
export const keyOf = (
  organization: Organization,
  { id }: Pick<DataSystem, "id">,
  generation: number,
  context: LedgerContext,
) => Secrets.keyOf(organization, { id, scheme: "hmac", generation } satisfies Secrets.Signing, context)

/** The secret as its receiver gets it. */
export const secretText = (key: SigningKey): string => Secrets.textOf(key)
