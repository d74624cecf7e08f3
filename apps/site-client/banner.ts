/**
 * The banner, which the client adds when it is shown.
 */
import { ofDocument } from "../../adapters/browser/Parts.ts"

ofDocument()
