import "../app.ts";
import { icon, shell, status } from "./html.ts";
import { pages } from "./pages.ts";
import { canvasData, failed, payload, snapshot, waiting } from "./samples.ts";

/** `?page=home|workflows|inbox|link|members|components|workflow|execution|states|loop|loops`, `?theme=dark`, `?run=waiting|failed`. */
const query = new URLSearchParams(location.search);
if (query.has("theme")) {
  localStorage.setItem("theme", query.get("theme") ?? "system");
  document.dispatchEvent(new Event("theme:changed"));
}

const topbar = (crumb: string, rest: string): string =>
  `<header class="topbar"><nav class="crumbs"><a href="?page=executions">${crumb}</a><a href="?page=workflow">Order approval</a><h1>4812</h1></nav>${rest}</header>`;

const show = (html: string): void => {
  document.body.innerHTML = `${html}<div id="toasts" class="toasts" role="region" aria-live="polite"></div>`;
};

async function island(data: unknown): Promise<void> {
  const script = document.createElement("script");
  script.type = "application/json";
  script.id = "canvas-data";
  script.textContent = JSON.stringify(data);
  document.body.append(script);
  await import("../canvas.tsx");
}

const name = query.get("page") ?? "components";
const canvas = '<div id="canvas" class="canvas-host"></div>';

if (name === "execution") {
  const run = query.get("run");
  const data = run === "waiting" ? waiting() : run === "failed" ? failed() : snapshot();
  show(
    shell(
      "executions",
      topbar(
        "Executions",
        `<span id="execution-status">${status(data.status)}</span><div class="facts"><span>Started<b>09:12:03</b></span><span>by<b>Webhook, order A-10482</b></span><span>Version<b>14</b></span></div><div class="actions" id="execution-actions"><span class="live muted small">Live</span><button class="btn">${icon("rotate-cw")}Re-run</button><button class="btn">${icon("ban")}Cancel run</button></div>`,
      ) + canvas,
      true,
    ),
  );
  const fetched = window.fetch;
  window.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.includes("/sample/executions/")) return fetched(input, init);
    const whole = {
      ...data,
      node_runs: data.node_runs.map((one) => ({
        ...one,
        input: { body: { id: "A-10482", items: [{ sku: "TBL-OAK-200", price: 749, quantity: 1 }] } },
        params: { method: "POST", url: "https://api.example.com/shipments", json: { order: "A-10482" } },
        output: payload,
        logs: [{ at: data.created_at, level: "info", message: "Sent 1 request." }],
      })),
    };
    return new Response(JSON.stringify(whole), { headers: { "Content-Type": "application/json" } });
  };
  const whole = canvasData("execution", data);
  if (query.has("live")) {
    const { ScriptedSocket } = await import("./live.ts");
    window.WebSocket = ScriptedSocket as unknown as typeof WebSocket;
    whole.live_url = "/ws/executions/0193/";
  }
  void island(whole);
} else if (name === "workflow") {
  show(
    shell(
      "workflows",
      topbar(
        "Workflows",
        `${status("ACTIVE", "v14 live")}<span class="muted">Published 3 Nov</span><div class="actions"><button class="btn">${icon("pause")}Pause</button><button class="btn btn-primary">${icon("play")}Run</button></div>`,
      ) + canvas,
      true,
    ),
  );
  void island(canvasData("workflow"));
} else if (name === "loop") {
  show(
    shell(
      "workflows",
      topbar(
        "Workflows",
        `${status("ACTIVE", "v3 live")}<div class="actions"><button class="btn btn-primary">${icon("play")}Run</button></div>`,
      ) + canvas,
      true,
    ),
  );
  void import("./loops.ts").then(({ loopData }) => island(loopData()));
} else if (name === "loops") {
  show(
    shell(
      "executions",
      topbar(
        "Executions",
        `<span id="execution-status">${status("RUNNING")}</span><div class="facts"><span>Started<b>09:12:03</b></span></div><div class="actions" id="execution-actions"><span class="live muted small">Live</span><button class="btn">${icon("pause")}Hold</button><button class="btn">${icon("ban")}Cancel run</button></div>`,
      ) + canvas,
      true,
    ),
  );
  void import("./loops.ts").then(({ begin }) => begin(query, island));
} else if (name === "big") {
  show(shell("workflows", canvas, true));
  void import("./big.ts").then(({ bigData, bigRun }) => {
    const size = Number(query.get("nodes") ?? 500);
    void island(query.has("live") ? bigRun(size, Number(query.get("live"))) : bigData(size));
  });
} else if (name === "states") {
  show(shell("workflows", canvas, true));
  void import("./states.ts").then(({ statesData }) => island(statesData()));
} else show((pages[name] ?? pages.components)?.() ?? "");
