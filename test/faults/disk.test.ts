/**
 * The disk is full, fails or is held; hangs, is too small or fails now and then in `disk.long.test.ts`. Nothing is acknowledged that is not on it, reads go on, and once it works again the server
 * closes, opens and checks the ledger by itself.
 */
import { DatabaseSync } from "node:sqlite"
import { test } from "vitest"
import { mountSmall } from "../support/tools.ts"
import { begin, beginWithFaults, calls, fill, folderFor, hasFiu } from "./disk.ts"

test.concurrent("a disk that is full takes no writes, and takes them again by itself when there is room", async (context) => {
  const folder = folderFor(context)
  if (!mountSmall(folder, 96)) return context.skip()
  const ledger = await begin(context, folder)
  const giveBack = fill(folder)
  await ledger.expectOnlyReads()
  giveBack()
  await ledger.expectBack()
  await ledger.expectKept()
})

test
  .skipIf(!hasFiu)
  .concurrent(
    "a disk that fails with I/O errors at each write takes no writes, and takes them again by itself when it works",
    async (context) => {
      const ledger = await beginWithFaults(context)
      ledger.enable({ [calls.write]: 1 })
      await ledger.expectOnlyReads()
      ledger.disable()
      await ledger.expectBack()
      await ledger.expectKept()
    },
  )

test.concurrent("a ledger that another process holds is reported within the limit, and used again when it lets go", async (context) => {
  const ledger = await begin(context, folderFor(context))
  // The server writes all the time: its lock is waited for.
  const other = new DatabaseSync(ledger.file, { timeout: 60_000 })
  other.exec("BEGIN IMMEDIATE")
  await ledger.expectOnlyReads()
  other.exec("ROLLBACK")
  other.close()
  await ledger.expectBack()
  await ledger.expectKept()
})
