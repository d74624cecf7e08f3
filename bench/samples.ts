/**
 * Makes events as a ledger stores them.
 */
import { randomUUID } from "node:crypto"
import type { ProjectScope } from "../core/model/Catalog.ts"
import type { ConsentEvent } from "../core/engine/ConsentEvent.ts"
import * as EventBody from "../core/ledger/EventBody.ts"
import type { StoredEvent } from "../core/ports/LedgerStore.ts"

/** Makes events of a project's consent types in turn, each of the person that `personOf` says. */
export const maker = (
  { organization, project, types }: ProjectScope,
  personOf: () => string = randomUUID,
): ((now: number) => StoredEvent) => {
  const all = types.all
  let made = 0
  return (now) => {
    const type = all[made % all.length]!
    const event: ConsentEvent = {
      id: `018d5c00-0000-7000-8000-${(made++).toString(16).padStart(12, "0")}`,
      concordId: personOf(),
      consentType: type.id,
      version: 1,
      consentState: made % 4 === 0 ? "declined" : "accepted",
      consentAction: "user_click",
      consentDate: now,
      dateCreated: now,
    }
    const body = EventBody.write(event, type, project, organization.id, undefined, undefined)
    return { ...event, submitter: organization.id, body }
  }
}
