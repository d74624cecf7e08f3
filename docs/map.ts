/**
 * Draws docs/map.svg: the folders, what each is for, and which folders it imports. Everything but the descriptions is
 * read from the code, and a test fails if the picture is out of date. `npm run map` draws it again.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../", import.meta.url))

/** Where the picture is. */
export const path = join(root, "docs/map.svg")

/** Every box, by height, with what it is for in at most 45 characters. */
const boxes = {
  apps: {
    "apps/server": "the service: settings, logs, metrics, traces",
    "apps/cli": "the command line, one file a command",
    "apps/embed": "door assent/open: a ledger behind promises",
    "apps/simulate": "door assent/simulate: what-if as a script",
    "apps/site-client": "the script files of pages, and their build",
  },
  adapters: {
    "adapters/http": "door Server.ts; api, client, routes, server",
    "adapters/sqlite": "the store in one SQLite file",
    "adapters/postgres": "the store in PostgreSQL or Citus",
    "adapters/memory": "the store in memory",
    "adapters/keys": "keys that wrap other keys, in a file",
    "adapters/mail": "mails to a mail server, over SMTP",
    "adapters/webhooks": "tries of webhooks over checked connections",
    "adapters/chromium": "what pages load and keep, by a browser",
    "adapters/fideslang": "the text of manifests, by a thread",
    "adapters/clamd": "the scanner of files, by ClamAV's daemon",
    "adapters/erasure-log": "the log of erasures, in a file",
    "adapters/files": "NDJSON, CSV and JSON files, line by line",
    "adapters/duckdb": "Parquet and CSV tables of any size",
    "adapters/report": "the HTML report of a simulation",
    "adapters/simulation-threads": "folds on several cores",
    "adapters/browser": "door assent/browser: the client of pages",
    "adapters/support": "what several adapters use",
  },
  core: {
    "core/index.ts": "door assent: the engine",
    "core/Ledger.ts": "door assent/ledger: every use case",
    "core/integrity": "checks a kept ledger against itself",
    "core/transfer": "import, export, restore, move, dry run",
    "core/counting": "count events and requests by day, and tell it",
    "core/connectors": "tasks that data systems do by signed calls",
    "core/webhooks": "deliver changes, again until they are taken",
    "core/feed": "the change feed, and what time brings",
    "core/outbox": "send mails, again until they are taken",
    "core/compliance-requests": "open, work on and read what people ask",
    "core/access-package": "everything held about a person, as one ZIP",
    "core/requester-page": "the page by which a requester shows identity and follows a request",
    "core/mail": "mails: templates, words, encrypted in the outbox",
    "core/mail-setup": "senders of an organization, and its own words of mails",
    "core/processing-records": "write the record of processing, six formats",
    "core/fideslang": "take over data systems of a manifest",
    "core/people": "identify visitors, sessions, erasing",
    "core/catalog": "organizations, API keys, consent types",
    "core/ledger": "record and ask; cursors, idempotency",
    "core/ports": "what the ledger needs from a store",
    "core/simulation": "what would change under other rules",
    "core/formats": "schemas of files, requests and answers",
    "core/trackers": "trackers of pages, and what pages report",
    "core/regions": "regions, and what was published of them",
    "core/browser": "what pages and the server share",
    "core/metrics": "counts by day, estimates, small numbers",
    "core/compliance": "compliance requests and their legal clock",
    "core/data-systems": "data systems and what describes them",
    "core/model": "catalog, roles, people, lanes, admission",
    "core/engine": "events + types + rules + instant → answer",
  },
} as const

type Height = keyof typeof boxes

const heights = ["apps", "adapters", "core"] as const
const names = heights.flatMap((height) => Object.keys(boxes[height]))

/** The box that a file belongs to; nothing for the few files that lie in no box. */
const boxOf = (file: string): string | undefined => {
  const folder = file.split("/").slice(0, 2).join("/")
  return names.includes(folder) ? folder : undefined
}

/** Which box imports which. */
const readImports = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const imports = new Map(names.map((name) => [name, new Set<string>()]))
  for (const file of globSync("{core,adapters,apps}/*/**/*.ts", { cwd: root })) {
    if (boxOf(file) === undefined) throw new Error(`${file} is in a folder that docs/map.ts does not describe`)
  }
  for (const file of globSync("{core,adapters,apps}/**/*.ts", { cwd: root })) {
    const from = boxOf(file)
    if (from === undefined) continue
    for (const [, target] of readFileSync(join(root, file), "utf8").matchAll(/from "(\.[^"]+)"/g)) {
      const to = boxOf(normalize(join(dirname(file), target!)))
      if (to !== undefined && to !== from) imports.get(from)!.add(to)
    }
  }
  return imports
}

type Imports = ReturnType<typeof readImports>

const boxWidth = 290
const boxHeight = 118
const gap = 18
const left = 110
const perRow = 4
/** How many characters of the small text fit a line of a box. */
const lineLength = 48

/**
 * The row of a box, counted from the lowest row of its height: it is above every box that it imports. Throws for a
 * circle of imports, which such rows cannot show.
 */
const levelOf = (imports: Imports, height: Height, name: string, above: ReadonlyArray<string> = []): number => {
  if (above.includes(name)) throw new Error(`${[...above, name].join(" → ")} is a circle of imports`)
  const below = [...imports.get(name)!].filter((next) => next in boxes[height])
  return Math.max(0, ...below.map((next) => 1 + levelOf(imports, height, next, [...above, name])))
}

/** The rows of a height, from the highest. */
const rowsOf = (imports: Imports, height: Height): ReadonlyArray<ReadonlyArray<string>> => {
  const levels = Map.groupBy(Object.keys(boxes[height]), (name) => levelOf(imports, height, name))
  return [...levels]
    .toSorted(([a], [b]) => b - a)
    .flatMap(([, level]) =>
      Array.from({ length: Math.ceil(level.length / perRow) }, (_, row) =>
        level.slice(row * perRow, (row + 1) * perRow),
      ),
    )
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** Words in lines of at most {@link lineLength} characters. */
const wrap = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 3 > lineLength) lines.push(word)
    else lines[lines.length - 1] = `${last} · ${word}`
  }
  return lines
}

const box = (name: string, x: number, y: number, height: Height, imports: Imports): string => {
  const about = (boxes[height] as Readonly<Record<string, string>>)[name]!
  const short = (other: string) => other.replace(/^\w+\//, "").replace(/\.ts$/, "")
  const uses = wrap(names.filter((other) => imports.get(name)!.has(other)).map(short))
  const shown = uses.map((line, index) => `<text class="uses" x="${x + 12}" y="${y + 56 + 13 * index}">${line}</text>`)
  return `<g class="${height}"><rect x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="8"/>
<text class="name" x="${x + 12}" y="${y + 21}">${escape(name.replace(/^\w+\//, ""))}</text>
<text class="about" x="${x + 12}" y="${y + 39}">${escape(about)}</text>${shown.join("")}</g>`
}

const style = `svg{font-family:system-ui,sans-serif}
rect{fill:#fff;stroke-width:1.5}.apps rect{stroke:#8250df}.adapters rect{stroke:#0969da}.core rect{stroke:#1a7f37}
text{fill:#1f2328}.name{font-size:15px;font-weight:600}.about{font-size:12px}.uses{font-size:10.5px;fill:#59636e}
.band{font-size:15px;font-weight:600;fill:#59636e}.page{stroke:none}
@media (prefers-color-scheme:dark){rect{fill:#151b23}.page{fill:#0d1117}text{fill:#e6edf3}.uses,.band{fill:#9198a1}}`

/** The picture, as the code is now. */
export const draw = (): string => {
  const imports = readImports()
  const parts: Array<string> = []
  let y = 56
  for (const height of heights) {
    parts.push(`<text class="band" x="16" y="${y + 26}">${height}</text>`)
    for (const row of rowsOf(imports, height)) {
      parts.push(...row.map((name, index) => box(name, left + index * (boxWidth + gap), y, height, imports)))
      y += boxHeight + gap
    }
    y += 22
  }
  const width = left + perRow * (boxWidth + gap)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-labelledby="title">
<title id="title">The folders of Assent: apps use adapters and core, adapters use core, core uses neither</title>
<style>${style}</style>
<rect class="page" width="${width}" height="${y}"/>
<text class="band" x="${left}" y="30">Each box imports only boxes below it: their names are in its small print.</text>
${parts.join("\n")}
</svg>
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path, draw())
