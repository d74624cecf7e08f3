/**
 * A typed client for Node and for pages, derived from the one {@link Api} value, so that it has every endpoint.
 *
 * It sends each request with the credential that its endpoint requires and no other, retries where that is safe ({@link
 * Retries}), and follows no redirect, because a redirect would send the credential to another address. Errors have the
 * types that the API declares for them.
 */
import { Effect, flow, identity, Layer, Option } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { type HttpApi, HttpApiClient, type HttpApiEndpoint, HttpApiMiddleware } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { KeyRequired, SessionRequired } from "../api/Credentials.ts"
import { isProblem, Refusal } from "./Refusal.ts"
import { IdempotencyKey, type Retries, withRetries } from "./Retries.ts"
import { withPositions } from "./SeenPositions.ts"

export { type ChangePage, changes, type ChangesRequest } from "./Following.ts"
export { isProblem, type Problem, Refusal } from "./Refusal.ts"
export type { Retries } from "./Retries.ts"

/** The address of the service, the credentials, and how requests are sent. */
export interface Options {
  /** With or without a path, as in `https://consent.example`. */
  readonly baseUrl: string | URL
  /** For the Privacy API. Never put it in a page. */
  readonly apiKey?: string
  /** For the Site API: the token of a session, or a function that returns the current one for each request. */
  readonly session?: string | (() => string | undefined)
  readonly retries?: Retries
  /**
   * Whether the client sends the positions of earlier answers, so that no server gives an older answer about the
   * project ({@link withPositions}). Default false.
   */
  readonly remembersPositions?: boolean
}

/** The groups of the API, with a method for each endpoint. */
export type Client = HttpApiClient.ForApi<typeof Api>

const { key: apiKeyHeader } = KeyRequired.security.apiKey
const { key: sessionHeader } = SessionRequired.security.session

/** Adds a credential, if it is given, to the requests to endpoints that require it. */
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
 * Follows no redirect, and sends the headers of a trace only with an API key. A page has none, and a browser would
 * block a request with headers that CORS does not list.
 */
const withoutRedirects = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
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
      withoutRedirects,
      options.remembersPositions === true ? withPositions : identity,
      withRetries(options.retries ?? {}),
    ),
  }).pipe(Effect.provide(credentials(options)))

/** Makes a call with this `Idempotency-Key`, for a program that may repeat the call after a restart. */
export const withIdempotencyKey = (key: string) => Effect.provideService(IdempotencyKey, key)

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer Groups> ? Groups : never

/** The options of one call. */
export interface Call {
  /** Aborts the call and its retries; the promise is rejected with the reason of the signal. */
  readonly signal?: AbortSignal
  /** See {@link withIdempotencyKey}. */
  readonly idempotencyKey?: string
}

type PromiseMethod<Endpoint> = Endpoint extends HttpApiEndpoint.ConstraintRequest
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

/** The groups of the API, with methods that return promises. */
export type Promises = {
  readonly [Group in Groups as Group["identifier"]]: {
    readonly [Name in keyof Group["endpoints"]]: PromiseMethod<Group["endpoints"][Name]>
  }
}

/** Declared as a method, because the parameter of a method accepts endpoints of any request type. */
interface AnyEndpoint {
  call(request: unknown): Effect.Effect<unknown, unknown>
}

type EffectMethod = AnyEndpoint["call"]

const toPromise =
  (method: EffectMethod) =>
  (request: unknown, { idempotencyKey, signal }: Call = {}): Promise<unknown> =>
    Effect.runPromise(
      method(request).pipe(
        Effect.mapError((error) => (isProblem(error) ? new Refusal(error) : error)),
        Effect.provideService(IdempotencyKey, idempotencyKey),
      ),
      signal === undefined ? {} : { signal },
    ).catch((error: unknown) => Promise.reject(signal?.aborted === true ? signal.reason : error))

const mapValues = <A, B>(object: Readonly<Record<string, A>>, f: (value: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, f(value)]))

/**
 * The same client over `fetch`, for programs without Effect. It runs the effects.
 *
 * A promise is rejected with {@link Refusal} for an error that the API declares, and with an `HttpClientError` where no
 * answer was received.
 */
export const promises = (options: Options): Promises => {
  const client: Readonly<Record<string, Readonly<Record<string, EffectMethod>>>> = Effect.runSync(
    Effect.provide(make(options), FetchHttpClient.layer),
  )
  return mapValues(client, (group) => mapValues(group, toPromise)) as Promises
}
