/**
 * Room for the banner in the page, so that it hides nothing for good: what gets the focus is scrolled clear of it, the
 * end of the page can be scrolled above it, and it steps aside where both do not help.
 */
import type { BannerSettings } from "../../../core/browser/Region.ts"

/** Leaves room for the banner while it is shown. Returns how to give it back. */
export const leaveRoom = (
  banner: HTMLElement,
  layout: BannerSettings["layout"],
  position: BannerSettings["position"],
): (() => void) => {
  const { style } = document.documentElement
  const edge = position === "top" && layout !== "inline" ? "start" : "end"
  const isAtEnd = edge === "end" && layout !== "inline" && position !== "center"
  const properties = position === "center" ? [] : [`scroll-padding-block-${edge}`]
  if (isAtEnd) properties.push("padding-block-end")
  const before = properties.map((property) => style.getPropertyValue(property))

  const observer = new ResizeObserver(() => {
    const { top, bottom } = banner.getBoundingClientRect()
    const height = edge === "start" ? bottom : innerHeight - top
    for (const property of properties) style.setProperty(property, `${Math.ceil(height)}px`)
  })
  observer.observe(banner)

  const stepAside = ({ target }: FocusEvent): void => {
    if (!(target instanceof Element) || target.shadowRoot) return
    const [it, own] = [target, banner].map((each) => each.getBoundingClientRect()) as [DOMRect, DOMRect]
    const isCovered =
      it.top < own.bottom && it.bottom > own.top && it.left < own.right && it.right > own.left && layout !== "inline"
    if (isCovered) banner.classList.toggle("aside")
  }
  document.addEventListener("focusin", stepAside)

  return () => {
    observer.disconnect()
    document.removeEventListener("focusin", stepAside)
    properties.forEach((property, at) => style.setProperty(property, before[at]!))
  }
}
