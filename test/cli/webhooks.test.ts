/** `assent webhooks`: a receiver on this machine, and a sample change for any receiver. */
import type { ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { Webhook } from "standardwebhooks"
import { afterAll, describe, expect, test } from "vitest"
import * as Signature from "../../adapters/webhooks/Signature.ts"
import { type Receiver, startReceiver } from "../support/receiver.ts"
import { linesOf, workplace } from "./run.ts"

const { run, start } = workplace()

const secret = Signature.write("whsec_", randomBytes(32))
const seed = randomBytes(32)

const running: Array<ChildProcess> = []
const receivers: Array<Receiver> = []
afterAll(async () => {
  for (const child of running) child.kill()
  await Promise.all(receivers.map((receiver) => receiver.stop()))
})

/** A receiver of our own. */
const receiver = async (): Promise<Receiver> => {
  const started = await startReceiver()
  receivers.push(started)
  return started
}

/** Starts `assent webhooks listen` on a free port. */
const listen = async (...args: ReadonlyArray<string>) => {
  const child = start(["webhooks", "listen", "--port", "0", ...args])
  running.push(child)
  const written = { stdout: "", stderr: "" }
  const changed = new Set<() => void>()
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.on("data", (chunk: Buffer) => {
      written[name] += chunk
      changed.forEach((check) => check())
    })
  }
  const until = (name: "stdout" | "stderr", pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const check = () => {
        if (!pattern.test(written[name])) return
        changed.delete(check)
        resolve(written[name])
      }
      changed.add(check)
      check()
    })
  const url = /http:\S+(?=,)/.exec(await until("stderr", /listening on http:\S+,/))![0]
  return { child, url, written, until }
}

const attempt = (url: string, key = secret) =>
  run(["webhooks", "try", "--url", url, "--secret", "-"], { stdin: `${key}\n` })

/** Posts a delivery that the reference library has signed. */
const post = (
  url: string,
  { key = secret, id = "c4109-7", at = new Date(), body = '{"type":"decision.changed"}' } = {},
) =>
  fetch(url, {
    method: "POST",
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(key).sign(id, at, body),
      "assent-replay": "1",
    },
  })

describe("listen", () => {
  test("prints each delivery whose signature is good, answers as it is asked to, and refuses all others", async () => {
    const { child, until, url, written } = await listen("--secret", secret, "--fail", "1")
    expect((await attempt(url)).stderr).toMatch(/answered 503/)
    expect((await attempt(url)).stdout).toMatch(/^taken: 204/)
    const two = linesOf(await until("stdout", /\n.*\n/))
    expect(two.map(({ type }) => type)).toEqual(["decision.changed", "decision.changed"])

    expect((await post(url)).status).toBe(204)
    expect(await until("stderr", /^c4109-7/m)).toMatch(
      /^c4109-7 decision.changed: good signature, replay; answered 204$/m,
    )
    const before = await until("stdout", /(?:\n.*){2}\n/)
    const other = Signature.write("whsec_", randomBytes(32))
    const refusals = [
      await post(url, { key: other }),
      await post(url, { at: new Date(Date.now() - 400_000) }),
      await post(url, { id: "no id" }),
      await post(url, { body: "{" }),
    ]
    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 400, 400])
    expect(await refusals[1]!.text()).toMatch(/^webhook-timestamp is (399|40\d) s from this machine's clock/)
    expect((await fetch(url)).status).toBe(405)
    expect(written.stdout).toBe(before)

    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGINT")
    expect(await ended).toBe(130)
  })

  test("checks Ed25519 by the public key, and sends a delivery on as it came", async () => {
    const behind = await receiver()
    behind.behave(({ id }) => ({ status: id === "later" ? 503 : 202 }))
    const { url } = await listen("--secret", Signature.publicKeyOf(seed), "--forward", `${behind.url}/hooks`)
    expect((await attempt(url, Signature.write("whsk_", seed))).stdout).toMatch(/^taken: 202/)
    const { body, id, path, signature, timestamp } = behind.received[0]!
    expect(path).toBe("/hooks")
    const key = Signature.readVerifying(Signature.publicKeyOf(seed))!
    expect(Signature.verify(key, { id, timestamp: Number(timestamp), body }, signature)).toBe(true)
    await behind.stop()
    expect((await attempt(url, Signature.write("whsk_", seed))).stderr).toMatch(/answered 502/)
  })

  test("prints nothing that commands a terminal", async () => {
    const { until, url } = await listen()
    const body = JSON.stringify({ type: "a\u001b[31m", note: "\u009b31m" })
    expect((await post(url, { body })).status).toBe(204)
    expect(await until("stdout", /\n/)).toBe('{"type":"a\\u001b[31m","note":"\\u009b31m"}\n')
    expect(await until("stderr", /c4109-7/)).toMatch(/^c4109-7 no type: signature not checked/m)
  })

  test("a port that is in use is named", async () => {
    const { port } = await receiver()
    const { code, stderr } = await run(["webhooks", "listen", "--port", String(port)])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/--port: cannot listen on port \d+ \(EADDRINUSE\)/),
    })
  })
})

describe("try", () => {
  test("sends a change that the reference library verifies, and says whether it was taken", async () => {
    const there = await receiver()
    const { code, stdout } = await attempt(there.url)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^taken: 204 after \d+ ms\n$/) })
    const { body, headers } = there.received[0]!
    const change = new Webhook(secret).verify(body, headers) as { data: { id: string }; type: string }
    expect(change).toMatchObject({ type: "decision.changed", data: { id: headers["webhook-id"], cause: "expired" } })

    there.behave(() => ({ status: 302, headers: { location: "/elsewhere" } }))
    expect(await attempt(there.url)).toMatchObject({ code: 1, stderr: expect.stringMatching(/answered 302/) })
    there.behave(() => "reset")
    expect(await attempt(there.url)).toMatchObject({ code: 1, stderr: expect.stringMatching(/closed the connection/) })
    await there.stop()
    expect(await attempt(there.url)).toMatchObject({ code: 1, stderr: expect.stringMatching(/nothing listens/) })
  })

  test("a secret that is none ends with 2, and is not repeated", async () => {
    const { code, stderr } = await attempt("https://hooks.example/", "whsec_geheim")
    expect(code).toBe(2)
    expect(stderr).toMatch(/--secret: expected whsec_ or whsk_, and base64/)
    expect(stderr).not.toMatch(/geheim/)
  })
})
