/**
 * Conversations with a mail server that are cut: after each byte of the mail, and after the final dot, when the server
 * has taken the mail and its answer is lost. What was cut is never treated as sent, and is the same when it comes
 * again.
 */
import { connect, createServer, type AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { mail, sendOnce, short } from "./sentMail.ts"

let server: MailServer
beforeAll(async () => {
  server = await startMailServer()
})
afterAll(() => server.stop())

/** Hands the mail over through a proxy that resets both connections after a number of bytes of one side. */
const sendCut = async (side: "client" | "server", bytes: number) => {
  let passed = { client: 0, server: 0 }
  const proxy = createServer((near) => {
    const far = connect(server.port, "127.0.0.1")
    const carry = (from: typeof near, to: typeof near, of: "client" | "server") =>
      from.on("data", (data: Buffer) => {
        const left = of === side ? bytes - passed[of] : data.byteLength
        passed = { ...passed, [of]: passed[of] + data.byteLength }
        if (left >= data.byteLength) return void to.write(data)
        // What the server has of it stays there.
        to.write(data.subarray(0, Math.max(left, 0)), () => {
          near.resetAndDestroy()
          far.end()
        })
      })
    carry(near, far, "client")
    carry(far, near, "server")
    near.on("error", () => far.destroy()).on("close", () => far.end())
    far.on("error", () => near.destroy()).on("close", () => near.end())
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const answer = await sendOnce(`smtp://127.0.0.1:${(proxy.address() as AddressInfo).port}`, short)
  await new Promise<void>((resolve) => proxy.close(() => resolve()))
  return { answer, passed }
}

/** How many bytes each side sends of a whole conversation, without the goodbye. */
const whole = async () => {
  const { answer, passed } = await sendCut("client", Number.MAX_SAFE_INTEGER)
  expect(answer._tag).toBe("Taken")
  return passed
}

test.each(["client", "server"] as const)(
  "cut after each byte of the %s, a mail is not sent, or sent again",
  async (side) => {
    const all = await whole()
    const raw = server.mails.at(-1)!.raw
    const step = isLong ? 1 : Math.ceil(all[side] / 24)
    for (let bytes = 0; bytes < all[side]; bytes += step) {
      const { answer } = await sendCut(side, bytes)
      expect([bytes, answer]).toEqual([bytes, { _tag: "Later", code: expect.stringMatching(/^(?:reset|timeout)$/) }])
    }
    expect(new Set(server.mails.map((each) => each.raw))).toEqual(new Set([raw]))
  },
)

test("cut after the final dot, the server has the mail, and gets the same once more", async () => {
  const all = await whole()
  const before = server.mails.length
  const { answer } = await sendCut("server", all.server - 1)
  expect(answer._tag).toBe("Later")
  expect(await sendOnce(server.url)).toMatchObject({ _tag: "Taken" })
  const [lost, again] = server.mails.slice(before)
  expect(again!.raw).toBe(lost!.raw)
  expect(again!.parsed.messageId).toBe(`<${mail.messageId}>`)
})
