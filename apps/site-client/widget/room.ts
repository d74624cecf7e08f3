/**
 * Room for the banner in the page, so that it hides nothing for good: what gets the focus is scrolled clear of it, the
 * end of the page can be scrolled above it, and it goes to the other edge where both do not help.
 */

/** Leaves room for the banner while it is shown. Returns how to give it back. */
export const leaveRoom = (banner: HTMLElement): (() => void) => {
  const { style } = document.documentElement
  const observer = new ResizeObserver(() => {
    const room = `${banner.offsetHeight + 16}px`
    style.scrollPaddingBlock = room
    // What stands in the flow of the page has its room, and what is at the top leaves the end free.
    if (!banner.matches(".inline,.top,.center")) style.paddingBlockEnd = room
  })
  observer.observe(banner)

  const stepAside = ({ target }: FocusEvent): void => {
    const [it, own] = [target as Element, banner].map((each) => each.getBoundingClientRect()) as [DOMRect, DOMRect]
    if (it.top >= own.top && it.bottom <= own.bottom && it.left >= own.left && it.right <= own.right) {
      banner.classList.toggle("top")
    }
  }
  document.addEventListener("focusin", stepAside)

  return () => {
    observer.disconnect()
    document.removeEventListener("focusin", stepAside)
    style.scrollPaddingBlock = style.paddingBlockEnd = ""
  }
}
