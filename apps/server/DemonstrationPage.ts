/**
 * The page of the demonstration site: a page with the script tag, a script that waits for a permission, and a part that
 * shows what the ledger holds for its visitor. Its policy is strict: no inline style attributes, and scripts by nonce.
 */
import type { Project } from "../../core/model/Catalog.ts"
import { html, trusted } from "../../core/formats/Html.ts"

/** The path under which the site answers for Assent, so that its pages need no other origin. */
export const assentPath = "/assent"

/** The content security policy of the page. */
export const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "require-trusted-types-for 'script'",
    "trusted-types assent",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ")

const style = `
:root{color-scheme:light dark;--ink:light-dark(#1c2321,#e4e9e6);--soft:light-dark(#5a6663,#9aa8a3);--line:light-dark(#dde3e0,#2f3a37);--card:light-dark(#f5f8f6,#182120);--paper:light-dark(#fff,#101615);--link:light-dark(#0b5b57,#74d3ca);--yes:light-dark(#0b6b3a,#7fd6a3);--no:light-dark(#9a3412,#f0a884)}
*{box-sizing:border-box}
html{font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere}
main,footer{max-width:52rem;margin:0 auto;padding:0 1.25rem}
main{padding-top:clamp(2rem,6vw,4.5rem);padding-bottom:3rem}
h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Georgia,serif;font-weight:600;line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:clamp(1.9rem,1.3rem + 2.6vw,2.9rem)}
h2{font-size:1.3rem}
p{margin:.6rem 0 0;max-width:42rem}
.lead{font-size:1.1rem;color:var(--soft)}
a{color:var(--link)}
section{margin-top:2.5rem}
.card{margin-top:.9rem;padding:1rem 1.2rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}
.card p:first-child{margin-top:0}
button{font:inherit;min-height:44px;padding:.4rem 1.1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--paper);color:inherit;cursor:pointer}
button:hover{border-color:var(--link)}
button:focus-visible,a:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.buttons{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:1rem}
.rows{margin:.9rem 0 0;padding:0;list-style:none;border-top:1px solid var(--line)}
.rows li{display:grid;grid-template-columns:minmax(9rem,1fr) 2fr;gap:.1rem 1rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
.rows small{grid-column:2;color:var(--soft)}
.yes{color:var(--yes)}.no{color:var(--no)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{padding-bottom:6rem;color:var(--soft);font-size:.9rem}
@media (max-width:34rem){.rows li{grid-template-columns:1fr}.rows small{grid-column:1}}
`

/** Shows what the ledger holds, after the page has loaded and after each change. */
const showing = `
const rows = (list, lines) => list.replaceChildren(...lines.map(([name, value, detail, tone]) => {
  const line = document.createElement("li")
  const what = document.createElement("span")
  const answer = document.createElement("span")
  const more = document.createElement("small")
  what.textContent = name
  answer.textContent = value
  answer.className = tone ?? ""
  more.textContent = detail
  line.append(what, answer, more)
  return line
}))
const time = (text) => text && new Date(text).toLocaleString()
const find = (id) => document.getElementById(id)
const reasons = { "no-event": "not answered", "live-choice": "as chosen", refusal: "as refused" }
let shown = 0
const refresh = async () => {
  const own = ++shown
  const history = await window.assent.history()
  const concordId = history.map(({ event }) => event.concordId).find(Boolean)
  const answer = await fetch("/ledger" + (concordId ? "?concordId=" + encodeURIComponent(concordId) : ""))
  const { decisions, events } = await answer.json()
  if (own !== shown) return
  find("person").textContent = concordId
    ? "The ledger knows you as " + concordId + "."
    : "The ledger does not know you: a visit without a choice stores nothing, here or there."
  rows(find("decisions"), decisions.map(({ because, name, permitted, status, expiresAt }) => [
    name,
    status + (permitted ? ", permitted" : ", not permitted"),
    expiresAt ? "until " + time(expiresAt) : reasons[because] ?? because,
    permitted ? "yes" : "no",
  ]))
  rows(find("events"), events.map(({ consentAction, consentDate, consentState, name, version }) => [
    name, consentState, time(consentDate) + ", version " + version + ", " + consentAction,
    consentState === "accepted" ? "yes" : "no",
  ]))
  find("none").hidden = events.length > 0
  const kept = document.cookie.split("; ").filter(Boolean).map((each) => each.split("=")[0])
  const local = Object.keys(localStorage)
  find("kept").textContent = kept.length + local.length === 0
    ? "Nothing: no cookie that scripts can read, no local storage."
    : [...kept, ...local].join(", ")
}
const soon = () => { refresh(); setTimeout(refresh, 700); setTimeout(refresh, 2500) }
document.addEventListener("assent:ready", soon)
document.addEventListener("assent:change", soon)
find("settings").addEventListener("click", () => window.assent("show", "preferences"))
find("history").addEventListener("click", () => window.assent("show", "history"))
find("forget").addEventListener("click", () => { window.assent("forget"); setTimeout(() => location.reload(), 500) })
`

/** The script that waits for a permission, as a statistics script of a site would. */
export const counter = `
const count = document.getElementById("count")
count.textContent = "The counter runs since " + new Date().toLocaleTimeString() + ", because you allow Analytics."
count.className = "yes"
`

/** The page, whose scripts and style carry the nonce. */
export const page = ({ id }: Pick<Project, "id">, nonce: string): string =>
  "<!doctype html>\n" +
  html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Assent: a demonstration site</title>
      <link rel="icon" href="data:," />
      <script nonce="${nonce}" src="${assentPath}/site-v1/${id}/site-client"></script>
      <style nonce="${nonce}">
        ${trusted(style)}
      </style>
      <script nonce="${nonce}" type="text/plain" data-consent="analytics" src="/counter.js"></script>
    </head>
    <body>
      <main>
        <h1>A site that asks first</h1>
        <p class="lead">
          This page has one script tag of Assent. Choose something in the banner, and see below what the ledger then
          holds.
        </p>
        <section>
          <h2>A script that waits</h2>
          <div class="card">
            <p id="count" class="no">
              The visit counter has not been loaded: it waits for your permission for Analytics.
            </p>
            <p>
              <code>&lt;script type="text/plain" data-consent="analytics" src="/counter.js"&gt;</code>
            </p>
          </div>
          <div class="buttons">
            <button id="settings" type="button">Privacy settings</button>
            <button id="history" type="button">My earlier choices</button>
            <button id="forget" type="button">Forget this device</button>
          </div>
        </section>
        <section>
          <h2>What the ledger answers about you</h2>
          <p id="person">The ledger is being asked.</p>
          <ul id="decisions" class="rows"></ul>
        </section>
        <section>
          <h2>What the ledger has recorded</h2>
          <p id="none">No event.</p>
          <ul id="events" class="rows"></ul>
        </section>
        <section>
          <h2>What this browser keeps</h2>
          <p id="kept">Nothing yet.</p>
        </section>
      </main>
      <footer>
        <p>A demonstration on this machine. It is served only while the ledger is that of the demonstration.</p>
      </footer>
      <script nonce="${nonce}">
        ${trusted(showing)}
      </script>
    </body>
  </html>`.html
