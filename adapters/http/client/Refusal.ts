/**
 * The error answers that the API declares.
 */
import { Predicate } from "effect"
import type { HttpApi, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { Api } from "../api/Api.ts"

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer Groups> ? Groups : never

type Endpoints = Extract<HttpApiGroup.Endpoints<Groups>, HttpApiEndpoint.ConstraintRequest>

/** The body of any error that the API declares. */
export type Problem = Endpoints["~Error"]["Type"]

/** Whether a failure is an error answer of the server that the API declares. */
export const isProblem = (error: unknown): error is Problem => Predicate.hasProperty(error, "statusCode")

/** The error that a promise is rejected with when the server answers an error that the API declares. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}
