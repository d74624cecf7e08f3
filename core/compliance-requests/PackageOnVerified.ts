/**
 * Has the access package of a `view` built once identity was shown, in projects with the setting `packageOnVerified`.
 */
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Project } from "../model/Catalog.ts"

/** Whether identity is shown since one of these facts. */
const isShownBy = (fact: ComplianceFact): boolean =>
  fact.kind === "verified" || (fact.kind === "opened" && fact.identity === "preverified")

/** Lets the package of a request wait, where its facts, which were written, call for it. */
export const after = (
  { id: project, packageOnVerified }: Project,
  facts: ReadonlyArray<ComplianceFact>,
  state: { readonly request: string },
  { packageQueue }: Pick<LedgerContext, "packageQueue">,
): void => {
  const fact = packageOnVerified === true && state.request === "view" ? facts.find(isShownBy) : undefined
  if (fact !== undefined) packageQueue.offer({ project, request: fact.requestId })
}
