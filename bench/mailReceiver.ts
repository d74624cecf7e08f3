/**
 * A mail server in a process of its own, which takes every mail and counts: run as a program it prints its port, and
 * how many mails it has taken after each.
 */
import { spawn } from "node:child_process"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { SMTPServer } from "smtp-server"

/** A running mail server. */
export interface Receiver {
  readonly url: string
  readonly received: () => number
  /** Resolves once it has taken a number of mails. */
  readonly until: (count: number) => Promise<void>
  readonly stop: () => void
}

/** Starts a mail server. */
export const start = async (): Promise<Receiver> => {
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ["ignore", "pipe", "inherit"] })
  let received = 0
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("port ")) resolve(Number(line.slice(5)))
      else received = Number(line)
    })
  })
  return {
    url: `smtp://127.0.0.1:${port}`,
    received: () => received,
    until: async (count) => {
      while (received < count) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    stop: () => void child.kill(),
  }
}

const serve = (): void => {
  let received = 0
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    logger: false,
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on("end", () => {
        console.log(++received)
        done()
      })
    },
  })
  server.listen(0, "127.0.0.1", () => console.log(`port ${(server.server.address() as AddressInfo).port}`))
}

if (import.meta.main) serve()
