import { chromium } from "playwright-core";

/*
 * How smooth the canvas is: `npm run dev`, then `node build/frames.mjs`. 500 nodes are panned and zoomed; the same in a
 * run is told 2,000 changes; so is a loop. Says how long frames took. CHROMIUM names the browser.
 */
const base = process.env.BASE ?? "http://127.0.0.1:5173/static/src/dev/index.html";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function measure(name, query, play) {
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  tab.on("pageerror", (error) => console.log(name, String(error)));
  await tab.goto(`${base}?${query}`);
  await tab.waitForSelector(".react-flow__node", { timeout: 60_000 });
  await tab.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const beat = (now) => {
      window.frames_.push(now - last);
      last = now;
      requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
  });
  await play(tab);
  const frames = (await tab.evaluate(() => window.frames_)).slice(2).sort((a, b) => a - b);
  const at = (share) => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))].toFixed(1);
  const over = frames.filter((frame) => frame > 50).length;
  console.log(
    `${name}: ${frames.length} frames, median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms, ${over} over 50 ms`,
  );
  await tab.close();
}

async function panAndZoom(tab) {
  await tab.waitForTimeout(1000);
  await tab.mouse.move(700, 300);
  await tab.evaluate(() => {
    window.frames_.length = 0;
  });
  for (let step = 0; step < 60; step++) {
    await tab.mouse.wheel(step % 20 < 10 ? 40 : -40, 12);
    await tab.waitForTimeout(16);
  }
  await tab.keyboard.down("Control");
  for (let step = 0; step < 30; step++) {
    await tab.mouse.wheel(0, step < 15 ? -30 : 30);
    await tab.waitForTimeout(16);
  }
  await tab.keyboard.up("Control");
}

await measure("500 nodes, pan and zoom", "page=big&nodes=500", panAndZoom);
await measure("500 nodes, 2,000 changes at 500/s", "page=big&nodes=500&live=500", (tab) =>
  tab.waitForTimeout(5000),
);
await measure("loop, 2,000 changes at 500/s", "page=loops&live=500&messages=2000", (tab) =>
  tab.waitForTimeout(5000),
);
await browser.close();
