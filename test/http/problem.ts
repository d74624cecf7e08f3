/** The form of every error answer (RFC 9457, and three members in addition). */
import { expect } from "vitest"
import type { Answer } from "../support/server.ts"

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  503: "Service Unavailable",
}

/** Expects an error answer of this status, complete, with every member as documented. */
export const expectProblem = (answer: Answer, status: number): void => {
  expect(answer.status, answer.text.slice(0, 300)).toBe(status)
  expect(answer.headers["content-type"]).toBe("application/problem+json")
  const { message, instance, errors, ...body } = answer.json
  expect(body).toEqual({
    statusCode: status,
    error: titles[status],
    type: expect.stringMatching(/^\S+$/),
    title: titles[status],
    status,
    detail: message,
  })
  expect(message).toMatch(/\S/)
  expect(instance).toMatch(/^\S+$/)
  if (status === 422) expect(errors.length).toBeGreaterThan(0)
  for (const violation of errors ?? []) {
    const { code, detail, pointer, parameter, ...more } = violation
    expect(more).toEqual({})
    expect(code).toMatch(/^[a-z_]+$/)
    expect(detail).toMatch(/\S/)
    // A JSON Pointer into the body (RFC 6901), or the name of a query parameter: one of the two.
    if (parameter === undefined) expect(pointer).toMatch(/^(\/[^/]*)*$/)
    else expect(pointer).toBeUndefined()
  }
}
