/**
 * The disk is full or fails. Nothing is acknowledged that is not on the disk,
 * reads go on, and once the disk works again the server closes, opens and checks the ledger by itself.
 * `disk.long.test.ts` has more faults.
 */
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
