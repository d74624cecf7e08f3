/**
 * Answers to what is not even a request: Node's parser refuses it before any route sees it.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"

const problems: Readonly<Record<string, Answer.HttpProblem>> = {
  HPE_HEADER_OVERFLOW: new Answer.HttpProblem({ status: 431, detail: "the headers are larger than 16 KiB" }),
  ERR_HTTP_REQUEST_TIMEOUT: new Answer.HttpProblem({ status: 408, detail: "the request took too long to arrive" }),
}

const malformed = new Answer.HttpProblem({ status: 400, detail: "the request is not valid HTTP" })
const unexpected = new Answer.HttpProblem({ status: 417, detail: "Expect is taken only as 100-continue" })

const answer = (problem: Answer.HttpProblem): string => {
  const { body } = Answer.write(problem)
  return [
    `HTTP/1.1 ${problem.status} ${ProblemBody.titles[problem.status]}`,
    `Content-Type: ${ProblemBody.contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(BrowserHeaders.ofData).map(([field, value]) => `${field}: ${value}`),
    "Connection: close",
    "",
    body,
  ].join("\r\n")
}

/** Answers with the error body of every other error, then closes the connection; `tell` is told the status, and to what it was. */
export const register = (server: Server, tell: (status: number, of: IncomingMessage | undefined) => void): void => {
  const latest = new WeakMap<Socket, ServerResponse>()
  for (const event of ["request", "checkContinue", "refused"]) {
    server.on(event, ({ socket }: IncomingMessage, response: ServerResponse) => latest.set(socket, response))
  }
  /** A second answer to one request would be taken for the answer to the next. */
  const isAnswered = (socket: Socket): boolean => {
    const response = latest.get(socket)
    return response !== undefined && response.writableEnded && !response.req.complete
  }
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: ServerResponse }) => {
    // Once an answer has begun, nothing can be said any more.
    const isTooLate = socket._httpMessage?.headersSent === true || isAnswered(socket)
    if (!socket.writable || isTooLate || error.code === "ECONNRESET") socket.destroy()
    else {
      const problem = problems[error.code ?? ""] ?? malformed
      socket.end(answer(problem))
      const request = socket._httpMessage?.req
      // Whoever went away in the middle of a request has hardly read the answer: it counts as one that had none.
      const isGone = request !== undefined && error.code === "HPE_INVALID_EOF_STATE"
      if (!isGone) tell(problem.status, request)
    }
  })
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const { body } = Answer.write(unexpected)
    response.writeHead(unexpected.status, { "content-type": ProblemBody.contentType, connection: "close" }).end(body)
  })
}
