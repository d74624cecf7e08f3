/**
 * The function that opens a ledger. It loads Effect and the store only when it is called, so that a package that is
 * missing is named.
 */
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import { OpenError } from "./Errors.ts"
import type { OpenLedger, OpenOptions } from "./OpenLedger.ts"

const load = async () => {
  try {
    return await import("./Opening.ts")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_BUILTIN_MODULE") {
      const message = `assent/open needs Node.js from 22.19, and this is ${process.version}`
      throw new OpenError("package", message, { cause: error })
    }
    const missing = MissingPackage.missingOf(["effect"])
    if (missing.length === 0) throw error
    throw new OpenError("package", `assent/open ${MissingPackage.reason(missing)}`, { cause: error })
  }
}

/**
 * Opens the ledger of a store, and makes it if it does not exist.
 *
 * `url` is `sqlite:PATH`, a file; `postgres://USER:PASSWORD@HOST/DATABASE`, a database; or `memory:`, which is lost
 * when the process ends. The first opening makes an organization and a project from the options; later ones find them.
 * Rejects with an `OpenError`.
 *
 * @example
 *   const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
 *   const ledger = await open("sqlite:./consent.db", {
 *     name: "Acme",
 *     domains: ["acme.example"],
 *     types: [{ ...newsletter, consentDuration: "P13M" }],
 *   })
 *   const jo = { email: "jo@example.com" }
 *   await ledger.record({ ...jo, ...newsletter, consentState: "accepted", consentAction: "user_click" })
 *   const [decision] = await ledger.decide(jo, { types: [newsletter] })
 *   console.log(decision?.permitted) // true
 *   await ledger.close()
 */
export const open = async (url: string, options: OpenOptions = {}): Promise<OpenLedger> =>
  (await load()).open(url, options)
