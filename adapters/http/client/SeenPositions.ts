/**
 * What answers have seen of the log of each project (`Assent-Positions`), sent along with what is asked of it later: no server
 * that is behind answers with less than the client was told already.
 */
import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const header = "assent-positions"

/** The project that a request with an API key is about. */
const projectOf = (url: string): string =>
  /\/privacy-v1\/organizations\/[^/]+\/projects\/([^/?#]+)/.exec(url)?.[1] ?? ""

/** Positions by their lane, as the header has them. */
type Positions = Map<string, number>

const add = (positions: Positions, text: string): Positions => {
  for (const pair of text.split(",")) {
    const [lane, position] = pair.trim().split("=")
    positions.set(lane!, Math.max(Number(position), positions.get(lane!) ?? 0))
  }
  return positions
}

const write = (positions: Positions): string => [...positions].map((pair) => pair.join("=")).join(", ")

/** A client that remembers, as long as it lives: of each project the furthest position of every lane. */
export const withPositions = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  const byProject = new Map<string, Positions>()
  return client.pipe(
    HttpClient.mapRequest((request) => {
      const positions = byProject.get(projectOf(request.url))
      return positions === undefined ? request : HttpClientRequest.setHeader(request, header, write(positions))
    }),
    HttpClient.tap(({ headers, request }) =>
      Effect.sync(() => {
        const [project, told] = [projectOf(request.url), headers[header]]
        if (project !== "" && told !== undefined) byProject.set(project, add(byProject.get(project) ?? new Map(), told))
      }),
    ),
  )
}
