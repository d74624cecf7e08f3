/**
 * The disk is full, fails or hangs. Nothing is acknowledged that is not on it, reads go on, and once it works again the server
 * closes, opens and checks the ledger by itself.
 */
import { spawn } from "node:child_process"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, test, type TestContext } from "vitest"
import { startEmpty } from "../support/server.ts"
import { hasPackages, mountSmall, run } from "../support/tools.ts"
import { clientsOf, expectKept, type Load, until } from "./load.ts"
import { sqlite } from "./wholeness.ts"

/** The longest that any request may wait, in milliseconds: 10 seconds, and what a busy machine needs to tell it. */
const limitMillis = 12_000

/** How long it may take until the server is ready again, in milliseconds. */
const backMillis = 8_000

/** A folder for a ledger; a file system may be mounted on it. */
const folderFor = ({ onTestFinished }: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "assent-disk-"))
  onTestFinished(() => {
    run("umount", folder)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** While nothing can be written: 503 to who writes or asks whether it is ready; reads are answered as ever. */
const expectOnlyReads = async (clients: ReturnType<typeof clientsOf>, { writes }: Load): Promise<void> => {
  await until(503, clients.ready, limitMillis)
  const before = writes.length
  for (let n = 0; n < 3; n++) {
    for (const ask of [clients.ready, () => clients.record("nobody")]) {
      const { millis, retryAfter, status } = await ask()
      expect([status, retryAfter]).toEqual([503, "1"])
      expect(millis).toBeLessThan(limitMillis)
    }
    const { answer, status } = await clients.state("user-1")
    expect([status, answer.json.items[0].consentState]).toEqual([200, "declined"])
    expect((await clients.visit()).status).toBe(200)
    expect((await clients.alive()).status).toBe(200)
    await sleep(200)
  }
  // What was under way before may have been kept.
  expect(new Set(writes.slice(before + 8).map(({ status }) => status))).toEqual(new Set([503]))
}

/** A server of a new ledger in a folder, under load. */
const begin = async ({ onTestFinished }: TestContext, folder: string, under: ReadonlyArray<string> = []) => {
  const file = join(folder, "ledger.db")
  const server = await startEmpty({ ASSENT_RATE_LIMIT_KEY: "off" }, { file, under })
  onTestFinished(() => server.stop())
  const clients = clientsOf(server)
  const load = clients.load(8)
  await load.goesOn()
  return {
    file,
    load,
    pid: server.pid,
    expectOnlyReads: () => expectOnlyReads(clients, load),
    expectBack: async (millis = backMillis) => {
      await until(200, clients.ready, millis)
      await load.goesOn()
    },
    expectKept: () => expectKept(load, sqlite(file), limitMillis),
  }
}

/** Takes all the room there is, as long as it is not stopped; then gives it back. */
const fill = (folder: string): (() => void) => {
  const ballast = join(folder, "ballast")
  const take = () => {
    for (const bytes of [1 << 20, 1 << 12]) {
      try {
        for (;;) appendFileSync(ballast, Buffer.alloc(bytes))
      } catch {
        // It is full.
      }
    }
  }
  take()
  const timer = setInterval(take, 20)
  return () => {
    clearInterval(timer)
    rmSync(ballast)
  }
}

test.concurrent("a disk that is full takes no writes, and takes them again by itself when there is room", async (context) => {
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

/** Calls of the system, as libfiu names them. */
const calls = { read: "posix/io/rw/pread", write: "posix/io/rw/pwrite", sync: "posix/io/sync/fsync" }

describe.skipIf(!hasPackages({ "fiu-utils": "fiu-run" }))("a disk that fails with I/O errors", () => {
  const beginWithFaults = async (context: TestContext) => {
    const folder = folderFor(context)
    const control = join(folder, "fiu")
    const ledger = await begin(context, folder, ["fiu-run", "-x", "-f", control])
    const command = (commands: ReadonlyArray<string>): void => {
      const all = commands.flatMap((each) => ["-c", each])
      if (!run("fiu-ctrl", "-f", control, ...all, String(ledger.pid))) throw new Error("fiu-ctrl failed")
    }
    const enable = (probabilities: Readonly<Record<string, number>>) =>
      // EIO.
      command(
        Object.entries(probabilities).map(([name, p]) => `enable_random name=${name},probability=${p},failinfo=5`),
      )
    return { ...ledger, enable, disable: () => command(Object.values(calls).map((name) => `disable name=${name}`)) }
  }

  test.concurrent.for(["write", "sync"] as const)(
    "at each %s takes no writes, and takes them again by itself when it works",
    async (call, context) => {
      const ledger = await beginWithFaults(context)
      ledger.enable({ [calls[call]]: 1 })
      await ledger.expectOnlyReads()
      ledger.disable()
      await ledger.expectBack()
      await ledger.expectKept()
    },
  )

  test.concurrent("now and then loses nothing that was acknowledged", async (context) => {
    const ledger = await beginWithFaults(context)
    for (let n = 0; n < 3; n++) {
      ledger.enable({ [calls.write]: 0.01, [calls.sync]: 0.2, [calls.read]: 0.01 })
      await sleep(1_500)
      ledger.disable()
      await ledger.expectBack()
    }
    await ledger.expectKept()
  })
})

describe.skipIf(!hasPackages({ strace: "strace" }))("a disk that hangs", () => {
  test.concurrent("makes nobody wait for longer than the limit, holds up no reads, and is used again when it goes on", async (context) => {
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
  })
})

test.concurrent("a ledger that another process holds is told within the limit, and used again when it lets go", async (context) => {
  const ledger = await begin(context, folderFor(context))
  const other = new DatabaseSync(ledger.file)
  other.exec("BEGIN IMMEDIATE")
  await ledger.expectOnlyReads()
  other.exec("ROLLBACK")
  other.close()
  await ledger.expectBack()
  await ledger.expectKept()
})
