/**
 * The browser of the machine. CI has one, and its tests fail without it; elsewhere `npm test` needs nothing but
 * Node.js.
 */
import { existsSync } from "node:fs"

export const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

/** Whether tests in a browser are skipped. */
export const isMissing = !existsSync(executablePath) && process.env["CI"] === undefined
