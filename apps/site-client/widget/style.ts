/**
 * The style that banner, button and preference centre share.
 *
 * Four colours make all others, so that a theme cannot set two actions apart. Lengths are in `em` of the size that the
 * visitor has set in the browser, because `all: initial` takes away that of the site.
 */
const dark = `{
--s:var(--assent-surface,#1b2026);
--t:var(--assent-text,#eceff2);
--a:var(--assent-action,#a5cdf3);
--o:var(--assent-on-action,#0d2236)}`

export const base = `:host{all:initial;display:block}
*,::before{box-sizing:border-box}
.root{
--s:var(--assent-surface,#fff);
--t:var(--assent-text,#1b222b);
--a:var(--assent-action,#1d5180);
--o:var(--assent-on-action,#fff);
--m:color-mix(in srgb,var(--t) 78%,var(--s));
--k:color-mix(in srgb,var(--t) 58%,var(--s));
--l:var(--assent-border,color-mix(in srgb,var(--t) 14%,var(--s)));
--d:var(--assent-radius,var(--b-cardRadius,16px));
color:var(--t);font:1em/1.5 var(--assent-font,var(--b-font,system-ui,sans-serif));overflow-wrap:anywhere}
.brand{
--a:var(--assent-action,var(--b-primaryColor,#1d5180));
--o:var(--assent-on-action,var(--b-secondaryColor,#fff))}
.dark${dark}
@media(prefers-color-scheme:dark){.auto${dark}}
h2,p{margin:0}
h2{font-size:1.125em;line-height:1.3}
.body{display:grid;gap:.4em;font-size:.9375em}
.body p{color:var(--m)}
button{min-width:44px;min-height:44px;padding:.5em 1em;background:var(--a);color:var(--o);border:1px solid transparent;
border-radius:var(--assent-button-radius,var(--b-buttonRadius,10px));font:inherit;font-weight:600;line-height:1.25;
cursor:pointer;hyphens:auto}
button:hover,.link,a{text-decoration:underline;text-underline-offset:3px}
.quiet,.x,.link,a{background:none;color:var(--t)}
.quiet{border-color:var(--k)}
.x,.link{padding:0;border:0}
:focus-visible{outline:3px solid var(--assent-focus,var(--t));outline-offset:2px}
.badge::before{content:"✓ "/""}
@media(prefers-contrast:more){.root{--m:var(--t);--k:var(--t);--l:var(--t)}}
@media print{:host{display:none}}`
