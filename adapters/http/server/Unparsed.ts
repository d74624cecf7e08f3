/**
 * Answers to bytes that are not a valid request, and to requests that Node or `Deadline` ends: no middleware sees them.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import type { Listeners } from "./NodeServer.ts"
import * as Slot from "./Slot.ts"

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

/**
 * Answers with the same error body as every other error, then closes the connection. `report` gets the status, and the
 * request that was answered, if its head could be parsed.
 */
export const listeners = (report: (status: number, request: IncomingMessage | undefined) => void): Listeners => {
  const latest = Slot.make<ServerResponse>("latest response")
  const setLatest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    latest.set(socket, response)
  }
  /** A client would read a second answer to one request as the answer to its next request. */
  const isAnswered = (socket: Socket): boolean => {
    const response = latest.get(socket)
    return response !== undefined && response.writableEnded && !response.req.complete
  }
  return {
    request: setLatest,
    refused: setLatest,
    clientError: (error, socket: Socket & { _httpMessage?: ServerResponse }) => {
      // After an answer has begun, no other one can be sent.
      const isTooLate = socket._httpMessage?.headersSent === true || isAnswered(socket)
      if (!socket.writable || isTooLate || error.code === "ECONNRESET") socket.destroy()
      else {
        const problem = problems[error.code ?? ""] ?? malformed
        socket.end(answer(problem))
        const request = socket._httpMessage?.req
        // A client that disconnected in the middle of a request has hardly read the answer, so the log has 499 for it.
        const isGone = request !== undefined && error.code === "HPE_INVALID_EOF_STATE"
        if (!isGone) report(problem.status, request)
      }
    },
    unknownExpectation: (_request, response) => {
      const { body } = Answer.write(unexpected)
      response.writeHead(unexpected.status, { "content-type": ProblemBody.contentType, connection: "close" }).end(body)
    },
  }
}
