/** Keeps the choice of somebody who has one for all their browsers (`data-theme-wanted`). */
function keep(theme: string): void {
  const root = document.documentElement;
  if (!root.dataset.themeWanted) return;
  root.dataset.themeWanted = theme;
  const headers: unknown = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  void fetch("/api/v1/app/me/", {
    method: "PATCH",
    headers: {
      ...(headers as Record<string, string>),
      "Content-Type": "application/json",
      "X-Workspace": root.dataset.workspace ?? "",
    },
    body: JSON.stringify({ theme }),
  });
}

/** The choice light, dark or system: kept in localStorage, applied by the script that src/theme.ts becomes. */
export function startThemeMenu(): void {
  const mark = (): void => {
    const choice = document.documentElement.dataset.themeChoice ?? "system";
    for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]:not(html)"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  };
  mark();
  document.addEventListener("click", (event) => {
    const button =
      event.target instanceof Element && event.target.closest<HTMLElement>("button[data-theme-choice]");
    if (!button) return;
    localStorage.setItem("theme", button.dataset.themeChoice ?? "system");
    keep(button.dataset.themeChoice ?? "system");
    document.dispatchEvent(new Event("theme:changed"));
    mark();
  });
}
