/** `assent scan`: which invocations are refused. */
import { describe, expect, test } from "vitest"
import { workplace } from "./run.ts"

const { run } = workplace()

describe("assent scan", () => {
  test.each([
    [["scan"], /url/],
    [["scan", "ftp://a.example"], /http or https/],
    [["scan", "https://a.example", "--watch", "301"], /from 0 to 300/],
  ])("refuses %j with exit 2", async (args, message) => {
    const { code, stderr, stdout } = await run(args as Array<string>)
    expect([code, stdout]).toEqual([2, expect.any(String)])
    expect(`${stderr}${stdout}`).toMatch(message as RegExp)
  })

  test("says that the browser cannot be started, with exit 1", async () => {
    const { code, stderr } = await run(["scan", "https://a.example", "--browser", "/nowhere/chromium"])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ENOENT/)])
  })
})
