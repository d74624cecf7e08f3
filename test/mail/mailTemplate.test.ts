/**
 * The words of mails in every language, and what values can do to them: nothing but be read.
 */
import { readdirSync } from "node:fs"
import { parseHTML } from "linkedom"
import PostalMime from "postal-mime"
import * as fc from "fast-check"
import MailComposer from "nodemailer/lib/mail-composer"
import { describe, expect, test } from "vitest"
import { messageOf } from "../../adapters/mail/SmtpTransport.ts"
import { requestKinds } from "../../core/compliance/ClockPack.ts"
import { denialGrounds, resolutionStatuses } from "../../core/compliance/ComplianceFact.ts"
import * as MailLanguages from "../../core/mail/MailLanguages.ts"
import * as MailTemplate from "../../core/mail/MailTemplate.ts"
import { type MailWords, placeholders, templates } from "../../core/mail/MailWords.ts"
import { words as de } from "../../core/mail/words/de.ts"
import { words as en } from "../../core/mail/words/en.ts"
import { words as es } from "../../core/mail/words/es.ts"
import { words as fr } from "../../core/mail/words/fr.ts"

const all: ReadonlyArray<MailWords> = [en, de, fr, es]

/** Every value. */
const full: MailTemplate.MailValues = {
  organization: "Example Ltd",
  project: "Shop",
  request: "delete",
  requestId: "0190f000-0000-7000-8000-000000000001",
  code: "12345678",
  link: `https://privacy.example.com/site-v1/p/compliance-requests/r/page/${"t".repeat(43)}`,
  expires: Date.UTC(2026, 11, 1, 9, 30),
  timeZone: "Europe/Berlin",
  dueDate: "2026-12-31",
  reason: "first line\nsecond line",
  denialGround: "exempt",
  resolutionStatus: "partially_completed",
  resolution: "We kept your invoices.",
  privacyPolicyUrl: "https://example.com/privacy",
}

/** Nothing but what every mail has. */
const least: MailTemplate.MailValues = {
  organization: "Example Ltd",
  project: "Shop",
  request: "view",
  requestId: "0190f000-0000-7000-8000-000000000001",
}

/** The text that HTML shows, with a line for each paragraph and break. */
const shown = (html: string): string => {
  const { document } = parseHTML(html)
  for (const each of document.querySelectorAll("br")) each.replaceWith("\n")
  return [...document.querySelectorAll("p")].map((each) => each.textContent!.replace(/\n\n/g, "\n").trim()).join("\n\n")
}

const used = (text: string): ReadonlyArray<string> => [...text.matchAll(/\{(\w*)\}/g)].map(([, name]) => name!)

test("every language of the folder is one that mails are written in", () => {
  const files = readdirSync(new URL("../../core/mail/words", import.meta.url)).map((file) => file.replace(".ts", ""))
  expect(files.toSorted()).toEqual(MailLanguages.all.map(({ language }) => language).toSorted())
  expect(all.map(({ language }) => language).toSorted()).toEqual(
    MailLanguages.all.map(({ language }) => language).toSorted(),
  )
})

describe.each(all)("in $language", (words) => {
  test("the templates have the placeholders of English, in the same paragraphs", () => {
    for (const name of templates) {
      const of = ({ templates }: MailWords) => templates[name].paragraphs.map((each) => used(each).toSorted())
      expect([name, of(words)]).toEqual([name, of(en)])
      expect([name, used(words.templates[name].subject)]).toEqual([name, used(en.templates[name].subject)])
    }
    const footers = [...words.footer, ...words.staffFooter]
    const texts = [
      ...Object.values(words.templates).flatMap(({ paragraphs, subject }) => [subject, ...paragraphs]),
      ...footers,
    ]
    expect(texts.flatMap(used).filter((name) => !(placeholders as ReadonlyArray<string>).includes(name))).toEqual([])
    expect(new Set(texts.flatMap(used))).toEqual(new Set(placeholders))
  })

  test.each(templates)("%s is written with every value, and with as few as there can be", (name) => {
    for (const values of [full, least]) {
      const mail = MailTemplate.render(name, words.language, values)
      expect(mail.language).toBe(words.language)
      expect(mail.subject).toMatch(/^[^\n{}]+$/)
      expect(`${mail.text}${mail.html}`).not.toMatch(/\{|\}|undefined|null/)
      expect(shown(mail.html)).toBe(mail.text.trim())
      expect(mail.html).toContain(`<html lang="${words.language}" dir="ltr">`)
      const { document } = parseHTML(mail.html)
      const tags = new Set([...document.querySelectorAll("body *")].map(({ tagName }) => tagName.toLowerCase()))
      expect([...tags].filter((tag) => !["div", "p", "a", "br", "strong"].includes(tag))).toEqual([])
      expect(new TextEncoder().encode(mail.html).byteLength).toBeLessThan(10_000)
    }
  })

  test("every kind of request, ground and outcome has words of its own", () => {
    const texts = [
      ...requestKinds.map((request) => MailTemplate.render("received", words.language, { ...full, request })),
      ...denialGrounds.map((denialGround) => {
        const { reason: _, ...rest } = full
        return MailTemplate.render("denied", words.language, { ...rest, denialGround })
      }),
      ...resolutionStatuses
        .filter((status) => status !== "denied" && status !== "withdrawn")
        .map((resolutionStatus) => MailTemplate.render("resolved", words.language, { ...full, resolutionStatus })),
    ]
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length)
  })
})

test("before identity is shown, a mail holds nothing that the requester typed", () => {
  // What was typed can only come as `reason` or `resolution`, and these mails have neither.
  for (const { templates } of all) {
    for (const name of ["verification", "received"] as const) {
      const { paragraphs, subject } = templates[name]
      expect(
        [subject, ...paragraphs].flatMap(used).filter((each) => each === "reason" || each === "resolution"),
      ).toEqual([])
    }
  }
})

test("the subject of no mail says what was asked, or has a code: it is shown on locked screens", () => {
  for (const words of all) {
    for (const name of templates) {
      const { subject } = MailTemplate.render(name, words.language, full)
      expect(subject).not.toContain(full.code)
      expect(subject).not.toContain(words.requests.delete)
    }
  }
})

test("a denial, an extension and a part of an answer tell the right to complain; a whole answer does not", () => {
  const has = (name: "denied" | "extended" | "resolved", values: MailTemplate.MailValues) =>
    MailTemplate.render(name, "en", values).text.includes(en.complaint)
  expect(has("denied", least)).toBe(true)
  expect(has("extended", least)).toBe(true)
  expect(has("resolved", { ...least, resolutionStatus: "partially_completed" })).toBe(true)
  expect(has("resolved", { ...least, resolutionStatus: "no_records_found" })).toBe(true)
  expect(has("resolved", { ...least, resolutionStatus: "completed" })).toBe(false)
})

test.each([
  ["de-AT", "de"],
  ["FR-ca", "fr"],
  ["es-419", "es"],
  ["en-GB", "en"],
  ["zh-Hant-TW", "en"],
  ["", "en"],
])("a mail in %s is written in %s", (wanted, language) => {
  expect(MailTemplate.render("received", wanted, least).language).toBe(language)
})

test("a day and a time are written as the language does, in the zone of the organization", () => {
  const of = (language: string) => MailTemplate.render("verification", language, full).text
  expect(of("en")).toContain("until December 1, 2026 at 10:30 AM GMT+1.")
  expect(of("de")).toContain("bis 1. Dezember 2026 um 10:30 MEZ.")
  expect(MailTemplate.render("received", "fr", full).text).toContain("au plus tard le 31 décembre 2026.")
  expect(MailTemplate.render("received", "es", full).text).toContain("el 31 de diciembre de 2026.")
})

test("staff reads what is asked for without being addressed", () => {
  for (const words of all) {
    const { text } = MailTemplate.render("staff_new", words.language, full)
    expect(text).not.toContain(words.requests.delete)
    expect(text).toContain(`: ${words.staffRequests.delete}\n`)
  }
})

test("a long name does not fill the subject", () => {
  const { subject, text } = MailTemplate.render("received", "en", { ...least, organization: "🙂".repeat(500) })
  expect(Array.from(subject).length).toBeLessThan(140)
  expect(text).toContain("🙂".repeat(500))
})

test("a link that is not of the web is no link", () => {
  const { html } = MailTemplate.render("received", "en", { ...least, link: "javascript:alert(1)" })
  expect(parseHTML(html).document.querySelectorAll("a")).toHaveLength(0)
})

/** What could begin a header, a line, another placeholder, an element or an attribute. */
const hostile = fc
  .array(
    fc.constantFrom(
      ..."\r\n\u0000\u0085\u2028\u2029\u202e\u2066\ufeff\ud800<>\"'&={}:;, ",
      "\r\nBcc: all@example.net",
      "\n\nContent-Type: text/html",
      "{code}",
      "{{organization}}",
      "<script>",
      '" onload="',
      "https://evil.example/",
      "=?UTF-8?Q?=0D=0ABcc=3A?=",
      "word",
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(""))

const members = [
  "organization",
  "project",
  "requestId",
  "code",
  "link",
  "reason",
  "resolution",
  "privacyPolicyUrl",
] as const

test("no value begins a header, an element or a placeholder, whatever is in it", async () => {
  const built = async (mail: MailTemplate.MailText) => {
    const outgoing = {
      messageId: "m@example.com",
      date: new Date(0),
      from: { address: "a@example.com" },
      to: "b@example.org",
    }
    const composed = new MailComposer(messageOf({ ...outgoing, ...mail })).compile()
    return await PostalMime.parse(await composed.build())
  }
  const plain = (await built(MailTemplate.render("resolved", "en", full))).headers.map(({ key }) => key)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...templates),
      fc.constantFrom(...members),
      hostile,
      async (name, member, value) => {
        const mail = MailTemplate.render(name, "en", { ...full, [member]: value })
        expect(mail.subject).not.toMatch(/\p{Cc}|\p{Cs}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
        expect(mail.text).not.toMatch(/[^\P{Cc}\n]|\p{Cs}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
        const parsed = await built(mail)
        expect(parsed.headers.map(({ key }) => key)).toEqual(plain)
        expect(parsed).toMatchObject({ to: [{ address: "b@example.org" }], attachments: [] })
        expect(parsed.cc ?? parsed.bcc).toBeUndefined()
        const { document } = parseHTML(mail.html)
        expect(document.querySelectorAll("script, img, [onload]")).toHaveLength(0)
        const links = [...document.querySelectorAll("a")].map((each) => each.getAttribute("href")!)
        expect(links.filter((href) => !/^https?:/i.test(href))).toEqual([])
        const hasCode = name === "verification" || name === "sender_check"
        if (!hasCode || member !== "code") {
          expect(mail.text.split(full.code!).length - 1).toBe(hasCode ? 1 : 0)
        }
      },
    ),
    { numRuns: 300 },
  )
})
