/**
 * Words of an organization for its mails: what they can do to a mail, and what they cannot take from it.
 */
import * as fc from "fast-check"
import MailComposer from "nodemailer/lib/mail-composer"
import PostalMime from "postal-mime"
import { expect, test } from "vitest"
import { messageOf } from "../../adapters/mail/SmtpTransport.ts"
import * as ChosenWords from "../../core/mail/ChosenWords.ts"
import * as MailLanguages from "../../core/mail/MailLanguages.ts"
import * as MailPlaceholders from "../../core/mail/MailPlaceholders.ts"
import * as MailTemplate from "../../core/mail/MailTemplate.ts"
import { type MailTemplate as TemplateName, templates } from "../../core/mail/MailWords.ts"
import type { OwnMailText } from "../../core/model/OwnMailText.ts"

const values: MailTemplate.MailValues = {
  organization: "Example Ltd",
  project: "Shop",
  request: "delete",
  requestId: "0190f000-0000-7000-8000-000000000001",
  code: "12345678",
  expires: Date.UTC(2026, 11, 1, 9, 30),
  dueDate: "2026-12-31",
  reason: "Because of a reason.",
  resolution: "What was done.",
  resolutionStatus: "partially_completed",
}

/** What stands in a mail in the place of a placeholder that its text must have. */
const needed: Readonly<Record<string, string>> = {
  code: "12345678",
  link: "https://privacy.example/page",
  reason: "Because of a reason.",
  resolution: "What was done.",
  outcome: "We have done a part of what you asked for.",
  dueDate: "December 31, 2026",
  complaint: "You can also lodge a complaint",
}

const own = (name: TemplateName, language: string, text: string, subject = "{organization}"): OwnMailText => ({
  id: `${name} ${language}`,
  organization: "o",
  dateCreated: 0,
  dateUpdated: 0,
  name,
  language,
  subject,
  text,
})

test.each(templates)("the shipped words of %s have its placeholders alone, and all that it must have", (name) => {
  const known: ReadonlyArray<string> = MailPlaceholders.all(name)
  for (const { language, templates: all } of MailLanguages.all) {
    const { paragraphs, subject } = all[name]
    const text = paragraphs.join("\n\n")
    expect([language, MailPlaceholders.missingIn(name, text)]).toEqual([language, []])
    expect(MailPlaceholders.usedIn(text).filter((each) => !known.includes(each))).toEqual([])
    const inSubject: ReadonlyArray<string> = MailPlaceholders.of(name).subject
    expect(MailPlaceholders.usedIn(subject).filter((each) => !inSubject.includes(each))).toEqual([])
    expect(MailPlaceholders.paragraphsOf(text)).toEqual(paragraphs)
  }
})

test("a text that lacks nothing tells what it must, whatever else is in it and whatever has no value", () => {
  const part = (name: TemplateName) =>
    fc.constantFrom("\n\n", "\n", " ", "word", ...MailPlaceholders.all(name).map((each) => `{${each}}`))
  const arbitrary = fc.constantFrom(...templates).chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.array(part(name), { maxLength: 12 }).map((all) => all.join("")),
    ),
  )
  const outcomes = new Set<boolean>()
  fc.assert(
    fc.property(arbitrary, fc.boolean(), ([name, text], hasLink) => {
      const isWhole = MailPlaceholders.missingIn(name, text).length === 0
      if (MailPlaceholders.of(name).required.length > 0) outcomes.add(isWhole)
      if (!isWhole) return
      const isLinked = hasLink || name === "package_ready"
      const link = isLinked ? { link: "https://privacy.example/page" } : {}
      const mail = MailTemplate.write(name, ChosenWords.ofOwn(own(name, "en", text), []), { ...values, ...link })
      for (const each of MailPlaceholders.of(name).required) expect(mail.text).toContain(needed[each])
    }),
    { numRuns: 2000 },
  )
  expect(outcomes).toEqual(new Set([true, false]))
})

test.each([
  [["nl-BE", "de"], "nl", "own"],
  [["de-AT"], "de", "shipped"],
  [["pt"], "en", "own"],
  [[], "en", "own"],
])("a mail in %j is in %s, of the %s words", (wanted, language, whose) => {
  const all = [own("received", "nl", "eigen"), own("received", "en", "own"), own("denied", "de", "{complaint}")]
  const chosen = ChosenWords.choose("received", wanted, all)
  expect(chosen.language).toBe(language)
  expect(chosen.paragraphs.length === 1 ? "own" : "shipped").toBe(whose)
})

test("where a language has no words of Assent, the rest of the mail is in the next one that is wanted", () => {
  const nl = own("denied", "nl", "Reden: {reason}\n\n{complaint}\n\nUiterlijk {dueDate}")
  const { direction, words } = ChosenWords.choose("denied", ["nl", "fr"], [nl])
  expect([direction, words.language]).toEqual(["ltr", "fr"])
  const mail = MailTemplate.write("denied", ChosenWords.choose("denied", ["nl", "fr"], [nl]), values)
  expect(mail.text).toContain("31 december 2026")
  expect(mail.text).toContain(words.complaint)
  expect(mail.text).toContain(values.requestId)
  for (const language of ["ar", "he", "fa-IR", "ur"])
    expect(ChosenWords.ofOwn(own("denied", language, ""), []).direction).toBe("rtl")
})

test("no words begin a header or an element, whatever is in them", async () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        "\r\nBcc: all@example.net",
        "\n\nContent-Type: text/html",
        ..."\r\n\u0000\u0085\u2028\u202e<>\"'&=:;, ",
        "<script>",
        "=?UTF-8?Q?=0D=0ABcc=3A?=",
        "word",
        "{organization}",
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((parts) => parts.join(""))
  const built = async (mail: MailTemplate.MailText) => {
    const from = { address: "a@example.com", name: "A" }
    const outgoing = { messageId: "m@example.com", date: new Date(0), from, to: "b@example.org" }
    return await PostalMime.parse(await new MailComposer(messageOf({ ...outgoing, ...mail })).compile().build())
  }
  const plain = (await built(MailTemplate.render("received", "en", values))).headers.map(({ key }) => key)
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (subject, text) => {
      const chosen = ChosenWords.ofOwn(own("received", "en", text, `s${subject}`), [])
      const mail = MailTemplate.write("received", chosen, values)
      expect(mail.subject).not.toMatch(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
      const parsed = await built(mail)
      expect(parsed.headers.map(({ key }) => key)).toEqual(plain)
      expect(parsed).toMatchObject({ to: [{ address: "b@example.org" }], attachments: [] })
      expect(mail.html).not.toContain("<script")
    }),
    { numRuns: 200 },
  )
})
