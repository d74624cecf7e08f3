/**
 * A typed client, derived from the one {@link Api} value: what is added there can be asked for here.
 *
 * For Node and for pages alike. It sends each request the credential that its endpoint asks for and no other, tries again
 * where that is safe ({@link Retries}), and follows no redirect: that would take the credential along.
 * Errors have the types that the API declares for them.
 */
import { Effect, flow, identity, Layer, Option, Predicate } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import {
  type HttpApi,
  HttpApiClient,
  type HttpApiEndpoint,
  type HttpApiGroup,
  HttpApiMiddleware,
} from "effect/http-api"
import { Api } from "../api/Api.ts"
import { KeyRequired, SessionRequired } from "../api/Credentials.ts"
import { IdempotencyKey, type Retries, withRetries } from "./Retries.ts"
import { withPositions } from "./SeenPositions.ts"

export type { Retries } from "./Retries.ts"

/** Where the service is, and who asks. */
export interface Options {
  /** With or without a path, as in `https://consent.example`. */
  readonly baseUrl: string | URL
  /** For the Privacy API. Never in a page. */
  readonly apiKey?: string
  /** For the Site API: the token of a session, or what gives the current one for each request. */
  readonly session?: string | (() => string | undefined)
  readonly retries?: Retries
  /**
   * Whether every answer about a project, of whichever server, knows at least what the answers before it knew ({@link withPositions}).
   * Default false.
   */
  readonly remembersPositions?: boolean
}

/** The groups of the API, a method for each endpoint. */
export type Client = HttpApiClient.ForApi<typeof Api>

const { key: apiKeyHeader } = KeyRequired.security.apiKey
const { key: sessionHeader } = SessionRequired.security.session

/** Adds a credential, where there is one, to the requests whose endpoints require it. */
const sending =
  (
    header: string,
    credential: () => string | undefined,
  ): HttpApiMiddleware.HttpApiMiddlewareClient<never, never, never> =>
  ({ next, request }) => {
    const value = credential()
    return next(value === undefined ? request : HttpClientRequest.setHeader(request, header, value))
  }

const credentials = ({ apiKey, session }: Options) =>
  Layer.merge(
    HttpApiMiddleware.layerClient(
      KeyRequired,
      sending(apiKeyHeader, () => apiKey),
    ),
    HttpApiMiddleware.layerClient(
      SessionRequired,
      sending(sessionHeader, typeof session === "function" ? session : () => session),
    ),
  )

/**
 * Follows no redirect, and keeps traces from pages: a page may send no header that CORS does not list, so only requests
 * with an API key, which no page has, tell of the trace they belong to.
 */
const carefully = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.transform(client, (effect, request) =>
    Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (given) =>
      effect.pipe(
        Effect.provideService(FetchHttpClient.RequestInit, { ...Option.getOrUndefined(given), redirect: "manual" }),
        request.headers[apiKeyHeader] === undefined
          ? Effect.provideService(HttpClient.TracerPropagationEnabled, false)
          : identity,
      ),
    ),
  )

/** A client over the `HttpClient` that is provided, such as `FetchHttpClient.layer`. */
export const make = (options: Options): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  HttpApiClient.make(Api, {
    baseUrl: options.baseUrl,
    transformClient: flow(
      carefully,
      options.remembersPositions === true ? withPositions : identity,
      withRetries(options.retries ?? {}),
    ),
  }).pipe(Effect.provide(credentials(options)))

/** Makes one call with this `Idempotency-Key`, for a caller who may make the same call again after a restart. */
export const withIdempotencyKey = (key: string) => Effect.provideService(IdempotencyKey, key)

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer Groups> ? Groups : never

type Endpoints = Extract<HttpApiGroup.Endpoints<Groups>, HttpApiEndpoint.ConstraintRequest>

/** The body of any error that the API declares. */
export type Problem = Endpoints["~Error"]["Type"]

/** Whether a failure is an error that the server answered and the API declares. */
export const isProblem = (error: unknown): error is Problem => Predicate.hasProperty(error, "statusCode")

/** What a promise is rejected with when the server answers an error that the API declares. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}

/** About one call. */
export interface Call {
  /** Aborts the call and its further tries; the promise is rejected with its reason. */
  readonly signal?: AbortSignal
  /** See {@link withIdempotencyKey}. */
  readonly idempotencyKey?: string
}

type Ask<Endpoint> = Endpoint extends HttpApiEndpoint.ConstraintRequest
  ? (
      request: HttpApiEndpoint.ClientRequest<
        Endpoint["~Params"],
        Endpoint["~Query"],
        Endpoint["~Payload"],
        Endpoint["~Headers"],
        "decoded-only"
      >,
      call?: Call,
    ) => Promise<HttpApiClient.SuccessType<Endpoint["~Success"]>>
  : never

/** The groups of the API, with methods that give promises. */
export type Promises = {
  readonly [Group in Groups as Group["identifier"]]: {
    readonly [Name in keyof Group["endpoints"]]: Ask<Group["endpoints"][Name]>
  }
}

type Method = (request: never) => Effect.Effect<unknown, unknown>

const ask =
  (method: Method) =>
  (request: unknown, { idempotencyKey, signal }: Call = {}): Promise<unknown> =>
    Effect.runPromise(
      method(request as never).pipe(
        Effect.mapError((error) => (isProblem(error) ? new Refusal(error) : error)),
        Effect.provideService(IdempotencyKey, idempotencyKey),
      ),
      signal === undefined ? {} : { signal },
    ).catch((error: unknown) => Promise.reject(signal?.aborted === true ? signal.reason : error))

const mapValues = <A, B>(object: Readonly<Record<string, A>>, f: (value: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, f(value)]))

/**
 * The same client over `fetch`, for programs without Effect: they end here, so effects are run here.
 *
 * An error that the API declares rejects with {@link Refusal}, what never reached an answer with an `HttpClientError`.
 */
export const promises = (options: Options): Promises => {
  const client: Readonly<Record<string, Readonly<Record<string, Method>>>> = Effect.runSync(
    Effect.provide(make(options), FetchHttpClient.layer),
  )
  return mapValues(client, (group) => mapValues(group, ask)) as Promises
}
