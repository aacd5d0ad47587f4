import { chromium } from "playwright-core";

/*
 * How smooth the canvas is: `npm run dev`, then `node build/frames.mjs`. 500 nodes are panned and zoomed; the same in a
 * run is told 2,000 changes; so is a loop. Says how long frames took. CHROMIUM names the browser.
 *
 * EDITOR names a workflow's page of a running product instead, STATE a file with the session of somebody who may change
 * it (Playwright's storage state): there, nodes are panned, zoomed, dragged, and words typed into a note, which is
 * taken away again. The work of a page is counted in the processor's time, which a busy machine does not stretch.
 */
const base = process.env.BASE ?? "http://127.0.0.1:5173/static/src/dev/index.html";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

const session = process.env.STATE ? { storageState: process.env.STATE } : {};

async function measure(name, address, play) {
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...session });
  tab.on("pageerror", (error) => console.log(name, String(error)));
  await tab.goto(address);
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
  const meter = await tab.context().newCDPSession(tab);
  await meter.send("Performance.enable", { timeDomain: "threadTicks" });
  const work = async () => {
    const { metrics } = await meter.send("Performance.getMetrics");
    return metrics.find(({ name: key }) => key === "TaskDuration").value * 1000;
  };
  let before = await work();
  tab.restart = async () => {
    await forget(tab);
    before = await work();
  };
  await play(tab);
  const spent = (await work()) - before;
  const frames = (await tab.evaluate(() => window.frames_)).slice(2).sort((a, b) => a - b);
  const at = (share) => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))].toFixed(1);
  const over = frames.filter((frame) => frame > 50).length;
  console.log(
    `${name}: ${frames.length} frames, median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms, ${over} over 50 ms; the page's own work ${(spent / frames.length).toFixed(1)} ms a frame`,
  );
  await tab.close();
}

async function panAndZoom(tab) {
  await tab.waitForTimeout(1000);
  await tab.mouse.move(700, 300);
  await tab.restart();
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

/** Forgets the frames up to now: what is drawn for the first time is another matter. */
const forget = (tab) =>
  tab.evaluate(() => {
    window.frames_.length = 0;
  });

/** A card in the middle of the canvas is dragged about, and put back. */
async function drag(tab) {
  await tab.waitForTimeout(1500);
  await tab.keyboard.press("Shift+0");
  await tab.waitForTimeout(1000);
  const boxes = await tab
    .locator(".react-flow__node-card")
    .evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().toJSON()));
  const box = boxes.find(({ x, y }) => x > 400 && x < 1000 && y > 120 && y < 600);
  if (!box) throw new Error("No card stands in the middle of the canvas.");
  await tab.mouse.move(box.x + 60, box.y + 20);
  await tab.mouse.down();
  await tab.mouse.move(box.x + 70, box.y + 30);
  await tab.waitForTimeout(100);
  await tab.restart();
  for (let step = 0; step < 90; step++) {
    await tab.mouse.move(box.x + 60 + 120 * Math.sin(step / 7), box.y + 20 + 80 * Math.cos(step / 9));
    await tab.waitForTimeout(12);
  }
  await tab.mouse.up();
  await tab.waitForTimeout(400);
  await tab.keyboard.press("Control+z");
  await tab.waitForTimeout(300);
}

/** A note is written: every letter is a change of the draft. */
async function type(tab) {
  await tab.waitForTimeout(1500);
  await tab.mouse.click(900, 90);
  await tab.keyboard.press("n");
  await tab.waitForTimeout(300);
  await tab.restart();
  await tab.keyboard.type("The quick brown fox jumps over the lazy dog, again and again.", { delay: 25 });
  await tab.waitForTimeout(200);
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("Delete");
  await tab.waitForTimeout(1200);
}

if (process.env.EDITOR) {
  await measure("editor, pan and zoom", process.env.EDITOR, panAndZoom);
  await measure("editor, drag", process.env.EDITOR, drag);
  await measure("editor, type", process.env.EDITOR, type);
} else {
  await measure("500 nodes, pan and zoom", `${base}?page=big&nodes=500`, panAndZoom);
  await measure("500 nodes, 2,000 changes at 500/s", `${base}?page=big&nodes=500&live=500`, (tab) =>
    tab.waitForTimeout(5000),
  );
  await measure("loop, 2,000 changes at 500/s", `${base}?page=loops&live=500&messages=2000`, (tab) =>
    tab.waitForTimeout(5000),
  );
}
await browser.close();
