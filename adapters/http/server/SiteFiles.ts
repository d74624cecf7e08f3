/**
 * The script files of pages, as they were built: their addresses and hashes.
 */
import { Context } from "effect"
import type { ScriptFiles } from "../../../core/browser/VisitAnswer.ts"

const file = { src: "/widget", integrity: "sha384-" }

/** The script files that pages load when they need them. */
export const SiteFiles = Context.Reference<ScriptFiles>("assent/http/SiteFiles", {
  defaultValue: () => ({ client: file, banner: file, preferences: file }),
})
