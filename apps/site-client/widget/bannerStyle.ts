/**
 * The style of the banner and of the settings button.
 *
 * Decline and accept have one rule between them, and no rule for one alone.
 */
export const bannerStyle = `
.banner{
  position:fixed;
  z-index:var(--assent-z,2147483000);
  inset-inline:0;
  inset-block-end:0;
  display:grid;
  gap:1em 3em;
  max-block-size:50vh;
  max-block-size:50dvh;
  padding:1.25em;
  padding-block-end:max(1.25em,env(safe-area-inset-bottom));
  overflow:auto;
  overscroll-behavior:contain;
  background:var(--s);
  border:1px solid var(--l);
  border-radius:var(--d) var(--d) 0 0;
  box-shadow:0 8px 40px rgb(9 20 33/.16)
}
.top,.aside:not(.top){inset-block:0 auto;border-radius:0 0 var(--d) var(--d)}
.top.aside{inset-block:auto 0}
.body{display:grid;gap:.4em;font-size:.9375em;max-inline-size:46em}
.body p{color:var(--m)}
.logo{block-size:2em;inline-size:auto;justify-self:start}
.links{display:flex;flex-wrap:wrap;gap:0 1.25em}
.links:empty{display:none}
.links a,.link{
  display:inline-flex;
  align-items:center;
  min-block-size:44px;
  margin-block:-.4em;
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
[hidden]{display:none}
.actions{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(8.5em,100%),1fr));gap:.625em;align-content:center}
.customize{grid-column:1/-1}
.close{position:absolute;inset-block-start:.4em;inset-inline-end:.4em}
.close.link{position:static;margin:0}
.close.x~*,.banner:has(.x) h2{padding-inline-end:2em}
.inline{position:sticky}
@media(min-width:640px){
  .banner{inset-inline:1em;inset-block-end:1em;padding:1.5em;border-radius:var(--d)}
  .top,.aside:not(.top){inset-block:1em auto}
  .top.aside{inset-block:auto 1em}
  .bar .actions,.inline .actions{grid-template-columns:repeat(3,minmax(0,1fr))}
  .bar .customize,.inline .customize{grid-column:auto}
  .box{inset-inline:1em auto;inline-size:27em}
  .bottom-right{inset-inline:auto 1em}
  .box.center,.box.bottom,.box.top{inset-inline:0;margin-inline:auto}
  .center{inset-block:0;margin-block:auto;block-size:fit-content}
}
@media(min-width:1000px){
  .bar,.inline{grid-template-columns:minmax(0,1fr) minmax(26em,auto);inset-inline:max(1em,calc(50% - 37.5em))}
}
.settings{
  position:fixed;
  z-index:var(--assent-z,2147483000);
  inset-inline-start:1em;
  inset-block-end:max(1em,env(safe-area-inset-bottom));
  display:flex;
  align-items:center;
  gap:.5em;
  font-size:.875em;
  border-radius:22px;
  box-shadow:0 2px 12px rgb(9 20 33/.14)
}
@media(prefers-reduced-motion:no-preference){
  .banner{animation:in .24s ease-out}
  @keyframes in{from{opacity:0;transform:translateY(.75em)}}
}`
