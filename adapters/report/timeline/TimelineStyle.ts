/**
 * What the style sheet of a timeline's page adds to that of the report: its picture, its tables on a phone, and paper.
 */

const light = `--yes-soft:#dcefec;--open-soft:#faecd3;--no-soft:#e4e5f5;--ahead:#f3f1ea;--on-mark:#fff;`
const dark = `--yes-soft:#16403c;--open-soft:#44341a;--no-soft:#2f3160;--ahead:#1b1f25;--on-mark:#14171b;`

const picture = `
.patterns{position:absolute}
.swim,.swatch{display:block;overflow:visible;font-family:inherit}
.swim{width:100%;height:auto;font-size:12.5px;font-variant-numeric:tabular-nums}
.swim text{fill:var(--soft)}
.swim .name{fill:var(--ink);font-weight:600}
.swim .version{fill:var(--ink)}
.swim .label{fill:var(--ink);font-weight:600;text-anchor:middle;paint-order:stroke;stroke-width:5px;stroke-linejoin:round}
.label.yes{stroke:var(--yes-soft)}.label.no{stroke:var(--no-soft)}.label.open{stroke:var(--open-soft)}.label.unknown{stroke:var(--paper)}
.swim .count{fill:var(--on-mark);font-weight:600;font-size:11px;text-anchor:middle}
.swim .at{text-anchor:middle;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}.swim .end{text-anchor:end}
.ahead{fill:var(--ahead)}
tr .ahead,tr.ahead{fill:none}
.rail,.tick{stroke:var(--line);stroke-width:1;fill:none}
.tick{stroke:var(--axis)}
.recorded{stroke:var(--axis);stroke-width:1.5;stroke-dasharray:2 3;fill:none}
.text{stroke:var(--axis);stroke-width:1.25;stroke-dasharray:4 4;fill:none}
.anew{stroke:var(--ink);stroke-width:2.5;fill:none}
path.now{stroke:var(--ink);stroke-width:1.5;fill:none}
path.next{stroke:var(--axis);stroke-width:1.5;stroke-dasharray:1 3;stroke-linecap:round;fill:none}
.swim text.now{fill:var(--ink);font-weight:600}
.mark.yes{fill:var(--yes);stroke:var(--yes)}.mark.no{fill:var(--no);stroke:var(--no)}.mark.open{fill:var(--open);stroke:var(--open)}
.mark{stroke-width:2}.mark.hollow{fill:var(--paper)}
.band{stroke-width:1.5}
.band.given,.band.implied{fill:var(--yes-soft);stroke:var(--yes)}
.band.requested,.band.expired,.band.invalidated{fill:var(--open-soft);stroke:var(--open)}
.band.refused,.band.withdrawn{fill:var(--no-soft);stroke:var(--no)}
.band.unknown{fill:none;stroke:var(--axis);stroke-dasharray:3 3}
.band.mixed{fill:var(--card);stroke:var(--axis)}
.over{fill:none;opacity:.55}
.over.implied{fill:url(#p-implied)}.over.requested{fill:url(#p-requested)}.over.expired{fill:url(#p-expired)}
.over.invalidated{fill:url(#p-invalidated)}.over.withdrawn{fill:url(#p-withdrawn)}
.patterns path{stroke-width:1.6;fill:none}
.patterns .yes{stroke:var(--yes)}.patterns .open{stroke:var(--open)}.patterns .no{stroke:var(--no)}
.patterns circle.open{fill:var(--open)}
.swatch{width:1.75rem;height:1.125rem;flex:none}
figcaption .legend{margin:.3rem 0 .5rem;color:var(--ink)}
`

const answers = `
.erased{background:var(--no-soft);border-left:4px solid var(--no);border-radius:.4rem;padding:.9rem 1.1rem;margin-bottom:1rem;max-width:none}
.outcomes{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem;margin-top:1rem}
.outcomes li{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--tone);border-radius:.4rem;padding:.9rem 1.1rem 1rem}
.outcomes .outcome{margin:.2rem 0 .4rem}
.outcomes .outcome b{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-size:1.35rem;margin-right:.35rem}
.outcomes .detail+.detail{margin-top:.3rem}
h2 .type,h3 .type{font:400 .875rem/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;color:var(--soft)}
.one h2 .type,.outcomes .type{display:block}
.one>h3{margin:2rem 0 .5rem}
.one>p+p{margin-top:.4rem}
.silent{columns:16rem;column-gap:2rem;margin-top:.6rem;font-size:.925rem}
.members{margin:.5rem 0 1.25rem}
`

const tables = `
td .detail,th .detail,dt .detail{display:block}
.events tr>*{padding-right:1.1rem}
.events th[scope=row]{width:2.5rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.events .date{width:23%}.events .date+td{width:35%}
.events code{display:block;color:var(--soft);font-size:.72rem}
.answers .status{white-space:nowrap}
.share{fill:var(--yes)}
.question code{font-size:.925rem}
.events .decides>*{background:var(--card)}
.events .decides .role{color:var(--link)}
.events .decides th{box-shadow:inset 4px 0 0 var(--link);padding-left:.75rem}
.events tbody th{padding-left:.75rem}.events thead th:first-child{padding-left:.75rem}
.answers .current>*{background:var(--card)}
.answers .current th{box-shadow:inset 4px 0 0 var(--ink)}
.answers tbody th,.answers thead th:first-child{padding-left:.75rem;width:27%}
.answers .ahead td,.answers .ahead th{color:var(--soft)}
b.yes,b.no,b.open{color:var(--ink)}
.all{font-size:.75rem;white-space:nowrap}
.versions>div{display:grid;grid-template-columns:14rem 1fr;gap:.25rem 1.5rem;padding:.7rem 0;border-bottom:1px solid var(--line)}
.versions dt{font-weight:600}.versions dt .detail{font-weight:400}
.versions .document{white-space:pre-wrap;font-size:.875rem;border-left:3px solid var(--line);padding-left:.8rem;margin-top:.4rem}
@media (max-width:699px){
.events thead,.answers thead,.stacked thead{position:absolute;left:-999rem}
.events tr,.answers tr,.stacked tr{display:block;padding:.55rem 0;border-bottom:1px solid var(--line)}
.events tr>*,.answers tr>*,.stacked tr>*{display:block;border:0;padding:.1rem 0 .1rem .75rem;width:auto!important}
.events .decides,.answers .current{background:var(--card);box-shadow:inset 4px 0 0 var(--link)}
.events .decides>*,.answers .current>*{background:none!important;box-shadow:none!important}
.events th[scope=row]::before{content:"No. ";color:var(--soft)}
.versions>div{grid-template-columns:1fr}
}
`

const paper = `
@media print{
:root{${light}}
#proof{break-before:auto}
figure,.outcomes li,.versions>div,#proof{break-inside:avoid}
.one>h2,.one>p{break-after:avoid}
.one>h3{break-after:avoid}
footer{break-before:avoid}
.document{break-inside:auto}
.events .decides>*,.answers .current>*,.outcomes li{background:none}
.events tr,.answers tr,.stacked tr{display:table-row!important}
.events tr>*,.answers tr>*,.stacked tr>*{display:table-cell!important}
}
`

/** The rules that are added. */
export const timelineStyle = [
  `:root{${light}}`,
  `@media screen and (prefers-color-scheme:dark){:root{${dark}}}`,
  picture,
  answers,
  tables,
  paper,
].join("")
