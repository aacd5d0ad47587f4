/*
 * Says the reader's zone, and resolves the chosen theme to light or dark before first paint. Loaded as a classic, blocking script in <head>,
 * so it must import nothing. The choice ("light", "dark" or "system") is the person's, as the page says it, or else
 * this browser's: it lives in localStorage under "theme".
 */
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const read = (): string => {
    if (root.dataset.themeWanted) return root.dataset.themeWanted;
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system"; // Storage is blocked: follow the system.
    }
  };
  const apply = (): void => {
    const choice = read();
    root.dataset.themeChoice = choice;
    root.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", (event) => {
    if (event.key === "theme") apply();
  });
  document.addEventListener("theme:changed", apply);
  // The server asks for the reader's zone where it must know which day is today.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // biome-ignore lint/suspicious/noDocumentCookie: it must be there at once, and the other way is not in every browser.
  if (zone) document.cookie = `agentflow_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
})();
