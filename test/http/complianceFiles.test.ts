/** Files of compliance requests over HTTP: attached as a form or as bytes, listed, downloaded, removed, and refused. */
import { createHash } from "node:crypto"
import { beforeAll, describe, expect, test } from "vitest"
import * as Samples from "../support/compliance/fileSamples.ts"
import { served } from "../support/served.ts"
import type { Sent } from "../support/server.ts"
import { asKey, codesOf, opened, worked } from "./complianceRequests.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, blog, nobody, privacy, secretOf, shop, startWorld, violations } from "./world.ts"

const server = served(startWorld)
const asViewer = { "x-api-key": secretOf(acme, "viewer") }
const pdf = Samples.samples["pdf"]!
const limit = 10_485_760

/** A request that takes files. */
const ready = async () => (await opened(server, { preverified: true })).id as string

const filesOf = (id: string, of = shop) => `${privacy(of)}/compliance-requests/${id}/files`

/** Sends the bytes themselves. */
const send = (id: string, fileName: string, body: Uint8Array | string, sent: Sent = {}, more = "") =>
  asKey(server, "POST", `compliance-requests/${id}/files?fileName=${encodeURIComponent(fileName)}${more}`, {
    ...sent,
    body,
    headers: { "content-type": "application/octet-stream", ...sent.headers },
  })

const boundary = "b0undary"

interface Part {
  readonly head: string
  readonly body: Uint8Array | string
}

const field = (name: string, body: string): Part => ({ head: `Content-Disposition: form-data; name="${name}"`, body })
const filePart = (fileName: string, body: Uint8Array | string = pdf, type = "application/pdf"): Part => ({
  head: `Content-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: ${type}`,
  body,
})

const formOf = (parts: ReadonlyArray<Part>, end = `\r\n--${boundary}--\r\n`): Buffer =>
  Buffer.concat([
    ...parts.flatMap(({ body, head }, index) => [
      Buffer.from(`${index === 0 ? "" : "\r\n"}--${boundary}\r\n${head}\r\n\r\n`),
      Buffer.from(body),
    ]),
    Buffer.from(end),
  ])

/** Sends a form. */
const submit = (id: string, body: Uint8Array, sent: Sent = {}) =>
  asKey(server, "POST", `compliance-requests/${id}/files`, {
    ...sent,
    body,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, ...sent.headers },
  })

const download = (id: string, file: string, method = "GET", headers = asOwner as Record<string, string>) =>
  fetch(`${server.url}${filesOf(id)}/${file}`, { method, headers })

const read = async (id: string, headers = asOwner as Record<string, string>) =>
  (await asKey(server, "GET", `compliance-requests/${id}`, { headers })).json

const eventsOf = async (id: string, headers = asOwner as Record<string, string>) => {
  const path = `compliance-requests-events?complianceRequestId=${id}&order=asc`
  const { json } = await asKey(server, "GET", path, { headers })
  return json.items.map(({ details, event }: { event: string; details: object }) => [event, details])
}

describe("a file", () => {
  test("is attached by a form, listed, downloaded as an attachment, and removed", async () => {
    const id = await ready()
    const parts = [field("details", "By letter"), filePart("Zu\u0308rich.pdf"), field("forRequester", "true")]
    const answer = await submit(id, formOf(parts))
    expect(answer.status, answer.text).toBe(201)
    const [file] = answer.json.files
    expect(answer.json.files).toEqual([
      {
        id: file.id,
        fileName: "Zürich.pdf",
        fileSize: pdf.length,
        mediaType: "application/pdf",
        sha256: createHash("sha256").update(pdf).digest("hex"),
        date: file.date,
        dateCreated: file.date,
        details: "By letter",
        event: "file_attached",
        apiKey: expect.any(String),
        filePath: `${filesOf(id)}/${file.id}`,
        origin: "staff",
        forRequester: true,
        scanned: false,
      },
    ])
    const got = await download(id, file.id)
    expect(got.status).toBe(200)
    expect(Buffer.from(await got.arrayBuffer()).equals(pdf)).toBe(true)
    expect(Object.fromEntries(got.headers)).toMatchObject({
      "content-type": "application/pdf",
      "content-length": String(pdf.length),
      "content-disposition": `attachment; filename="Z_rich.pdf"; filename*=UTF-8''Z%C3%BCrich.pdf`,
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
    })
    expect(got.headers.get("content-security-policy")).toMatch(/^default-src 'none'; .*; sandbox$/)
    const removed = await asKey(server, "DELETE", `compliance-requests/${id}/files/${file.id}`)
    expect([removed.status, removed.json.files]).toEqual([200, []])
    expect((await download(id, file.id)).status).toBe(404)
    const told = await eventsOf(id)
    expect(told.slice(-3)).toEqual([
      [
        "file_attached",
        { file: file.id, sha256: file.sha256, size: pdf.length, type: "application/pdf", origin: "staff" },
      ],
      ["file_downloaded", { file: file.id }],
      ["file_removed", { file: file.id }],
    ])
  })

  // Mutants: a role that only reads sees the name; the name stays in the list after the file is gone.
  test("is named in the events about it, while it is kept, and only to those that handle requests", async () => {
    const id = await ready()
    const { json } = await send(id, "letter of Jo.pdf", pdf)
    const [file] = json.files
    await download(id, file.id)
    const named = [
      ["file_attached", expect.objectContaining({ file: file.id, fileName: "letter of Jo.pdf" })],
      ["file_downloaded", { file: file.id, fileName: "letter of Jo.pdf" }],
    ]
    expect((await eventsOf(id)).slice(-2)).toEqual(named)
    const ofOrganization = `/privacy-v1/organizations/${acme.id}/compliance-requests-events?complianceRequestId=${id}`
    const all = await server.request("GET", ofOrganization, { headers: asOwner })
    expect(all.text).toContain("letter of Jo.pdf")
    expect(JSON.stringify(await eventsOf(id, asViewer))).not.toContain("letter")
    await asKey(server, "DELETE", `compliance-requests/${id}/files/${file.id}`)
    expect(JSON.stringify(await eventsOf(id))).not.toContain("letter")
  })

  test("is attached by its bytes and its name, whatever pieces they come in", async () => {
    const id = await ready()
    const text = Buffer.alloc(600_000, "0123456789abcdef\n")
    const answer = await send(id, "numbers.txt", text, { chunkBytes: 50_001 }, "&forRequester=true&details=Mine")
    expect(answer.status, answer.text).toBe(201)
    const [file] = answer.json.files
    expect(file).toMatchObject({
      fileName: "numbers.txt",
      mediaType: "text/plain",
      forRequester: true,
      details: "Mine",
    })
    const got = await download(id, file.id)
    expect(Buffer.from(await got.arrayBuffer()).equals(text)).toBe(true)
  })

  test.each(Object.keys(Samples.samples))("of type %s is taken with its own media type", async (extension) => {
    const id = await ready()
    const answer = await send(id, `a.${extension.toUpperCase()}`, Samples.samples[extension]!)
    expect(answer.status, answer.text).toBe(201)
  })

  test("has 10 MiB at most, of which one byte more is 413 while it is read", async () => {
    const id = await ready()
    const whole = Buffer.alloc(limit + 1, "a")
    const announced = await send(id, "a.txt", Buffer.alloc(limit + 100_000, "a"))
    const read_ = await send(id, "a.txt", whole, { chunkBytes: 1_000_000 })
    const form = await submit(id, formOf([filePart("a.txt", whole, "text/plain")]))
    for (const answer of [announced, read_, form]) expectProblem(answer, 413)
    const fits = await send(id, "a.txt", whole.subarray(1), { chunkBytes: 1_000_000 })
    expect([fits.status, fits.json.files.length]).toEqual([201, 1])
    const asForm = await submit(id, formOf([filePart("b.txt", whole.subarray(1), "text/plain")]))
    expect([asForm.status, asForm.json.files.length]).toEqual([201, 2])
  })

  test("is one of 20 at most", async () => {
    const id = await ready()
    for (let count = 1; count <= 20; count++) expect((await send(id, `${count}.txt`, "a")).status).toBe(201)
    const more = await send(id, "21.txt", "a")
    expect([more.status, codesOf(more)]).toEqual([422, ["too_many_files"]])
    expect((await read(id)).files.length).toBe(20)
  })

  test("is attached once by the same request with an Idempotency-Key", async () => {
    const id = await ready()
    const headers = { "idempotency-key": "one-file" }
    const [first, again] = [await send(id, "a.txt", "a", { headers }), await send(id, "a.txt", "a", { headers })]
    expect([first.status, again.status, again.headers["idempotent-replayed"]]).toEqual([201, 201, "true"])
    expect(again.json.files).toEqual(first.json.files)
    const other = await send(id, "a.txt", "b", { headers })
    expect([other.status, codesOf(other)]).toEqual([422, ["idempotency_key_reused"]])
    const none = await send(id, "a.txt", "a", { headers: { "idempotency-key": "not one" } })
    expectProblem(none, 400)
    expect((await read(id)).files.length).toBe(1)
  })

  test("with a mark of direction in its name is shown and downloaded without it", async () => {
    const id = await ready()
    const { json } = await submit(id, formOf([filePart("invoice\u202efdp.pdf")]))
    expect(json.files[0].fileName).toBe("invoice\\u{202e}fdp.pdf")
    const got = await download(id, json.files[0].id)
    expect(got.headers.get("content-disposition")).toContain(`filename="invoice_fdp.pdf"`)
  })

  test("is not downloaded by HEAD", async () => {
    const id = await ready()
    const { json } = await send(id, "a.txt", "a")
    const head = await download(id, json.files[0].id, "HEAD")
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "1", ""])
    expect((await read(id)).ordinal).toBe(json.ordinal)
  })
})

describe("the status of the request", () => {
  test("refuses a file before identity was shown, before anything of it is read", async () => {
    const { id } = await opened(server)
    const answer = await send(id, "a.txt", "a")
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual([" not_verified"])
  })

  test("refuses another file once it is resolved, and lets one be removed", async () => {
    const id = await ready()
    const { json } = await send(id, "a.txt", "a")
    await worked(server, id, { status: "resolved", resolutionStatus: "denied", denialGround: "exempt" })
    expect(codesOf(await send(id, "b.txt", "b"))).toEqual(["not_open"])
    const removed = await asKey(server, "DELETE", `compliance-requests/${id}/files/${json.files[0].id}`)
    expect([removed.status, removed.json.files]).toEqual([200, []])
  })
})

describe("a file that is refused", () => {
  let id: string
  beforeAll(async () => {
    id = await ready()
  })

  const bytes = (name: string) => Samples.samples[name]!

  test.each<readonly [string, string, Uint8Array | string, string, string]>([
    ["a page", "a.html", "<html>", "text/html", "?fileName file_type_not_allowed"],
    ["a page with another name", "a.txt", "<html>", "text/plain", " file_type_mismatch"],
    ["a picture that is code", "a.svg", "<svg/>", "image/svg+xml", "?fileName file_type_not_allowed"],
    ["a program with another name", "a.pdf", "MZ\x90", "", " file_type_mismatch"],
    ["another content than its name", "a.png", bytes("jpg"), "", " file_type_mismatch"],
    ["another type than its name", "a.pdf", bytes("pdf"), "image/png", " file_type_mismatch"],
    ["a document with macros", "a.docx", Samples.withMacros, "", " file_type_mismatch"],
    ["text that is not UTF-8", "a.csv", Uint8Array.of(0x61, 0xff), "", " file_type_mismatch"],
    ["nothing", "a.txt", "", "", " file_type_mismatch"],
    ["a name without an extension", "pdf", bytes("pdf"), "", "?fileName file_type_not_allowed"],
    ["a path", "../a.pdf", bytes("pdf"), "", "?fileName file_name_not_valid"],
    ["a name with a line break", "a\r\nb.pdf", bytes("pdf"), "", "?fileName file_name_not_valid"],
    ["a name with NUL", "a.exe\0.pdf", bytes("pdf"), "", "?fileName file_name_not_valid"],
    ["a name that is too long", `${"a".repeat(252)}.pdf`, bytes("pdf"), "", "?fileName file_name_not_valid"],
  ])("is %s: 422, and the name is not repeated", async (_, name, body, type, expected) => {
    const answer = await send(id, name, body, type === "" ? {} : { headers: { "content-type": type } })
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual([expected])
    expect(answer.text).not.toContain(JSON.stringify(name).slice(1, -1).slice(0, 200) + '"')
    expect((await read(id)).files).toEqual([])
  })

  const form = (...parts: ReadonlyArray<Part>) => formOf(parts)

  test.each<readonly [string, number, Buffer]>([
    ["has no part", 400, Buffer.from(`--${boundary}--\r\n`)],
    ["has no file", 400, form(field("details", "a"))],
    ["has two files", 400, form(filePart("a.pdf"), filePart("b.pdf"))],
    ["has a field that is not known", 400, form(filePart("a.pdf"), field("notes", "a"))],
    ["has a field twice", 400, form(field("details", "a"), field("details", "b"), filePart("a.pdf"))],
    ["has a file without a name", 400, form(field("file", "a"))],
    [
      "has a file in another part",
      400,
      form({ ...filePart("a.pdf"), head: 'Content-Disposition: form-data; name="a"; filename="a.pdf"' }),
    ],
    ["has 10,000 parts", 400, form(...Array.from({ length: 10_000 }, () => field("details", "a")))],
    ["has a head that does not end", 400, Buffer.from(`--${boundary}\r\nContent-Disposition: ${"a".repeat(100_000)}`)],
    ["does not end", 400, formOf([filePart("a.pdf")], "")],
    [
      "breaks the line of a head",
      400,
      form({ ...filePart("a.pdf"), head: 'Content-Disposition: form-data; name="file"; filename="a\r\nX: b.pdf"' }),
    ],
    ["has no disposition", 400, form({ head: "Content-Type: application/pdf", body: pdf })],
    ["has a flag that is none", 422, form(filePart("a.pdf"), field("forRequester", "maybe"))],
    ["has words that are too long", 422, form(filePart("a.pdf"), field("details", "a".repeat(2049)))],
    ["has words that are far too long", 400, form(filePart("a.pdf"), field("details", "a".repeat(100_000)))],
    ["has a file of another type", 422, form(filePart("a.pdf", Samples.samples["png"]!))],
    [
      "has a name that is no UTF-8",
      422,
      form({ head: "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%00.pdf", body: pdf }),
    ],
    ["names a file with folders", 422, form(filePart("C:\\\\a.pdf"))],
  ])("is in a form that %s: %i, and nothing is kept", async (_, status, body) => {
    const answer = await submit(id, body)
    expectProblem(answer, status)
    if (status === 422) expect(violations(answer)[0]).toMatch(/^\/(?:file|forRequester|details) /)
    expect((await read(id)).files).toEqual([])
  })

  test("is in a form without a boundary, packed, or in neither form: 400 or 415", async () => {
    const without = await submit(id, formOf([filePart("a.pdf")]), {
      headers: { "content-type": "multipart/form-data; a=b" },
    })
    expectProblem(without, 400)
    const packed = await send(id, "a.pdf", pdf, { headers: { "content-encoding": "gzip" } })
    expectProblem(packed, 415)
    const neither = await asKey(server, "POST", `compliance-requests/${id}/files`, { body: pdf })
    expectProblem(neither, 415)
    const both = await asKey(server, "POST", `compliance-requests/${id}/files?fileName=a.pdf`, {
      body: formOf([filePart("a.pdf")]),
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    })
    expectProblem(both, 415)
  })

  test("ends with its connection, and nothing is kept", async () => {
    const client = await server.connect()
    client.write(
      `POST ${filesOf(id)}?fileName=a.txt HTTP/1.1\r\nhost: a\r\nx-api-key: ${asOwner["x-api-key"]}\r\ncontent-length: 1000000\r\n\r\n`,
    )
    client.write("a".repeat(500_000))
    client.socket.destroy()
    await client.closed
    expect((await read(id)).files).toEqual([])
  })
})

describe("a role", () => {
  test("that only reads sees that there is a file, and neither its name nor its bytes", async () => {
    const id = await ready()
    const { json } = await send(id, "secret name.txt", "a", {}, "&details=secret%20words")
    const seen = (await read(id, asViewer)).files[0]
    expect(seen).toMatchObject({ fileSize: 1, mediaType: "text/plain" })
    expect(JSON.stringify(seen)).not.toContain("secret")
    expect((await download(id, json.files[0].id, "GET", asViewer)).status).toBe(403)
    expectProblem(await send(id, "a.txt", "a", { headers: asViewer }), 403)
    const removed = await asKey(server, "DELETE", `compliance-requests/${id}/files/${json.files[0].id}`, {
      headers: asViewer,
    })
    expectProblem(removed, 403)
  })

  test("finds no file of another request, another project or none", async () => {
    const [id, otherId] = [await ready(), await ready()]
    const { json } = await send(id, "a.txt", "a")
    const file = json.files[0].id
    for (const path of [
      `${filesOf(otherId)}/${file}`,
      `${filesOf(id, blog)}/${file}`,
      `${filesOf(id)}/${nobody}`,
      `${filesOf(id)}/a`,
      `${filesOf(nobody)}/${file}`,
    ]) {
      expectProblem(await server.request("GET", path, { headers: asOwner }), 404)
      expectProblem(await server.request("DELETE", path, { headers: asOwner }), 404)
    }
    expectProblem(await send(nobody, "a.txt", "a"), 404)
  })
})

test("no name of a file and no word about it is logged", async () => {
  const id = await ready()
  await send(id, "marked-name.txt", "a", {}, "&details=marked-word")
  await send(id, "marked-name.exe", "a")
  expect(server.log()).not.toMatch(/marked-(?:name|word)/)
})
