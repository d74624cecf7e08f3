/**
 * A server under load whose disk is full, fails or hangs.
 */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, type TestContext } from "vitest"
import { startEmpty } from "../support/server.ts"
import { hasPackages, run } from "../support/tools.ts"
import { clientsOf, expectKept, type Load, until } from "./load.ts"
import { sqlite } from "./wholeness.ts"

/** The longest that a request may wait, in milliseconds: 10 seconds, and time for a busy machine to answer. */
const limitMillis = 10_000 + 8_000

/** The longest time until the server is ready again, in milliseconds, on a busy machine. */
const backMillis = 20_000

/** A folder for a ledger; a file system may be mounted on it. */
export const folderFor = ({ onTestFinished }: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "assent-disk-"))
  onTestFinished(() => {
    run("umount", folder)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** While nothing can be written, writes and `/readyz` are answered 503, and reads as before. */
const expectOnlyReads = async (clients: ReturnType<typeof clientsOf>, { people, writes }: Load): Promise<void> => {
  await until(503, clients.ready, limitMillis)
  const before = writes.length
  for (let n = 0; n < 3; n++) {
    for (const ask of [clients.ready, () => clients.record("nobody")]) {
      const { millis, retryAfter, status } = await ask()
      expect([status, retryAfter]).toEqual([503, "1"])
      expect(millis).toBeLessThan(limitMillis)
    }
    const { answer, status } = await clients.state(people[0]!)
    expect([status, answer.json.items[0].consentState]).toEqual([200, "declined"])
    expect((await clients.visit()).status).toBe(200)
    expect((await clients.alive()).status).toBe(200)
    await sleep(200)
  }
  // The eight requests that were under way may have been recorded.
  expect(new Set(writes.slice(before + 8).map(({ status }) => status))).toEqual(new Set([503]))
}

/** Starts a server of a new ledger in a folder, and eight writers. */
export const begin = async ({ onTestFinished }: TestContext, folder: string, under: ReadonlyArray<string> = []) => {
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

/** Takes all the room on a disk until the returned function is called, which gives it back. */
export const fill = (folder: string): (() => void) => {
  const ballast = join(folder, "ballast")
  const takeRoom = () => {
    for (const bytes of [1 << 20, 1 << 12]) {
      try {
        for (;;) appendFileSync(ballast, Buffer.alloc(bytes))
      } catch {
        // It is full.
      }
    }
  }
  takeRoom()
  const timer = setInterval(takeRoom, 20)
  return () => {
    clearInterval(timer)
    rmSync(ballast)
  }
}

/** Calls of the system, as libfiu names them. */
export const calls = { read: "posix/io/rw/pread", write: "posix/io/rw/pwrite", sync: "posix/io/sync/fsync" }

/** Whether libfiu is installed, which lets calls of the system fail. */
export const hasFiu = hasPackages({ "fiu-utils": "fiu-run" })

/** As `begin`, with calls of the system that can be made to fail with EIO. */
export const beginWithFaults = async (context: TestContext) => {
  const folder = folderFor(context)
  const control = join(folder, "fiu")
  const ledger = await begin(context, folder, ["fiu-run", "-x", "-f", control])
  const command = (commands: ReadonlyArray<string>): void => {
    const all = commands.flatMap((each) => ["-c", each])
    if (!run("fiu-ctrl", "-f", control, ...all, String(ledger.pid))) throw new Error("fiu-ctrl failed")
  }
  const enable = (probabilities: Readonly<Record<string, number>>) =>
    // EIO.
    command(Object.entries(probabilities).map(([name, p]) => `enable_random name=${name},probability=${p},failinfo=5`))
  return { ...ledger, enable, disable: () => command(Object.values(calls).map((name) => `disable name=${name}`)) }
}
