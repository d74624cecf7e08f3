/**
 * The client of a page, which the loader adds.
 */
import { ofDocument } from "../../adapters/browser/Parts.ts"

ofDocument()
