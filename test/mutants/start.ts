/** Mutants of a start: faults of the store, the lock of a server, and the log on a terminal. */
import type { Part } from "./Mutant.ts"

export const start: Part = {
  folder: ".",
  tests: ["test/cli/storeNames.long.test.ts", "test/http/starting.test.ts", "test/http/terminal.test.ts"],
  mutants: [
    ["apps/OneServer.ts", "error instanceof FileLock.Held", "false", "a second server on one SQLite file"],
    ["apps/Store.ts", "(yield* catalog.current).revision === 0", "false", "refuses a path at which nothing is"],
    ["apps/server/PrettyLog.ts", "isShort ? undefined : reason", "undefined", "of a failure keeps the whole reason"],
    ["apps/StoreName.ts", " || named.has(error)", "", "assent move names the flag"],
    ["apps/server/ListenFault.ts", "settings.metricsPort !== undefined", "false", "is named with the cause"],
    [
      "apps/server/PrettyLog.ts",
      "headColumns - 1 - duration.length",
      "headColumns - 1",
      "fits 100 columns for every route",
    ],
  ],
}
