/** Reading the log of a server, line by line. */
import { eventually, type Server } from "../support/server.ts"

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>>

/** Every complete line so far. */
export const linesOf = (server: Server): ReadonlyArray<Line> =>
  server
    .log()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line))

/** The lines of requests so far. */
export const requestsOf = (server: Server): ReadonlyArray<Line> =>
  linesOf(server).filter(({ message }) => message === "request")

/** Waits for the line of the request of an id, and returns it. */
export const lineOf = async (server: Server, requestId: unknown): Promise<Line> => {
  const find = () => requestsOf(server).find((line) => line["requestId"] === requestId)
  await eventually(() => find() !== undefined, `the request ${String(requestId)} is logged`)
  return find()!
}

/** Where a server that was started with `ASSENT_METRICS_PORT=0` serves its metrics. */
export const metricsUrl = async (server: Server): Promise<string> => {
  const find = () => linesOf(server).find(({ message }) => message === "metrics are served")
  await eventually(() => find() !== undefined, "the metrics are served")
  return String(find()!["url"])
}

/** The metrics of a server now, as text. */
export const scrape = async (server: Server): Promise<string> =>
  (await fetch(await metricsUrl(server), { headers: { connection: "close" } })).text()
