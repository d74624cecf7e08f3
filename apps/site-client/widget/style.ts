/**
 * The style that banner, button and preference centre share.
 *
 * Four colours make all others, so that a theme cannot set two actions apart. Lengths are in `em` of the size that the
 * visitor has set in the browser, because `all: initial` takes away that of the site.
 */
export const base = `
:host{all:initial;display:block}
*,::before,::after{box-sizing:border-box}
.r{
  --s:var(--assent-surface,#fff);
  --t:var(--assent-text,#1b222b);
  --a:var(--assent-action,var(--b-action,#1d5180));
  --o:var(--assent-on-action,var(--b-on-action,#fff));
  --m:color-mix(in srgb,var(--t) 78%,var(--s));
  --l:var(--assent-border,color-mix(in srgb,var(--t) 14%,var(--s)));
  --k:color-mix(in srgb,var(--t) 58%,var(--s));
  --d:var(--assent-radius,var(--b-radius,16px));
  color:var(--t);
  font:400 1em/1.5 var(--assent-font,var(--b-font,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif));
  overflow-wrap:break-word;
  text-align:start;
  -webkit-text-size-adjust:100%
}
.dark{
  --s:var(--assent-surface,#1b2026);
  --t:var(--assent-text,#eceff2);
  --a:var(--assent-action,var(--b-action,#a5cdf3));
  --o:var(--assent-on-action,var(--b-on-action,#0d2236))
}
h2,p{margin:0}
h2{font-size:1.125em;line-height:1.3;font-weight:650;text-wrap:balance}
a{color:inherit;text-underline-offset:.2em}
button{
  appearance:none;
  min-block-size:44px;
  min-inline-size:44px;
  padding:.5em 1.1em;
  border:1px solid transparent;
  border-radius:var(--assent-button-radius,var(--b-button-radius,10px));
  background:var(--a);
  color:var(--o);
  font:inherit;
  font-weight:600;
  line-height:1.25;
  cursor:pointer;
  hyphens:auto;
  overflow-wrap:anywhere
}
button:hover{background:color-mix(in srgb,var(--a) 86%,var(--t))}
.quiet{background:var(--s);color:var(--t);border-color:var(--k)}
.quiet:hover{background:color-mix(in srgb,var(--t) 7%,var(--s))}
.x{background:none;color:var(--m);padding:0;border-color:transparent;font-size:1.25em;font-weight:400}
:focus-visible{outline:3px solid var(--assent-focus,var(--t));outline-offset:2px}
:focus:not(:focus-visible){outline:none}
.badge{display:flex;gap:.6em;font-size:.875em;color:var(--m)}
.badge::before{content:"✓"/"";font-weight:700}
.hidden{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(prefers-contrast:more){.r{--m:var(--t);--l:var(--t);--k:var(--t)}}
@media print{:host{display:none}}`
