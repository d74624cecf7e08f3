/** Declarations of the names that a program of a page uses and leaves to its reader, by name. */

/** The value of a variable of the shell, which the page's commands have set. */
const variable = (name: string): string => `process.env[${JSON.stringify(name)}]!`

const declarations: Readonly<Record<string, string>> = {
  baseUrl: '"http://127.0.0.1:4000" as string',
  apiKey: variable("API_KEY"),
  organizationId: variable("ORGANIZATION"),
  projectId: variable("PROJECT"),
  email: '"jo@example.com"',
  kid: '"first"',
  consentType: variable("CONSENT_TYPE"),
  privateKey: `await import("jose").then(async ({ exportJWK, generateKeyPair }) =>
  exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey))`,
  type: '{ id: "newsletter", versions: [], rules: {} }',
  ruleSet: "[]",
  events: "[]",
  knownAt: "Date.now()",
  at: "Date.now()",
  text: `'{"items":[{"id":"newsletter","consentDuration":"P13M"}]}'`,
}

/** Requests carry the Origin of a page, which Node sends none of. */
const page = `const { fetch } = globalThis
globalThis.fetch = (url, init) =>
  fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), origin: "http://localhost" } })
`

/** The lines that declare names, as in "baseUrl apiKey"; `Origin` makes the program one of a page. */
export const declare = (names: string): string =>
  names
    .split(/[ ,]+/)
    .map((name) => {
      if (name === "Origin") return page
      const declaration = declarations[name]
      if (declaration === undefined) throw new Error(`test/docs/snippets/given.ts declares no ${name}`)
      return `const ${name} = ${declaration}\n`
    })
    .join("")

/** The commands that make what a page takes for granted, by name; each does nothing if it is there. */
const made: Readonly<Record<string, string>> = {
  "a server": 'if [ -z "$SERVING" ]; then\nnpm start\nfi\n',
  "the package": "npm pack\n",
  "a ledger": "if [ ! -e data/assent.db ]; then assent bootstrap; fi\n",
}

/** The names of a program that are given by a server. */
const ofServer = ["apiKey", "baseUrl", "organizationId", "projectId", "consentType"]

/** The commands that make what a block needs. */
export const prepare = (given: string): string => {
  const commands = made[given] ?? ""
  return ofServer.some((name) => given.includes(name)) ? `${commands}${made["a server"]}` : commands
}
