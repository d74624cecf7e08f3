/**
 * Remembers the positions that answers about each project have seen (`Assent-Positions`), and sends them with later
 * requests about it. So a server that has not reached them, such as a replica, never shows less than an earlier answer
 * did.
 */
import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const header = "assent-positions"

/** The id of the project that a request with an API key is about; empty if its path names none. */
const projectOf = (url: string): string =>
  /\/privacy-v1\/organizations\/[^/]+\/projects\/([^/?#]+)/.exec(url)?.[1] ?? ""

/** Positions by lane, as in the header. */
type Positions = Map<string, number>

const add = (positions: Positions, text: string): Positions => {
  for (const pair of text.split(",")) {
    const [lane, position] = pair.trim().split("=")
    positions.set(lane!, Math.max(Number(position), positions.get(lane!) ?? 0))
  }
  return positions
}

const write = (positions: Positions): string => [...positions].map((pair) => pair.join("=")).join(", ")

/** A client that keeps the furthest position of every lane of each project in memory. */
export const withPositions = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  const byProject = new Map<string, Positions>()
  return client.pipe(
    HttpClient.mapRequest((request) => {
      const positions = byProject.get(projectOf(request.url))
      return positions === undefined ? request : HttpClientRequest.setHeader(request, header, write(positions))
    }),
    HttpClient.tap(({ headers, request }) =>
      Effect.sync(() => {
        const [project, seen] = [projectOf(request.url), headers[header]]
        if (project !== "" && seen !== undefined) byProject.set(project, add(byProject.get(project) ?? new Map(), seen))
      }),
    ),
  )
}
