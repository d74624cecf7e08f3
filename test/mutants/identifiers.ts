/** Mutants of the spellings of identifiers. */
import type { Part } from "./Mutant.ts"

const email = "e-mail: white space, wrappers, composition, case of single letters"
const account = "userId: white space and composition"
const phone = "phone: white space, tel: and separators"
const eachCharacter = "every character with a case or a composition"
const earlier = 'of email "pia'

export const identifiers: Part = {
  folder: "core",
  tests: [
    "test/laws/spellings.test.ts",
    "test/core/identifierForms.test.ts",
    "test/core/domainName.test.ts",
    "test/core/visibleCharacters.test.ts",
    "test/contract/earlierSpellings.test.ts",
    "test/docs/hashedIdentifiers.test.ts",
  ],
  mutants: [
    ["model/EmailAddress.ts", 'unwrap(value.normalize("NFC"))', "unwrap(value)", eachCharacter],
    [
      "model/EmailAddress.ts",
      '`${lowerCase(local).normalize("NFC")}@${ascii}`',
      "`${lowerCase(local)}@${ascii}`",
      'reads "J',
    ],
    [
      "model/EmailAddress.ts",
      '${lowerCase(local).normalize("NFC")}@${ascii}',
      '${local.toLowerCase().normalize("NFC")}@${ascii}',
      email,
    ],
    ["model/EmailAddress.ts", "const ascii = DomainName.toAscii(domain)", "const ascii = domain.toLowerCase()", email],
    ["model/EmailAddress.ts", "withoutEscapes(address!).normalize", "address!.normalize", email],
    ["model/EmailAddress.ts", '.split("?", 1)', '.split("#", 1)', email],
    ["model/EmailAddress.ts", "const scheme = /mailto:/iy", "const scheme = /mailto:/y", email],
    ["model/EmailAddress.ts", "before === undefined || isList(before)", "before === undefined", "refuses"],
    ["model/EmailAddress.ts", "special.test(address) ||", "", "refuses"],
    ["model/EmailAddress.ts", "|| !VisibleCharacters.areVisible(address)", "", "refuses"],
    ["model/EmailAddress.ts", "|| others.length > 0", "", "refuses"],
    ["model/EmailAddress.ts", "&& !/[@.]xn--/i.test(value)", "", 'refuses "a@xn--zz'],
    ["model/EmailAddress.ts", '[local, local.normalize("NFD")]', "[local]", 'of email "rene'],
    ["model/EmailAddress.ts", "[each, `<${each}>`, `mailto:${each}`, `${each}.`]", "[each]", 'of email "<gus'],
    ["model/DomainName.ts", "isPlain ? domain.toLowerCase()", "isPlain ? domain", "brings Example", email],
    ["model/DomainName.ts", 'domain.endsWith(".") ? domain.slice(0, -1) : domain', "domain", email],
    ["model/DomainName.ts", "checkBidi: true", "checkBidi: false", "refuses letters of two directions"],
    ["model/AccountId.ts", 'VisibleCharacters.trim(value.normalize("NFC"))', "VisibleCharacters.trim(value)", account],
    ["model/AccountId.ts", 'VisibleCharacters.trim(value.normalize("NFC"))', 'value.normalize("NFC")', account],
    ["model/AccountId.ts", "placeholderWords.has(text.toLowerCase())", "placeholderWords.has(text)", "refuses ids"],
    ["model/AccountId.ts", "|| scientific.test(text)", "", "refuses ids"],
    ["model/AccountId.ts", "[...id].length <= maxLength", "id.length <= maxLength", 'reads "𝒳'],
    ["model/PhoneNumber.ts", "/^tel:/i", "/^tel:/", phone],
    ["model/PhoneNumber.ts", "VisibleCharacters.trim(text)", "text", phone],
    [
      "model/VisibleCharacters.ts",
      "runsUpTo(character.codePointAt(0)!) % 2 === 0",
      "false",
      "the table has the 154,542 visible characters",
    ],
    ["ledger/Identifiers.ts", "own === undefined ? forms : [...forms, own]", "forms", "of userId"],
    ["ledger/Identifiers.ts", "hasEarlier ? withEarlier", "false ? withEarlier", earlier],
    [
      "ledger/Identifiers.ts",
      "(organization.normalization ?? 1) < normalizationVersion",
      "true",
      "an organization that is created now",
    ],
    ["people/Resolving.ts", "isUsed ? [{ concordId", "own.has(alias) ? [{ concordId", earlier],
    [
      "integrity/AliasCheck.ts",
      "placeholder !== undefined && placeholders.length < maxListed",
      "placeholder !== undefined",
      "assent verify names",
    ],
  ],
}
