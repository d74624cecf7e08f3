/**
 * The style of the preference centre, of the history and of questions.
 *
 * Refuse and accept have one rule between them, and no rule for one alone.
 */
export const preferencesStyle = `
dialog{
  inline-size:min(40em,100%);
  max-inline-size:none;
  max-block-size:min(46em,100vh - 2em);
  max-block-size:min(46em,100dvh - 2em);
  margin:auto;
  padding:0;
  overflow:auto;
  overscroll-behavior:contain;
  border:1px solid var(--l);
  border-radius:var(--d);
  background:var(--s);
  color:inherit;
  box-shadow:0 16px 64px rgb(9 20 33/.3)
}
::backdrop{background:rgb(9 20 33/.5)}
header,footer{position:sticky;z-index:1;background:var(--s)}
header{
  inset-block-start:0;
  display:flex;
  align-items:center;
  justify-content:space-between;
  gap:1em;
  padding:.75em 1em .75em 1.5em;
  padding-inline:1.5em 1em;
  border-block-end:1px solid var(--l)
}
footer{
  inset-block-end:0;
  display:grid;
  grid-template-columns:repeat(auto-fit,minmax(min(8.5em,100%),1fr));
  gap:.625em;
  padding:1em 1.5em;
  border-block-start:1px solid var(--l)
}
.save,.conflict{grid-column:1/-1}
dialog .body{display:grid;gap:1em;padding:1.25em 1.5em;font-size:.9375em}
.body p{color:var(--m)}
ul,ol{list-style:none;margin:0;padding:0}
.row{
  display:grid;
  grid-template-columns:minmax(0,1fr) auto;
  gap:.25em 1em;
  align-items:center;
  padding-block:1em;
  border-block-start:1px solid var(--l)
}
.row p{grid-column:1}
h3{margin:0;font-size:1.0625em;font-weight:600;line-height:1.3}
label{display:block;padding-block:.6em;margin-block:-.6em;cursor:pointer}
.always{font-size:.875em;color:var(--m)}
.status{display:flex;gap:.5em;align-items:baseline;font-size:.875em;font-weight:500}
.status::before{content:"";flex:none;inline-size:.55em;block-size:.55em;border:2px solid var(--k);border-radius:50%}
.given::before,.implied::before{background:var(--a);border-color:var(--a)}
input{
  appearance:none;
  position:relative;
  flex:none;
  inline-size:52px;
  block-size:44px;
  margin:0;
  border-radius:22px;
  cursor:pointer
}
input::before,input::after{content:"";position:absolute;border-radius:99px}
input::before{inset:7px 0;border:2px solid var(--k);background:var(--s)}
input::after{inset-block-start:13px;inset-inline-start:6px;inline-size:18px;block-size:18px;background:var(--k)}
input:checked::before{background:var(--a);border-color:var(--a)}
input:checked::after{inset-inline-start:28px;background:var(--o)}
summary{display:flex;align-items:center;gap:.6em;min-block-size:44px;font-weight:600;cursor:pointer}
summary::before{content:"";inline-size:.5em;block-size:.5em;border:solid;border-width:0 2px 2px 0;rotate:-45deg}
[open]>summary::before{rotate:45deg}
details{border-block-start:1px solid var(--l);padding-block-start:.5em}
.line{
  display:grid;
  gap:0 1em;
  padding-block:.75em;
  padding-inline-start:1em;
  border-inline-start:2px solid var(--l);
  color:var(--m);
  font-size:.9375em
}
.line strong{color:var(--t);font-weight:600}
.line time{font-size:.875em}
.decides{border-color:var(--a)}
.undo,.download{justify-self:start;margin-block-start:.5em}
.link{
  justify-self:start;
  padding:0;
  background:none;
  border:0;
  color:var(--t);
  font-weight:500;
  text-align:start;
  text-decoration:underline;
  text-underline-offset:.2em
}
.link:hover{background:none;text-decoration-thickness:2px}
.pending:empty{display:none}
.conflict{font-weight:500}
.question{padding:1.5em 0 0;inline-size:min(26em,100%)}
.question h2{padding-inline:1.5em;padding-block-end:1em;font-size:1em;font-weight:500}
.question footer{border:0;padding-block-start:0}
@media(max-width:639px){
  dialog:not(.question){margin-block-end:0;border-radius:var(--d) var(--d) 0 0}
  header,footer{padding-inline-start:1.25em}
  footer{padding-inline-end:1.25em;padding-block-end:max(1em,env(safe-area-inset-bottom))}
  dialog .body{padding-inline:1.25em}
}
@media(min-width:640px){
  footer{grid-template-columns:repeat(3,minmax(0,1fr))}
  .save{grid-column:auto}
  .question footer{grid-template-columns:repeat(2,minmax(0,1fr))}
}
@media(max-height:30em){header,footer{position:static}}
@media(forced-colors:active){
  input::before{border-color:ButtonText}
  input::after{forced-color-adjust:none;background:ButtonText}
  input:checked::before{forced-color-adjust:none;background:Highlight;border-color:Highlight}
  input:checked::after{background:HighlightText}
  .status::before{forced-color-adjust:none;border-color:CanvasText}
  .given::before,.implied::before{background:CanvasText}
}
@media(prefers-reduced-motion:no-preference){
  input::before,input::after{transition:.16s}
}`
