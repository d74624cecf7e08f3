/**
 * The style sheet of the page of a requester, for light and dark, wide and narrow. It loads nothing. Text and
 * background of each pair reach a contrast of 4.5 : 1 (WCAG 2.2, 1.4.3), and what can be pressed is 44 pixels high
 * (2.5.5).
 */
import { colours } from "../access-package/PackageStyle.ts"
import { type Html, trusted } from "../formats/Html.ts"

const base = `
:root{--button:#0b5b57;--onbutton:#fff}
@media (prefers-color-scheme:dark){:root{--button:#74d3ca;--onbutton:#10201f}}
*{box-sizing:border-box}
html{font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere}
main,footer{max-width:40rem;margin:0 auto;padding:0 1.25rem}
main{padding-top:clamp(2rem,6vw,5rem)}
h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:600;text-wrap:balance;margin:0}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,2.6rem);line-height:1.15;letter-spacing:-.01em}
h2{font-size:1.3rem;line-height:1.25}
p{margin:.6rem 0 0}
a{color:var(--link)}
.about{margin:0 0 .6rem;color:var(--soft)}
section{margin-top:2rem}
.note{margin:0 0 1.75rem;padding:.8rem 1.1rem;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--link);border-radius:.4rem}
.warn{background:var(--note);border-color:var(--note);border-left-color:var(--edge);margin:1.25rem 0 0}
.words{white-space:pre-line}
dl{margin:1.5rem 0 0;border-top:1px solid var(--line)}
dl>div{display:grid;grid-template-columns:9rem 1fr;gap:0 1rem;padding:.55rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}
dd{margin:0}
form{margin-top:1.25rem;display:flex;flex-wrap:wrap;gap:.75rem}
button{font:inherit;font-weight:600;min-height:2.9rem;padding:.5rem 1.2rem;border-radius:.4rem;border:2px solid var(--button);background:var(--button);color:var(--onbutton);cursor:pointer}
button.quiet{background:transparent;color:var(--link);border-color:var(--line)}
label{flex-basis:100%;font-weight:600}
textarea{font:inherit;width:100%;min-height:8rem;padding:.6rem .8rem;border:1px solid var(--soft);border-radius:.4rem;background:var(--card);color:inherit;resize:vertical}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
ul{list-style:none;margin:1rem 0 0;padding:0}
li{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between;padding:.6rem 0;border-bottom:1px solid var(--line)}
li form{margin:0}
li span{flex:1 1 12rem}
small,.soft{color:var(--soft);font-size:.875rem}
small{display:block}
summary{cursor:pointer;padding:.6rem 0;color:var(--link)}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--soft);font-size:.875rem}
footer p{border-top:1px solid var(--line);padding-top:1rem}
`

const narrow = `@media (max-width:480px){dl>div{grid-template-columns:1fr}button{width:100%}li form{width:100%}}`

/** The whole style sheet. */
export const style: string = [colours, base, narrow].join("").replaceAll("\n", "")

/** The element that holds it. Browsers compare a digest of its whole content, so nothing may stand around the text. */
export const styleElement: Html = trusted(`<style>${style}</style>`)
