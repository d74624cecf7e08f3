/**
 * The style of the preference centre, of the history and of questions.
 *
 * Refuse and accept have one rule between them, and no rule for one alone.
 */
export const preferencesStyle = `
dialog{width:min(40em,100%);max-width:none;max-height:min(46em,100vh - 2em);margin:auto;padding:0;overflow:auto;
overscroll-behavior:contain;background:var(--s);color:var(--t);border:1px solid var(--l);border-radius:var(--d);
box-shadow:0 16px 64px #0914214d}
::backdrop{background:#09142180}
.head,.choices{position:sticky;z-index:1;padding:1em var(--p);background:var(--s)}
.head{top:0;display:flex;align-items:center;justify-content:space-between;gap:1em;padding-block:.6em;
border-bottom:1px solid var(--l)}
.head button{margin-inline-end:-.6em}
.choices{bottom:0;display:flex;flex-wrap:wrap;gap:.6em;border-top:1px solid var(--l)}
.choices *{flex:1 1 8em}
.choices .conflict{flex-basis:100%;font-weight:500}
dialog{--p:1.25em}
dialog .body{gap:1em;padding:1.25em calc(var(--p)/.9375)}
[tabindex]{outline:0}
ul,ol{list-style:none;margin:0;padding:0}
.link,.undo{justify-self:start}
.row{display:grid;grid-template-columns:1fr auto;gap:.25em 1em;align-items:center;padding-block:1em}
details{scroll-margin-top:5em}
.row,details{border-top:1px solid var(--l)}
.row p{grid-column:1/-1}
h3{margin:0;font-size:1.0625em;font-weight:600;line-height:1.3}
label{display:block;padding-block:.7em;margin-block:-.5em;cursor:pointer}
.status{display:flex;gap:.5em;align-items:baseline;font-size:.875em;font-weight:500}
.status::before{content:"";flex:none;width:9px;height:9px;border:2px solid var(--k);border-radius:9px}
.on::before{background:var(--a);border-color:var(--a)}
input{appearance:none;position:relative;width:52px;height:44px;margin:0;border-radius:22px;cursor:pointer}
input::before,input::after{content:"";position:absolute;border-radius:99px}
input::before{inset:7px 0;border:2px solid var(--k)}
input::after{top:13px;inset-inline-start:6px;width:18px;height:18px;background:var(--k)}
input:checked::before{background:var(--a);border-color:var(--a)}
input:checked::after{inset-inline-start:28px;background:var(--o)}
summary{padding:.7em .3em;margin-bottom:.5em;font-weight:600;cursor:pointer}
.line{display:grid;padding:.5em 1em;margin-bottom:.75em;border-inline-start:2px solid var(--l);color:var(--m)}
.line.on{border-color:var(--a)}
strong{color:var(--t);font-weight:600}
.line>:first-child{font-size:.875em}
.undo{margin-top:.5em}
.badge{font-size:.875em}
.badge:empty{display:none}
.question{width:min(26em,100% - 2em)}
.question h2{padding:1.5em var(--p) .5em;font-size:1em;font-weight:500;line-height:1.5}
.question .choices{border:0}
@media(max-width:40em){.dialog{margin-bottom:0;border-radius:var(--d) var(--d) 0 0}}
@media(min-width:40em){dialog{--p:1.5em}}
@media(max-height:30em){.head,.choices{position:static}}
@media(forced-colors:active){
input::after,input:checked::before,.on::before{forced-color-adjust:none;background:CanvasText;border-color:CanvasText}
input:checked::after{background:Canvas}}
@media(prefers-reduced-motion:no-preference){input::before,input::after{transition:.16s}}`
