import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

/*
 * Pictures of the sample pages: `npm run dev`, then `npm run shoot -- [page …]`. Writes var/shots/<page>-<width>-<theme>.png
 * and says what the browser complained about. CHROMIUM names the browser.
 */
const base = process.env.BASE ?? "http://127.0.0.1:5173/static/src/dev/index.html";
const wanted = process.argv.slice(2);
const pages = [
  "components",
  "home",
  "workflows",
  "inbox",
  "link",
  "members",
  "workflow",
  "execution",
  "execution&run=waiting",
  "execution&run=failed",
  "states",
  "loop",
  "loops",
].filter((name) => wanted.length === 0 || wanted.includes(name));
const widths = (process.env.WIDTHS ?? "1440,390").split(",").map(Number);
const themes = (process.env.THEMES ?? "light,dark").split(",");
const folder = new URL("../../var/shots/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const width of widths)
  for (const theme of themes) {
    const context = await browser.newContext({
      viewport: { width, height: width < 900 ? 844 : 900 },
      colorScheme: theme,
    });
    for (const name of pages) {
      const tab = await context.newPage();
      tab.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) console.log(name, width, theme, message.text());
      });
      tab.on("pageerror", (error) => console.log(name, width, theme, String(error)));
      await tab.goto(`${base}?page=${name}&theme=${theme}`, { waitUntil: "networkidle" });
      await tab.waitForTimeout(700);
      if (name === "workflow" && width > 900) await tab.locator('.react-flow__node[data-id="stock"]').click();
      await tab.waitForTimeout(300);
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) console.log(name, width, theme, "scrolls sideways");
      await tab.screenshot({ path: `${folder}${name.replace(/\W+/g, "-")}-${width}-${theme}.png` });
      await tab.close();
    }
    await context.close();
  }
await browser.close();
