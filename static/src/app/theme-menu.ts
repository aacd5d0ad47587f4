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
    document.dispatchEvent(new Event("theme:changed"));
    mark();
  });
}
