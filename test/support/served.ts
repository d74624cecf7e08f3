/** A server for the tests of a file, or of a `describe`: it starts before them and stops after them. */
import { afterAll, beforeAll } from "vitest"
import type { Server } from "./server.ts"

/** The server that `start` gives. It cannot be used before the tests run. */
export const served = (start: () => Promise<Server>): Server => {
  let running: Server | undefined
  beforeAll(async () => {
    running = await start()
  })
  afterAll(() => running?.stop())
  const server = (): Server => {
    if (running === undefined) throw new Error("the server has not started: use it in a test or in a later beforeAll")
    return running
  }
  return {
    get url() {
      return server().url
    },
    get port() {
      return server().port
    },
    get pid() {
      return server().pid
    },
    get file() {
      return server().file
    },
    output: () => server().output(),
    log: () => server().log(),
    banner: () => server().banner(),
    request: (method, path, sent) => server().request(method, path, sent),
    connect: (localAddress) => server().connect(localAddress),
    end: (signal) => server().end(signal),
    stop: () => server().stop(),
  }
}
