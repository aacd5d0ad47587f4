import { mkdirSync, statSync } from "node:fs";
import { chromium } from "playwright-core";

/*
 * Pictures of the sample pages: `npm run dev`, then `npm run shoot -- [page …]`. Writes var/shots/<page>-<width>-<theme>.png
 * and says what the browser complained about. CHROMIUM names the browser.
 *
 * Those of README and docs come from a running product with the demo in it: `LINK=<its sign-in link> npm run shoot`
 * writes docs/pictures/*.png. Fails when one is larger than 200 KB.
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

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function samples() {
  const folder = new URL("../../var/shots/", import.meta.url).pathname;
  mkdirSync(folder, { recursive: true });
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
        if (name === "workflow" && width > 900)
          await tab.locator('.react-flow__node[data-id="stock"]').click();
        await tab.waitForTimeout(300);
        const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) console.log(name, width, theme, "scrolls sideways");
        await tab.screenshot({ path: `${folder}${name.replace(/\W+/g, "-")}-${width}-${theme}.png` });
        await tab.close();
      }
      await context.close();
    }
}

const LARGEST = 200_000;

/** The pictures of README and docs: the order approval in the editor, running, and asking a person; and an agent. */
async function pictures(link) {
  const folder = new URL("../../docs/pictures/", import.meta.url).pathname;
  mkdirSync(folder, { recursive: true });
  const first = await (await browser.newContext()).newPage();
  await first.goto(link);
  await first.locator("main form [type=submit]").click();
  await first.waitForURL(/\/w\//);
  const demo = first.url();
  const api = (path) =>
    first.evaluate(async (address) => (await (await fetch(address)).json()).results, `/api/v1/app/${path}`);
  const workflow = (await api("workflows/")).find(({ name }) => name === "Order approval");
  const run = (await api(`executions/?workflow=${workflow.id}&status=WAITING_FOR_HUMAN`)).at(-1);
  const question = (await api("interactions/?status=pending")).findLast(({ title }) => /order/i.test(title));
  const session = await first.context().storageState();

  const take = async (name, path, { width = 1440, height = 900, theme = "light", act = async () => {} }) => {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      storageState: session,
    });
    const tab = await context.newPage();
    await tab.goto(new URL(path, demo).href);
    await tab.waitForTimeout(1500);
    await act(tab);
    const file = `${folder}${name}.png`;
    await tab.screenshot({ path: file });
    const { size } = statSync(file);
    console.log(`${name}: ${Math.round(size / 1000)} KB`);
    if (size > LARGEST) process.exitCode = 1;
    await context.close();
  };
  const openManager = async (tab) => {
    const offer = tab.locator(".tour-offer button").last();
    if (await offer.isVisible()) await offer.click();
    await tab.locator(".react-flow__node-card", { hasText: "Manager" }).click();
    await tab.waitForTimeout(2000);
    await tab.mouse.move(700, 60);
  };
  const openAgent = async (tab) => {
    await tab.getByRole("button", { name: "Let an agent sort support tickets" }).click();
    await tab.locator(".react-flow__node-card", { hasText: "Desk" }).click({ position: { x: 40, y: 20 } });
    await tab.waitForTimeout(2000);
    await tab.mouse.move(700, 60);
  };
  await take("editor", `workflows/${workflow.id}/`, { height: 800, act: openManager });
  await take("editor-dark", `workflows/${workflow.id}/`, { height: 800, theme: "dark", act: openManager });
  await take("agent", "workflows/new/", { height: 800, act: openAgent });
  await take("execution", `executions/${run.id}/`, {});
  await take("inbox", `inbox/${question.id}/`, {});
  await take("question-phone", `inbox/${question.id}/`, { width: 390, height: 844 });
}

if (process.env.LINK) await pictures(process.env.LINK);
else await samples();
await browser.close();
