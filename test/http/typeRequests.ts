/** Requests about consent types, for the tests of types and of their versions. */
import { expect } from "vitest"
import type { Answer, Server } from "../support/server.ts"
import { ask, asOwner, privacy, record, shop, yes } from "./world.ts"

/** A consent type as it is answered, as far as the tests read it. */
export interface TypeAnswer {
  readonly id: string
  readonly name: string
  readonly document?: string
  readonly version: number
  readonly status: string
  readonly dateCreated: string
  readonly dateUpdated: string
  readonly requireReacceptVersion?: number
  readonly versions: ReadonlyArray<{ readonly id: string; readonly version: number; readonly publishedAt: string }>
}

/** A decision as it is answered, as far as the tests read it. */
export interface DecisionAnswer {
  readonly consentType: string
  readonly at: string
  readonly knownAt: string
  readonly status: string
  readonly permitted: boolean
  readonly askAgain: boolean
  readonly expiresAt?: string
  readonly nextChangeAt?: string
}

/** The path of the types of a project. */
export const typesIn = (of = shop): string => `${privacy(of)}/consent-types`

let made = 0

/** The fields of a new type: only required ones, with a label of its own, overridden by `fields`. */
export const newType = (fields: object = {}) => ({
  category: "custom",
  subcategory: "club",
  label: `made_${++made}`,
  name: "Our club",
  ...fields,
})

/** Sends a request to create a type. */
export const create = (server: Server, fields: object, of = shop): Promise<Answer> =>
  server.request("POST", typesIn(of), { headers: asOwner, json: fields })

/** Creates a type. */
export const created = async (server: Server, fields: object = {}): Promise<TypeAnswer> => {
  const answer = await create(server, newType(fields))
  expect(answer.status, answer.text.slice(0, 500)).toBe(200)
  return answer.json
}

/** Sends a request to change a type. */
export const change = (server: Server, id: string, fields: object): Promise<Answer> =>
  server.request("PATCH", `${typesIn()}/${id}`, { headers: asOwner, json: fields })

/** Changes a type. */
export const changed = async (server: Server, id: string, fields: object): Promise<TypeAnswer> => {
  const answer = await change(server, id, fields)
  expect(answer.status, answer.text.slice(0, 500)).toBe(200)
  return answer.json
}

/** Sends a request to delete a type. */
export const remove = (server: Server, id: string): Promise<Answer> =>
  server.request("DELETE", `${typesIn()}/${id}`, { headers: asOwner })

/** One page of the shop's types. */
export const listTypes = (server: Server, query: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  server.request("GET", `${typesIn()}?${new URLSearchParams(query)}`, { headers: asOwner })

/** The type as it is listed now. */
export const listed = async (server: Server, id: string): Promise<TypeAnswer | undefined> =>
  (await listTypes(server, { limit: "1000" })).json.items.find((type: TypeAnswer) => type.id === id)

/** The content of one version. */
export const shown = (server: Server, id: string, version: number | string): Promise<Answer> =>
  server.request("GET", `${typesIn()}/${id}/versions/${version}`, { headers: asOwner })

/** The decision about one type. */
export const decision = async (
  server: Server,
  consentType: string,
  query: Readonly<Record<string, string>>,
): Promise<DecisionAnswer | undefined> => {
  const answer = await ask(server, "consent-decisions", query)
  expect(answer.status, answer.text).toBe(200)
  return answer.json.items.find((each: DecisionAnswer) => each.consentType === consentType)
}

/** Records answers to a type and returns the events, in the order given. */
export const say = async (server: Server, consentType: string, items: ReadonlyArray<object>) => {
  const answer = await record(
    server,
    items.map((item) => yes({ consentType, ...item })),
  )
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items
}

/** The main members of the decision about a person and a type at an instant. */
export const statusAt = async (server: Server, consentType: string, userId: string, at?: string): Promise<string> => {
  const { askAgain, permitted, status } = (await decision(server, consentType, { userId, ...(at && { at }) }))!
  return [status, ...(permitted ? ["permitted"] : []), ...(askAgain ? ["askAgain"] : [])].join(" ")
}
