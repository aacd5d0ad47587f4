import { spriteUrl } from "../app/icon.ts";

/** A symbol of the page's sprite. */
export function Icon({ name, size = 16, className }: { name: string; size?: number; className?: string }) {
  const classes = ["icon", size === 16 ? "" : `icon-${size}`, className ?? ""].filter(Boolean).join(" ");
  return (
    <svg className={classes} aria-hidden="true">
      <use href={`${spriteUrl()}#${name}`} />
    </svg>
  );
}

export function Tile({ type, icon, isSmall }: { type: string; icon: string; isSmall?: boolean }) {
  return (
    <span className={isSmall ? "tile tile-sm" : "tile"} data-type={type}>
      <Icon name={icon} />
    </span>
  );
}
