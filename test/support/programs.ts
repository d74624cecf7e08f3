/**
 * The programs that tests start as processes: the server and the command line. `bundle.ts` bundles both before the
 * first test, because loading a thousand modules takes most of the time of a short process; without a bundle, as in a
 * script outside of the tests, they are the sources.
 */
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")
const bundle = process.env["ASSENT_TEST_BUNDLE"]

/** The server. */
export const server = bundle === undefined ? join(root, "apps/server/main.ts") : join(bundle, "server.js")

/** The command line. */
export const command = bundle === undefined ? join(root, "apps/cli/main.ts") : join(bundle, "command.js")
