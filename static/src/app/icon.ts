const svg = "http://www.w3.org/2000/svg";

/** Where the sprite is; the page says so on its root element. */
export const spriteUrl = (): string => document.documentElement.dataset.icons ?? "/static/icons.svg";

/** An `<svg class="icon">` that shows a symbol of the sprite. */
export function icon(name: string, size = 16): SVGSVGElement {
  const element = document.createElementNS(svg, "svg");
  element.setAttribute("class", size === 16 ? "icon" : `icon icon-${size}`);
  element.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svg, "use");
  use.setAttribute("href", `${spriteUrl()}#${name}`);
  element.append(use);
  return element;
}
