/**
 * The style sheet of the page of an access package, for light and dark, wide and narrow, screen and paper. It loads
 * nothing. Text and background of each pair reach a contrast of 4.5 : 1 (WCAG 2.2, 1.4.3).
 */

/** Colours of pages that people are answered with, light and dark. */
export const colours = `
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1b2027;--soft:#545c68;--line:#dedbd2;--link:#0b5b57;--note:#fdf3e0;--edge:#b06a00}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1c2026;--ink:#e9e7e2;--soft:#a9b0bb;--line:#343a43;--link:#74d3ca;--note:#2b2418;--edge:#e5a845}}
`

const base = `
*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{max-width:56rem;margin:0 auto;padding:0 1rem 4rem;overflow-wrap:anywhere}
h1,h2,p,dl,dd,ul{margin:0}
h1,h2,.number{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:600;text-wrap:balance}
h1{font-size:clamp(1.7rem,1.1rem + 2.6vw,2.7rem);line-height:1.15;letter-spacing:-.01em}
h2{font-size:clamp(1.3rem,1.1rem + .9vw,1.65rem);line-height:1.25;margin-bottom:.4rem}
a{color:var(--link)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
header{padding:2.5rem 0 0}
.eyebrow{font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft);margin-bottom:.75rem}
.lead{font-size:1.15rem;max-width:44rem;margin-top:1rem}
.facts{margin-top:1.5rem;border-top:1px solid var(--line)}
.facts>div{display:grid;grid-template-columns:10rem 1fr;gap:.25rem 1rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}
.numbers{display:grid;grid-template-columns:repeat(4,1fr);gap:1rem;margin-top:1.5rem;padding:0;list-style:none}
.numbers li{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--link);border-radius:.4rem;padding:.9rem 1rem}
.number{display:block;font-size:2rem;line-height:1.1;font-variant-numeric:lining-nums;overflow-wrap:normal}
section{margin-top:2.75rem}
section>p{max-width:44rem;color:var(--soft)}
.note{margin-top:1.5rem;background:var(--note);border-left:4px solid var(--edge);border-radius:.4rem;padding:.9rem 1.1rem;max-width:none;color:inherit}
.note h2{font-size:1.15rem}
table{width:100%;border-collapse:collapse;margin-top:.9rem;font-size:.925rem}
th{text-align:start;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:.35rem .75rem .35rem 0;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:.5rem .75rem .5rem 0;vertical-align:top}
td:last-child,th:last-child{padding-inline-end:0}
.soft{color:var(--soft);font-size:.875rem}
.nowrap{white-space:nowrap}
`

const narrow = `
@media screen and (max-width:640px){
.numbers{grid-template-columns:1fr 1fr;gap:.75rem}
.facts>div{grid-template-columns:1fr;gap:0}
thead{position:absolute;left:-999rem}
table,tbody,tr,td{display:block;width:100%}
tr{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.4rem .9rem;margin-top:.6rem}
td{display:grid;grid-template-columns:7.5rem 1fr;gap:.75rem;border:0;padding:.25rem 0}
td::before{content:attr(data-label);color:var(--soft);font-size:.875rem}
td:empty{display:none}
.nowrap{white-space:normal}
}
`

const paper = `
@page{margin:18mm 16mm}
@media print{
html{font-size:10.5pt;background:none}
td{padding-block:.25rem}
body{max-width:none;padding:0}
header{padding-top:0}
h2{break-after:avoid}
tr,.numbers li,.note,.facts>div{break-inside:avoid}
thead{display:table-header-group}
a{color:inherit}
a[href]::after{content:" (" attr(href) ")";font-size:.85em}
}
`

/** The whole style sheet. */
export const style: string = [colours, base, narrow, paper].join("").replaceAll("\n", "")
