/**
 * The style sheet of the printed record of processing: wide and narrow screens, light and dark, and paper in A4
 * landscape. It loads nothing. Text and background of each pair reach a contrast of 4.5 : 1 (WCAG 2.2, 1.4.3).
 */
import { colours } from "../access-package/PackageStyle.ts"

const base = `
*{box-sizing:border-box}
html{font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{max-width:90rem;margin:0 auto;padding:0 1.25rem 4rem;overflow-wrap:anywhere}
h1,p,dl,dd,ul{margin:0;padding:0}
h1,.number{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:600;text-wrap:balance}
h1{font-size:clamp(1.7rem,1.2rem + 2vw,2.5rem);line-height:1.15;letter-spacing:-.01em}
ul{list-style:none}
header{padding:2.25rem 0 0}
.eyebrow{font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft);margin-bottom:.5rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:1rem 2rem;margin-top:1.25rem;padding:1rem 0;border-block:1px solid var(--line)}
dt{color:var(--soft);font-size:.85rem}
dd:empty::before{content:"not named";color:var(--soft)}
.numbers{display:flex;flex-wrap:wrap;align-items:baseline;gap:.5rem 2.5rem;margin-top:1rem}
.number{font-size:1.5rem;margin-inline-end:.4rem;font-variant-numeric:lining-nums}
table{width:100%;border-collapse:collapse;margin-top:1.5rem;font-size:.875rem;table-layout:fixed}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--ink);padding:.35rem .75rem .35rem 0;vertical-align:bottom;text-align:start;hyphens:auto}
.article{display:block;color:var(--link);font-size:.8rem;font-variant-numeric:lining-nums}
tbody{border-bottom:1px solid var(--line)}
tbody th{text-align:start;font-weight:600;vertical-align:top;padding:.6rem .75rem .3rem 0}
.below{display:block;font-weight:400;color:var(--soft)}
td{vertical-align:top;padding:.6rem .75rem .3rem 0}
li+li{margin-top:.15rem}
.beside td{padding:.15rem 0 .6rem;color:var(--soft);font-size:.8125rem}
.beside b{font-weight:600}
.pair{margin-inline-end:1.25rem}
.none,.gaps{color:var(--warn)}
.none{font-style:italic}
.gaps{display:block;margin-top:.15rem}
.empty{margin-top:2rem;color:var(--soft)}
:root{--warn:#8a4b00}
@media screen and (prefers-color-scheme:dark){:root{--warn:#f0b45a}}
`

const narrow = `
@media screen and (max-width:860px){
.facts{grid-template-columns:1fr;gap:.6rem}
thead{position:absolute;left:-999rem}
table,tbody,tr,td,tbody th{display:block;width:100%}
tbody{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.75rem .9rem;margin-top:.75rem}
tbody th{font-size:1.05rem;padding:0 0 .4rem}
td{display:grid;grid-template-columns:8.5rem 1fr;gap:.75rem;padding:.3rem 0;border-top:1px solid var(--line)}
td::before{content:attr(data-label);color:var(--soft)}
.beside td{display:block;padding:.4rem 0 0}
.beside td::before{content:none}
.pair{display:block;margin:0 0 .15rem}
}
`

const paper = `
@page{size:A4 landscape;margin:12mm 12mm 14mm;@bottom-right{content:counter(page) " / " counter(pages);font:7pt system-ui,sans-serif}}
@media print{
html{font-size:9pt;background:none}
body{max-width:none;padding:0}
header{padding:0}
h1{font-size:20pt}
table{font-size:7.75pt;margin-top:10pt}
.beside td{font-size:7.25pt}
thead{display:table-header-group}
tbody{break-inside:avoid}
thead th,td,tbody th{padding-inline-end:6pt}
}
`

/** The whole style sheet. */
export const style: string = [colours, base, narrow, paper].join("").replaceAll("\n", "")
