/**
 * A receiver of webhooks on this machine: it checks each delivery, prints it, and answers.
 */
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Clock, Data, Deferred, Effect, Layer, Ref, Result } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpMiddleware,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse,
} from "effect/http"
import type * as Signature from "../../adapters/webhooks/Signature.ts"
import * as Delivery from "./Delivery.ts"
import * as Output from "./Output.ts"

/** What a listener does with deliveries. */
export interface ListenerOptions {
  /** The port of 127.0.0.1 that it listens on; 0 takes any free one. */
  readonly port: number
  /** What signatures are checked with; left out: they are not checked. */
  readonly key: Signature.VerifyingKey | undefined
  /** Where deliveries are sent on to, whose status is then the answer. */
  readonly forward: string | undefined
  /** How many of the first deliveries are answered 503. */
  readonly fail: number
}

/** The port cannot be listened on. */
export class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string }> {}

/** The address that is listened on. */
const host = "127.0.0.1"

/** The headers that are sent on. */
const forwarded = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "assent-replay"]

/** How long the receiver behind this one may take. */
const patience = "15 seconds"

/** Sends a delivery on, as it came; what is not there is 502. */
const forward = (url: string, { headers }: HttpServerRequest.HttpServerRequest, body: string) => {
  const own = forwarded.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]))
  return HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyText(body),
    HttpClientRequest.setHeaders(own),
    HttpClient.execute,
    Effect.map(({ status }) => ({ status, because: " by the receiver behind" })),
    Effect.timeout(patience),
    Effect.orElseSucceed(() => ({ status: 502, because: ", because the receiver behind did not answer" })),
  )
}

/** Prints a delivery and answers it. */
const take = Effect.fnUntraced(function* (
  delivery: Delivery.Delivery,
  options: ListenerOptions,
  toFail: Ref.Ref<number>,
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const isFailed = (yield* Ref.getAndUpdate(toFail, (count) => Math.max(0, count - 1))) > 0
  const { because, status } = isFailed
    ? { status: 503, because: ", as --fail asks" }
    : options.forward === undefined
      ? { status: 204, because: "" }
      : yield* forward(options.forward, request, delivery.body)
  const checked = options.key === undefined ? "signature not checked" : "good signature"
  const replay = delivery.isReplay ? ", replay" : ""
  yield* Output.info(`${delivery.id} ${Delivery.typeOf(delivery)}: ${checked}${replay}; answered ${status}${because}`)
  yield* Output.write(`${Delivery.lineOf(delivery)}\n`)
  return status
})

/** Answers a request. */
const answer = Effect.fnUntraced(function* (options: ListenerOptions, toFail: Ref.Ref<number>) {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (request.method !== "POST") return HttpServerResponse.empty({ status: 405, headers: { allow: "POST" } })
  const { key } = options
  const body = yield* request.text
  const now = yield* Clock.currentTimeMillis
  const delivery = Delivery.read(request.headers, body).pipe(
    Result.flatMap((read) => (key === undefined ? Result.succeed(read) : Delivery.check(read, key, now))),
  )
  if (Result.isSuccess(delivery)) {
    return HttpServerResponse.empty({ status: yield* take(delivery.success, options, toFail) })
  }
  const { reason, status } = delivery.failure
  yield* Output.info(`refused with ${status}: ${reason}`)
  return HttpServerResponse.text(`${reason}\n`, { status })
})

/** What a failure to listen says, and what to do. */
const cannotListen = (port: number, cause: unknown) => {
  const { code = "no code" }: { readonly code?: string } = Object(cause)
  return new CannotListen({
    message: `--port: cannot listen on port ${port} (${code}): take another, or 0 for any free one`,
  })
}

/** Listens until the reader of standard output has closed it, or the command is interrupted. */
export const run = Effect.fnUntraced(function* (options: ListenerOptions) {
  const toFail = yield* Ref.make(options.fail)
  const ended = yield* Deferred.make<never, Output.OutputClosed | Output.OutputFailed>()
  const app = answer(options, toFail).pipe(
    Effect.tapErrorTag(["OutputClosed", "OutputFailed"], (error) => Deferred.fail(ended, error)),
  )
  const started = Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Output.info(`listening on ${HttpServer.formatAddress(address)}, until it is interrupted (Ctrl-C)`),
  )
  const server = Layer.effectDiscard(started).pipe(
    Layer.merge(HttpServer.serve(app)),
    Layer.provide(NodeHttpServer.layer(() => createServer(), { host, port: options.port })),
    Layer.provide([FetchHttpClient.layer, Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)]),
  )
  return yield* Effect.provide(Deferred.await(ended), server).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(cannotListen(options.port, cause))),
  )
})
