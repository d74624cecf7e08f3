/**
 * The report's style sheet, for light and dark, wide and narrow, screen and paper. It loads nothing.
 *
 * Text and background of each pair reach a contrast of 4.5 : 1 (WCAG 2.2, 1.4.3), graphics 3 : 1 (1.4.11).
 */

const light = `
--paper:#fbfaf7;--card:#fff;--ink:#1b2027;--soft:#545c68;--line:#dedbd2;--axis:#8b919b;--link:#0b5b57;
--before:#747c89;--after:#0a7a73;--gap:#0a7a7322;--ask:#b06a00;--loss:#b23a24;--gain:#2c7a44;
--yes:#0a7a73;--open:#b06a00;--no:#5b5fa8;--bars:#b06a00;--maybars:#8d90c9;--ask-text:#8a5200;--ask-soft:#fdf3e0;`

const dark = `
--paper:#14171b;--card:#1c2026;--ink:#e9e7e2;--soft:#a9b0bb;--line:#343a43;--axis:#737b87;--link:#74d3ca;
--before:#98a1ae;--after:#4fc4b8;--gap:#4fc4b82e;--ask:#e5a845;--loss:#f08a72;--gain:#79c98f;
--yes:#4fc4b8;--open:#e5a845;--no:#a3a7ee;--bars:#9a7132;--maybars:#6d71b4;--ask-text:#f0bd6a;--ask-soft:#2b2418;`

const base = `
*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%}
body{max-width:56rem;margin:0 auto;padding:0 1rem 4rem;overflow-wrap:anywhere}
h1,h2,h3,p,ul,ol,dl,dd,figure,pre{margin:0}
ul,ol{padding:0;list-style:none}
h1,h2,.number{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:600;text-wrap:balance}
h1{font-size:clamp(1.7rem,1.1rem + 2.6vw,2.7rem);line-height:1.15;letter-spacing:-.01em}
h2{font-size:clamp(1.3rem,1.1rem + .9vw,1.65rem);line-height:1.25;margin-bottom:.5rem}
h3{font-size:1rem}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem .75rem;z-index:1}
header{padding:2.5rem 0 1.5rem}
.eyebrow{font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft);margin-bottom:.75rem}
section{margin-top:3.25rem}
section>p{max-width:44rem}
.aside,figcaption,.detail,.type{color:var(--soft);font-size:.875rem}
.aside{margin-top:.5rem}
`

const question = `
.question{margin-top:1.75rem;border-top:1px solid var(--line)}
.question>div{display:grid;grid-template-columns:7.5rem 1fr;gap:.25rem 1rem;padding:.7rem 0;border-bottom:1px solid var(--line)}
.question dt{color:var(--soft)}
.question li+li{margin-top:.3rem}
@media (max-width:560px){.question>div{grid-template-columns:1fr}.question dt{font-size:.875rem}}
.answer{margin-top:1.5rem}
.lead{font-size:1.15rem}
.numbers{display:grid;grid-template-columns:repeat(4,1fr);gap:1rem;margin-top:1.25rem}
.numbers li{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--tone);border-radius:.4rem;padding:1rem 1.1rem 1.1rem;display:flex;flex-direction:column}
.number{font-size:clamp(2rem,1.3rem + 2.6vw,2.9rem);line-height:1.1;font-variant-numeric:lining-nums;letter-spacing:-.02em;overflow-wrap:normal}
.what{font-weight:600;margin-bottom:.35rem}
.numbers .detail{font-size:.8125rem}
.numbers .detail+.detail{margin-top:.35rem}
.ask{--tone:var(--ask)}.may{--tone:var(--no)}.loss{--tone:var(--loss)}.gain{--tone:var(--gain)}
@media (max-width:860px){.numbers{grid-template-columns:repeat(2,1fr);gap:.75rem}}
@media (max-width:430px){.numbers{grid-template-columns:1fr}}
.packs{margin-top:1.75rem}
.packs h2{font-family:inherit;font-size:1rem}
.pack{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:1rem 1.1rem}
.pack+.pack{margin-top:1rem}
.pack>p{max-width:44rem}
.pack dl{margin:.5rem 0;font-size:.925rem}
.pack dl>div{display:grid;grid-template-columns:7rem 1fr;gap:.25rem .75rem}
.pack dt{color:var(--soft)}
.pack ul{max-width:44rem;font-size:.925rem}
.pack li{padding-left:1rem;text-indent:-1rem}
.pack li+li{margin-top:.3rem}
.pack li::before{content:"– "}
.pack .advice{font-weight:600;margin-top:.6rem;color:var(--ask-text)}
@media (max-width:430px){.pack dl>div{grid-template-columns:1fr;gap:0}}
.warnings{margin-top:1.5rem;background:var(--ask-soft);border-left:4px solid var(--ask);border-radius:.4rem;padding:.9rem 1.1rem}
.warnings h2{font-family:inherit;font-size:1rem;color:var(--ask-text);margin-bottom:.25rem}
.warnings li{padding-left:1rem;text-indent:-1rem}
.warnings li::before{content:"– "}
nav{margin-top:2rem;border-top:1px solid var(--line);border-bottom:1px solid var(--line);padding:.5rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:0 1.25rem}
nav a{display:inline-block;padding:.3rem 0;font-size:.925rem}
`

const charts = `
figure{margin-top:1.1rem}
figcaption{margin-top:.4rem;max-width:44rem}
.plot{display:block;width:100%;height:auto;overflow:visible;background:none;font-family:inherit;font-variant-numeric:tabular-nums}
.plot text{fill:var(--soft)}
.plot text[font-weight="600"],.plot g[font-weight="600"] text{fill:var(--ink)}
.narrow{display:none}
@media (max-width:699px){.wide{display:none}.narrow{display:block}}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;font-size:.9rem;margin-bottom:.4rem}
.legend li{display:flex;align-items:center;gap:.5rem}
.sample{display:block;width:1.5rem;height:0;border-top:4px solid var(--tone);border-radius:2px;flex:none}
.sample.dashed{border-top-style:dashed;border-top-width:3px;border-radius:0}
.ink{--tone:var(--ink)}.maybars{--tone:var(--maybars)}.bars{--tone:var(--bars)}.before{--tone:var(--before)}.after{--tone:var(--after)}.yes{--tone:var(--yes)}.open{--tone:var(--open)}.no{--tone:var(--no)}
`

const tables = `
table{border-collapse:collapse;width:100%;font-size:.925rem}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--soft);font-size:.8125rem;white-space:nowrap}
.figure{text-align:right;padding-right:0;padding-left:.75rem;font-variant-numeric:tabular-nums}
.behind{margin-top:.75rem}
summary{cursor:pointer;color:var(--link);font-size:.925rem;padding:.3rem 0}
.scroll{max-height:24rem;overflow:auto;border:1px solid var(--line);border-radius:.4rem;background:var(--card);padding:0 .9rem .5rem;margin-top:.4rem;overflow-wrap:normal}
.scroll caption{padding-top:.6rem}
.scroll thead th{position:sticky;top:0;background:var(--card)}
.ranked th[scope=row]{width:55%}
.ranked td{display:flex;align-items:center;gap:.75rem;border-bottom:0}
.ranked tr{border-bottom:1px solid var(--line)}
.ranked tbody th{border-bottom:0}
.bar{flex:1;height:.6rem;background:var(--line);border-radius:.3rem;overflow:hidden}
.bar span{display:block;height:100%;background:var(--after);border-radius:.3rem}
.value{min-width:4.5rem}
@media (max-width:560px){.ranked .bar{display:none}.ranked td{justify-content:flex-end}.ranked th[scope=row]{width:auto}.ranked thead th{white-space:normal}.value{min-width:0}}
`

const people = `
.glossary{margin-top:1.25rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:.35rem 2rem;font-size:.925rem}
.glossary div{display:grid;grid-template-columns:6rem 1fr;gap:.5rem}
.glossary dt{font-weight:600}
.glossary dd{color:var(--soft)}
.people{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem;margin-top:1rem}
.person{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:1rem 1.1rem}
.person h3 .type{font-weight:400;display:block}
.strip{position:relative;height:.5rem;background:var(--line);border-radius:.25rem;margin:.7rem 0 .9rem;overflow:hidden}
.strip span{position:absolute;top:0;bottom:0;min-width:2px;background:var(--tone)}
.person ol li{border-left:3px solid var(--tone);padding-left:.8rem}
.person ol li+li{margin-top:.9rem}
.when{font-weight:600;font-size:.925rem}
.side{display:grid;grid-template-columns:4rem 1fr;gap:.5rem;font-size:.925rem}
.side dt{color:var(--soft)}
.because{font-size:.875rem;color:var(--soft);margin-top:.25rem}
`

const provenance = `
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,16rem),1fr));gap:.8rem 2rem;margin:.75rem 0 1.25rem}
.facts dt{color:var(--soft);font-size:.875rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem;margin-bottom:1.25rem}
.pair>*{min-width:0}
pre{font:.8125rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.75rem .9rem;margin-top:.4rem;max-height:26rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.8125rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.inputs{margin-bottom:1.25rem}
.inputs th[scope=row]{width:30%;min-width:6rem}
.on-paper{display:none}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
`

const paper = `
@page{margin:16mm 14mm}
@media print{
:root{color-scheme:light;${light}--paper:#fff}
html{font-size:9pt}
h1{font-size:19pt}
header{padding-bottom:.25rem}
footer{margin-top:1rem}
footer,.aside{break-before:avoid}
body{max-width:none;padding:0}
header{padding-top:0}
section{margin-top:1.4rem}
figure{margin-top:.5rem}
.question{margin-top:1rem}
.packs{margin-top:1rem}
.skip,nav,.behind{display:none}
.on-paper{display:block!important}
.wide{display:block!important}.narrow{display:none!important}
.numbers{grid-template-columns:repeat(4,1fr)!important;gap:.6rem}
h2,h3,caption,thead,.legend,section>p{break-after:avoid}
section>p,#types,#why,figure,.numbers,.person,.ranked,.warnings,.question>div,.pack,.inputs,.glossary div,tr{break-inside:avoid}
section>p,.pack>p,.pack ul,.lead,figcaption{max-width:none}
.numbers li{padding:.7rem .8rem}
.plot{max-height:58mm}
.person{background:none}
#proof{break-before:page}
pre{max-height:none;overflow:visible}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
`

/** The whole style sheet. */
export const style = [
  `:root{color-scheme:light dark;${light}}`,
  `@media screen and (prefers-color-scheme:dark){:root{${dark}}}`,
  base,
  question,
  charts,
  tables,
  people,
  provenance,
  paper,
].join("")
