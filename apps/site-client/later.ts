/**
 * The script file that the client loads once a person has acted, or may be known.
 */
import { later } from "../../adapters/browser/Later.ts"
import * as Parts from "../../adapters/browser/Parts.ts"

const parts = Parts.ofDocument()
if (parts !== undefined) parts.later = later
