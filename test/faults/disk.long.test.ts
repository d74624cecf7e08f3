/**
 * The disk is full again and again, too small, fails or hangs, or another process holds the ledger. Nothing is
 * acknowledged that is not on the disk, reads go on, and once the disk works again the server closes, opens and checks
 * the ledger by itself.
 */
import { spawn } from "node:child_process"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { hasPackages, mountSmall, run } from "../support/tools.ts"
import { begin, beginWithFaults, calls, fill, folderFor, hasFiu } from "./disk.ts"

test.concurrent("a disk that is full takes no writes, and takes them again by itself when there is room, twice", async (context) => {
  const folder = folderFor(context)
  if (!mountSmall(folder, 96)) return context.skip()
  const ledger = await begin(context, folder)
  for (let n = 0; n < 2; n++) {
    const giveBack = fill(folder)
    await ledger.expectOnlyReads()
    giveBack()
    await ledger.expectBack()
  }
  await ledger.expectKept()
})

test.concurrent("a disk too small for what is asked of it never has an event in part, and loses none", async (context) => {
  const folder = folderFor(context)
  if (!mountSmall(folder, 6)) return context.skip()
  const ledger = await begin(context, folder)
  const isFull = () => ledger.load.writes.filter(({ status }) => status === 503).length > 100
  while (!isFull()) await sleep(50)
  expect(run("mount", "-o", "remount,size=200m", folder)).toBe(true)
  await ledger.expectBack()
  await ledger.expectKept()
})

test
  .skipIf(!hasFiu)
  .concurrent(
    "a disk that fails with I/O errors at each sync takes no writes, and takes them again by itself when it works",
    async (context) => {
      const ledger = await beginWithFaults(context)
      ledger.enable({ [calls.sync]: 1 })
      await ledger.expectOnlyReads()
      ledger.disable()
      await ledger.expectBack()
      await ledger.expectKept()
    },
  )

test
  .skipIf(!hasFiu)
  .concurrent("a disk that fails with I/O errors now and then loses nothing that was acknowledged", async (context) => {
    const ledger = await beginWithFaults(context)
    for (let n = 0; n < 3; n++) {
      ledger.enable({ [calls.write]: 0.01, [calls.sync]: 0.2, [calls.read]: 0.01 })
      await sleep(1_500)
      ledger.disable()
      await ledger.expectBack()
    }
    await ledger.expectKept()
  })

test
  .skipIf(!hasPackages({ strace: "strace" }))
  .concurrent(
    "a disk that hangs makes no request wait for longer than the limit, delays no reads, and is used again when it goes on",
    async (context) => {
      const ledger = await begin(context, folderFor(context))
      const inject = "inject=fsync:delay_enter=25000000"
      const options = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject]
      const hanging = spawn("strace", [...options, "-p", String(ledger.pid)])
      const ended = new Promise((resolve) => hanging.once("close", resolve))
      try {
        await ledger.expectOnlyReads()
      } finally {
        hanging.kill("SIGKILL")
        await ended
      }
      await ledger.expectBack(30_000)
      await ledger.expectKept()
    },
  )

test.concurrent("a ledger that another process holds is reported within the limit, and used again when it lets go", async (context) => {
  const ledger = await begin(context, folderFor(context))
  // Waits for the lock, because the server writes all the time.
  const other = new DatabaseSync(ledger.file, { timeout: 60_000 })
  other.exec("BEGIN IMMEDIATE")
  await ledger.expectOnlyReads()
  other.exec("ROLLBACK")
  other.close()
  await ledger.expectBack()
  await ledger.expectKept()
})
