/** What the Django components write, for the sample pages. */

export const icon = (name: string, size = 16, classes = ""): string =>
  `<svg class="icon${size === 16 ? "" : ` icon-${size}`}${classes && ` ${classes}`}" aria-hidden="true"><use href="/static/icons.svg#${name}"/></svg>`;

export const tile = (type: string, name: string, isSmall = false): string =>
  `<span class="tile${isSmall ? " tile-sm" : ""}" data-type="${type}">${icon(name)}</span>`;

export const avatar = (initials: string, hue: number): string =>
  `<span class="avatar" data-hue="${hue}">${initials}</span>`;

const statuses: Record<string, [string, string]> = {
  RUNNING: ["loader-circle", "Running"],
  WAITING_FOR_HUMAN: ["hand", "Waiting for a person"],
  WAITING: ["hourglass", "Waiting"],
  SUCCESS: ["circle-check", "Success"],
  ERROR: ["circle-x", "Failed"],
  NEEDS_REVIEW: ["circle-alert", "Needs review"],
  CANCELED: ["ban", "Cancelled"],
  SKIPPED: ["circle-slash", "Skipped"],
  ACTIVE: ["circle-check", "Live"],
  DRAFT: ["square-pen", "Draft"],
  PAUSED: ["pause", "Paused"],
  TIMED_OUT: ["circle-x", "Timed out"],
};

export const status = (name: string, label?: string): string => {
  const [symbol, word] = statuses[name] ?? ["circle", name];
  return `<span class="badge" data-status="${name}">${icon(symbol, 14)}${label ?? word}</span>`;
};

const logo = `<svg class="logo" viewBox="0 0 22 22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"><path d="M4.5 11h4M17 6.6h-2.6a4.4 4.4 0 0 0 0 8.8H17M8.5 11h1.6"/></svg>`;

const entries: [string, string, string][] = [
  ["home", "house", "Home"],
  ["workflows", "workflow", "Workflows"],
  ["executions", "list-tree", "Executions"],
  ["inbox", "inbox", "Inbox"],
];

export const shell = (active: string, main: string, isRail = false): string => `
<div class="app ${isRail ? "is-rail" : ""}">
  <div class="sidebar">
    <div class="sidebar-top"><details class="menu menu-start"><summary class="workspace-button">${logo}<span class="truncate-line">Nordhaus</span>${icon("chevron-down", 14)}</summary>
      <div class="menu-panel"><div class="menu-label">Workspaces</div><a class="menu-item" href="#">Nordhaus${icon("check", 16, "icon-check")}</a><a class="menu-item" href="#">Demo</a></div></details></div>
    <nav class="nav" aria-label="Main">
      ${entries
        .map(
          ([key, symbol, word]) =>
            `<a class="nav-item" href="?page=${key}" data-label="${word}"${key === active ? ' aria-current="page"' : ""}>${icon(symbol)}<span>${word}</span>${key === "inbox" ? '<span class="count">5</span>' : ""}</a>`,
        )
        .join("")}
      <div class="nav-space"></div>
      <a class="nav-item" href="?page=members" data-label="Settings"${active === "settings" ? ' aria-current="page"' : ""}>${icon("settings")}<span>Settings</span></a>
    </nav>
    <details class="menu menu-start menu-up"><summary class="workspace-button user-button">${avatar("MK", 0)}<span class="truncate-line">Mara König</span></summary>
      <div class="menu-panel"><div class="menu-label">mara@nordhaus.example</div>
        ${["light", "dark", "system"].map((choice) => `<button class="menu-item" type="button" data-theme-choice="${choice}">${icon(choice === "light" ? "sun" : choice === "dark" ? "moon" : "monitor")}${choice}${icon("check", 16, "icon-check")}</button>`).join("")}
        <div class="menu-line"></div><button class="menu-item">${icon("log-out")}Sign out</button></div></details>
  </div>
  <main id="main" class="main" tabindex="-1">${main}</main>
</div>`;

export const page = (content: string, classes = ""): string =>
  `<div class="page ${classes}">${content}</div>`;

export const plainHead = (right = ""): string =>
  `<header class="plain-head">${logo}Nordhaus<span class="push muted row">${right}</span></header>`;
