/**
 * The style of the banner and of the settings button.
 *
 * The host has the class of the layout while the banner is shown: the button would lie under it, and the banner has one
 * that does the same. Decline and accept have one rule between them, and no rule for one alone. In the flow of the page
 * the host has the margin, because it is what the close button is placed in.
 */
export const bannerStyle = `
.banner,.settings{position:fixed;z-index:var(--assent-z,2147483000);background:var(--s);box-shadow:0 8px 40px #09142129}
.banner{inset:auto 0 0;display:grid;gap:0 3em;max-height:50vh;padding:1.25em 1.25em 0;overflow:auto;
border:1px solid var(--l);border-radius:var(--d) var(--d) 0 0}
.top{inset:0 0 auto}
.logo{height:2em}
.links{margin-block:-.3em;display:flex;flex-wrap:wrap;gap:0 1.25em}
.links:empty{display:none}
.links *{padding-block:11px;font-weight:500;text-align:start}
.actions{position:sticky;bottom:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(8em,100%),1fr));gap:.6em;
align-self:center;padding-block:.5em max(1.25em,env(safe-area-inset-bottom));background:var(--s);box-shadow:0 -9px 9px var(--s)}
.accept:first-child,.customize,.close{grid-column:1/-1}
.banner>.x{position:absolute;top:.4em;inset-inline-end:.4em}
.said{position:fixed;opacity:0}
:host([class]) .settings{display:none}
.settings{bottom:0;inset-inline-start:0;margin:1.25em;border-radius:22px;font-size:.875em}
:host(.inline){position:sticky;bottom:1em;z-index:var(--assent-z,2147483000);margin:0 1em 1em}
.inline{position:static;border-radius:var(--d)}
@media(min-width:40em){
.banner{inset:auto 1em 1em;padding:1.5em 1.5em 0;border-radius:var(--d)}
.box{width:27em;margin:auto}
.bottom-left{margin-inline-start:0}
.bottom-right{margin-inline-end:0}
.center{inset:0;height:fit-content}
.top{inset:1em 1em auto}
:not(.box)>.actions{grid-template-columns:repeat(2,minmax(8em,1fr)) auto}
:not(.box)>*>:not(.close){grid-column:auto}}
@media(min-width:64em){
:not(.box,dialog)>.body{max-width:46em;padding-bottom:1.5em}
.bar,.inline{grid-template-columns:1fr auto;inset-inline:max(1em,50% - 37.5em)}
:host(.inline){margin-inline:max(1em,50% - 37.5em)}}
@media(max-height:20em){.actions{position:static}}
@media(prefers-reduced-motion:no-preference){.banner{animation:in .24s}@keyframes in{0%{opacity:0;translate:0 .75em}}}`
