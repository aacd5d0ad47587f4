import { avatar, icon, page, plainHead, shell, status, tile } from "./html.ts";

const button = (classes: string, symbol: string, word: string, key = ""): string =>
  `<button type="button" class="btn ${classes}">${symbol ? icon(symbol) : ""}${word}${key ? ` <span class="kbd">${key}</span>` : ""}</button>`;

const ago = (seconds: number): string =>
  `<time datetime="${new Date(Date.now() - seconds * 1000).toISOString()}" data-relative></time>`;
const left = (seconds: number): string =>
  `<span class="due">${icon("clock", 14)}<time datetime="${new Date(Date.now() + seconds * 1000).toISOString()}" data-left></time></span>`;

const spark = (runs: string): string =>
  `<svg class="spark" width="${runs.length * 6}" height="20" role="img" aria-label="Last runs"><g transform="translate(0 20) scale(1 -1)">${[
    ...runs,
  ]
    .map((run, index) => {
      const level = 7 + ((index * 7) % 9);
      const name = run === "x" ? "ERROR" : run === "w" ? "WAITING_FOR_HUMAN" : "SUCCESS";
      const bar =
        run === "w"
          ? `<rect class="is-open" x="0.5" y="0.5" width="3" height="9" rx="1"/>`
          : `<rect width="4" height="${level}" rx="1"/>`;
      return `<g data-status="${name}" transform="translate(${index * 6} 0)">${bar}${run === "x" ? '<line x1="0" x2="4" y1="19" y2="19"/>' : ""}</g>`;
    })
    .join("")}</g></svg>`;

const yesterday = [
  11, 11, 9, 5, 9, 21, 40, 80, 118, 140, 152, 133, 88, 120, 147, 138, 126, 98, 71, 52, 38, 30, 22, 15,
];
const today = [12, 10, 9, 6, 8, 21, 45, 87, 130, 79];

const chart = (): string => {
  const scale = (value: number): number => Math.round((value / 160) * 180);
  const bars = yesterday.map((other, hour) => {
    const success = today[hour];
    const human = success && hour > 4 ? Math.ceil(success / 12) : 0;
    const error = success && hour > 6 ? 4 : 0;
    const label = hour === 9 ? "Now" : hour % 3 === 0 ? String(hour).padStart(2, "0") : "";
    return `<g transform="translate(${Math.round((hour / 24) * 760)} 0) translate(44 190)"><g transform="scale(1 -1)">
      ${success === undefined ? `<rect class="bar-rest" width="22" height="${scale(other)}"/>` : ""}
      ${success ? `<rect class="bar-success" width="22" height="${scale(success)}"/>` : ""}
      ${human ? `<rect fill="url(#chart-hatch)" width="22" y="${scale(success ?? 0)}" height="${scale(human)}"/>` : ""}
      ${error ? `<rect class="bar-error" width="22" y="${scale(success ?? 0) + scale(human)}" height="${scale(error)}"/>` : ""}
      <line class="mark" x1="-1" x2="23" y1="${scale(other)}" y2="${scale(other)}"/></g>
      ${label ? `<text x="11" y="18" text-anchor="middle"${label === "Now" ? ' class="is-now"' : ""}>${label}</text>` : ""}</g>`;
  });
  return `<svg class="chart" viewBox="0 0 800 212" role="img" aria-label="Executions by hour">
  <defs><pattern id="chart-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><line class="hatch-line" x1="1" x2="1" y2="6"/></pattern></defs>
  ${[0, 50, 100, 150].map((tick) => `<g transform="translate(0 190) translate(0 -${scale(tick)})"><line class="grid" x1="40" x2="800"/><text x="30" y="4" text-anchor="end">${tick}</text></g>`).join("")}
  ${bars.join("")}</svg>`;
};

const row = (type: string, symbol: string, title: string, sub: string, end: string): string =>
  `<div class="list-row">${tile(type, symbol)}<div class="grow"><a class="row-link" href="#">${title}</a><span class="row-sub">${sub}</span></div>${end}</div>`;

const figure = (label: string, value: string, context: string, symbol = "", tone = ""): string =>
  `<div><dt${tone ? ` data-tone="${tone}"` : ""}>${symbol ? icon(symbol, 14) : ""}${label}</dt><dd>${value}</dd><dd>${context}</dd></div>`;

const home = (): string =>
  shell(
    "home",
    page(
      `<div class="page-head"><h1>Friday, 20 November</h1><div class="actions">${button("btn-primary", "plus", "New workflow")}</div></div>
  <dl class="figures">${figure("Executions today", "432", "74 more than yesterday by now")}${figure("Success rate", "97.8%", "9 of 409 finished failed")}${figure("Waiting for a person", "23", "5 for you, oldest 2 days", "hand", "human")}${figure("Failed", "9", "3 causes, 6 can be redriven", "circle-x", "error")}${figure("Cost today", "$14.82", "of $80 a day, on course for $69")}</dl>
  <div class="columns-main-side section"><section><div class="row"><h2 class="strong">Executions by hour</h2><div class="legend push"><span><i class="swatch" data-tone="success"></i>Success</span><span><i class="swatch" data-tone="human"></i>Waiting for a person</span><span><i class="swatch" data-tone="error"></i>Failed</span><span><i class="swatch-line"></i>Yesterday</span></div></div><div class="mt-4">${chart()}</div></section>
  <section><div class="section-head"><h2>Running now</h2><a class="link small" href="#">8 live</a></div><div class="list">${["Support triage", "Release notes", "Order approval", "Invoice intake"].map((name, index) => `<div class="list-row"><div class="grow"><span>${name}</span><progress class="share mt-1" value="${[10, 6, 4, 3][index]}" max="10"></progress></div><b>$${[6.1, 3.42, 2.37, 1.88][index]?.toFixed(2)}</b></div>`).join("")}</div></section></div>
  <div class="columns-2 section"><section><div class="section-head"><h2>Waits for me</h2><span class="count">5</span><a class="link small" href="#">Open inbox</a></div><div class="list">
   ${row("EXTERNAL_ACTION", "rotate-cw", "Did the refund reach Stripe?", "Refunds, run 4790", status("NEEDS_REVIEW"))}
   ${row("HUMAN_IN_THE_LOOP", "eye", "Publish release notes 4.2?", "Release notes, 1 of 2 approved", left(4200))}
   ${row("HUMAN_IN_THE_LOOP", "user-check", "Ship order A-10482?", "Order approval, any sales lead", left(85_700))}
  </div></section><section><div class="section-head"><h2>Failures, by cause</h2><a class="link small" href="#">All failed</a></div><div class="list">
   ${row("ACTION", "globe", "503 from stock.nordhaus.example", "Order approval, Stock, after 4 tries", `<span class="muted small">6 runs</span>${button("btn-sm", "rotate-cw", "Redrive 6")}`)}
   ${row("EXTERNAL_ACTION", "hash", "Slack: channel_not_found", "Support triage, Tell team", `<span class="muted small">2 runs</span>${button("btn-sm", "", "Fix")}`)}
  </div></section></div>`,
      "page-home",
    ),
  );

const workflowRows: [string, string, string, string, string, string, string, number][] = [
  ["webhook", "Order approval", "Orders", "ACTIVE v14", ".......x..........www", "98.2%", "3", 14],
  ["calendar-clock", "Release notes", "Product", "ACTIVE v6", "...................w", "100%", "1", 18_000],
  ["mail", "Invoice intake", "Finance", "ACTIVE v21", "...x............x.ww", "93.6%", "4", 130],
  ["webhook", "Refunds", "Finance", "NEEDS_REVIEW", "...............x..ww", "97.0%", "2", 190],
  ["calendar-clock", "Nightly stock sync", "Orders", "ERROR", "................xxxx", "81.3%", "0", 26_000],
  ["file-text", "New supplier", "Orders", "PAUSED", "....................", "100%", "0", 90_000],
  ["webhook", "Price watch", "Sales", "DRAFT", "", "", "", 0],
];

const workflows = (): string =>
  shell(
    "workflows",
    page(
      `<div class="page-head"><h1>Workflows</h1><span class="muted">38</span><div class="actions">${button("", "download", "Import")}${button("btn-primary", "plus", "New workflow", "N")}</div></div>
  <form class="chips"><div class="search">${icon("search")}<input class="input" type="search" placeholder="Search by name" aria-label="Search by name"></div>
   <a class="chip" href="#">Status is not <b>archived</b>${icon("x", 14)}</a><button type="button" class="chip chip-add">${icon("plus", 14)}Filter</button></form>
  <div class="table-wrap"><table class="table is-two-line is-stacked"><thead><tr><th>Name</th><th>Status</th><th>Last 20 runs</th><th class="num">Success</th><th class="num">Waiting</th><th>Last run</th><th>Tags</th><th></th></tr></thead><tbody>
  ${workflowRows
    .map(([symbol, name, folder, state, runs, success, waits, last]) => {
      const [code, version] = state.split(" ");
      return `<tr><td><div class="with-tile">${tile("TRIGGER", symbol)}<div><a class="row-link" href="#">${name}</a><span class="row-sub">${folder}</span></div></div></td>
      <td>${status(code ?? "", version ? `Live ${version}` : code === "ERROR" ? "Failing" : undefined)}</td><td class="wide">${runs ? spark(runs) : '<span class="muted small">No runs yet</span>'}</td>
      <td class="num wide">${success}</td><td class="num wide">${waits && waits !== "0" ? `<span class="status" data-tone="human">${icon("hand", 14)}${waits}</span>` : waits}</td><td data-label="Last run">${last ? ago(last) : "Never"}</td>
      <td class="wide"><div class="row">${name === "Order approval" ? '<span class="tag">sales</span><span class="tag">critical</span>' : '<span class="tag">agents</span>'}</div></td>
      <td><div class="row-actions">${`<button class="btn btn-sm btn-icon" aria-label="Run">${icon("play")}</button><details class="menu"><summary class="btn btn-sm btn-icon" aria-label="More">${icon("ellipsis")}</summary><div class="menu-panel"><a class="menu-item" href="#">${icon("pause")}Pause</a><div class="menu-line"></div><a class="menu-item is-danger" href="#">${icon("archive")}Archive</a></div></details>`}</div></td></tr>`;
    })
    .join("")}
  </tbody></table></div><nav class="pager"><span>1 to 13 of 38</span><span class="btn btn-icon btn-sm" aria-disabled="true">${icon("chevron-left")}</span><a class="btn btn-icon btn-sm" href="#" aria-label="Next page">${icon("chevron-right")}</a></nav>`,
      "page-wide",
    ),
  );

const lines = `<div class="card lines"><div><span>Dining table Alva, oak, 200 cm <span class="muted">× 1</span></span><span>€749.00</span></div><div><span>Chair Nils, black <span class="muted">× 4</span></span><span>€239.60</span></div><div><span>Pendant lamp Orb <span class="muted">× 1</span></span><span>€39.00</span></div><div class="soft"><span>VAT 25%</span><span>€256.90</span></div><div class="is-total"><span>Total</span><span>€1,284.50</span></div></div>`;

const inboxItem = (
  symbol: string,
  title: string,
  time: string,
  sub: string,
  meta: string,
  isCurrent = false,
): string =>
  `<a class="inbox-item" href="#"${isCurrent ? ' aria-current="true"' : ""}>${tile("HUMAN_IN_THE_LOOP", symbol)}<strong>${title}</strong><time>${time}</time><span>${sub}</span><span class="meta">${meta}</span></a>`;

const inbox = (): string =>
  shell(
    "inbox",
    `<div class="inbox has-question"><section class="inbox-list"><header><div class="page-head"><h1>Inbox</h1></div>
   <nav class="tabs"><a class="tab" href="#" aria-current="page">For me <small>5</small></a><a class="tab" href="#">My team <small>3</small></a><a class="tab" href="#">Answered</a></nav></header>
   <div class="inbox-scroll"><h2 class="inbox-group">${icon("circle-alert", 14)}Outcome unknown</h2>
   ${inboxItem("rotate-cw", "Did the refund reach Stripe?", "3 min", "Refunds, run 4790", `${status("NEEDS_REVIEW")}<span>Worker lost after sending</span>`)}
   <h2 class="inbox-group">Due today and tomorrow</h2>
   ${inboxItem("eye", "Publish release notes 4.2?", "5 h", "Release notes, written by Crew", `${left(4200)}<span>1 of 2 approved</span>`)}
   ${inboxItem("list-filter", "Which supplier for oak panels?", "1 h", "Restock, 4 options", `${left(26_000)}<span>Only you</span>`)}
   ${inboxItem("user-check", "Ship order A-10482?", "12 min", "Order approval", `${left(85_700)}<span>Any sales lead</span>`, true)}
   ${inboxItem("square-pen", "VAT number of Petit Atelier SARL", "2 h", "Invoice intake", `${left(97_000)}<span>Accounting</span>`)}
   </div></section>
   <section class="question"><header class="question-head">${`<span class="badge" data-tone="human">${icon("hand", 14)}Waiting for you</span>`}<a class="soft" href="#">Order approval</a><span class="muted">run 4812</span><span class="push row">${button("btn-ghost btn-sm", "list-tree", "Open run")}<a class="btn btn-sm btn-icon" href="#" aria-label="Previous">${icon("chevron-left")}</a><a class="btn btn-sm btn-icon" href="#" aria-label="Next">${icon("chevron-right")}</a></span></header>
   <div class="question-body"><div class="question-main"><h1>Ship order A-10482?</h1><p class="question-text">Lindqvist Möbel AB wants to buy for EUR 1284.50. Orders over 1000 need a sales lead.</p>${lines}
   <div class="row mt-4"><span class="row">${icon("circle-check", 16, "text-success-text")}All 3 items in stock</span><span class="row">${icon("circle-check", 16, "text-success-text")}Paid 14 of 14 invoices on time</span></div>
   <section class="section"><h2 class="label mb-3">Record</h2><div class="record"><time>09:12:05</time>${icon("hand", 14)}<span>Order approval asked 3 sales leads by inbox, e-mail and Slack</span><time>09:12:09</time>${icon("mail", 14)}<span>E-mail to Jonas Weber delivered</span><time>09:24:03</time>${icon("eye", 14)}<span>You opened this</span></div></section></div>
   <aside class="question-facts"><h2 class="label">Deadline</h2><div class="row"><b>23 h 48 min</b><span class="push muted small">Sat 21 Nov, 09:12</span></div><progress class="share mt-2" data-tone="human" value="98" max="100"></progress><p class="help mt-2">Then the run takes its timeout port.</p>
   <h2 class="label">Any one of 3 can answer</h2><div class="stack"><div class="row">${avatar("MK", 0)}Mara König, you<span class="push muted small">Opened</span></div><div class="row">${avatar("JW", 1)}Jonas Weber<span class="push muted small">E-mailed</span></div><div class="row">${avatar("AS", 2)}Aiko Sato<span class="push muted small">Asked back</span></div></div>
   <h2 class="label">Customer</h2><dl class="pairs"><dt>Name</dt><dd>Lindqvist Möbel AB</dd><dt>Country</dt><dd>Sweden</dd><dt>Since</dt><dd>2019</dd></dl></aside></div>
   <form class="answer-bar"><div class="field"><label for="comment">Comment <span>needed to reject</span></label><textarea id="comment" placeholder="Write a reason or a note for the record"></textarea></div>
   <div class="answer-actions"><button type="button" class="btn btn-primary btn-lg" data-hotkey="a">${icon("check")}Approve <span class="kbd">A</span></button><button type="button" class="btn btn-lg" data-hotkey="r">${icon("x")}Reject <span class="kbd">R</span></button><p>Approve runs <b>Ship</b>, then posts to Slack. Reject lets <b>Draft refusal</b> write to the buyer.</p></div></form></section></div>`,
  );

const link = (): string =>
  `<div class="plain">${plainHead(`${icon("lock", 14)}Link for Jonas Weber`)}<main class="grow flex flex-col"><form class="flex flex-col grow">
  <article class="question-page"><div class="row mb-3"><span class="badge" data-tone="human">${icon("hand", 14)}Waiting for you</span><span class="push soft">${left(85_700)}</span></div>
  <h1 class="question-title">Ship order A-10482?</h1><p class="question-text">Lindqvist Möbel AB wants to buy for EUR 1284.50. Orders over 1000 need a sales lead.</p>${lines}
  <div class="points" data-tone="success"><div>${icon("circle-check")}All 3 items in stock</div><div>${icon("circle-check")}Paid 14 of 14 invoices on time</div></div>
  <div class="field mt-5"><label for="c">Comment <span>needed to reject</span></label><textarea id="c" placeholder="Reason or note for the record"></textarea></div>
  <div class="points soft"><div>${icon("check")}Approve ships it now and tells #orders.</div><div>${icon("x")}Reject lets Draft refusal write to the buyer.</div></div></article>
  <div class="decision-bar"><div class="decision-buttons"><button type="button" class="btn btn-primary">${icon("check")}Approve</button><button type="button" class="btn">${icon("x")}Reject</button></div><p>One of 3 sales leads answers. The first answer counts.</p></div></form></main></div>`;

const members = (): string =>
  shell(
    "settings",
    page(`<div class="page-head"><h1>Settings</h1><div class="actions">${button("btn-primary", "plus", "New key")}</div></div>
  <nav class="tabs"><a class="tab" href="#">Members</a><a class="tab" href="#" aria-current="page">API keys</a></nav>
  <div class="callout mt-4" data-tone="success">${icon("circle-check")}<div class="grow"><p class="strong">Key made. It is shown this once.</p><div class="copy-field mt-2"><code id="key">af_live_6tq0Zr8mP1xKc9wB2uYh5sLd</code><button class="btn btn-sm" data-copy-from="#key">${icon("copy")}Copy</button></div></div></div>
  <div class="table-wrap mt-4"><table class="table is-stacked"><thead><tr><th>Name</th><th>Scopes</th><th>Last used</th><th>Expires</th><th></th></tr></thead><tbody>
  <tr><td><b>Warehouse</b> <code class="muted">af_live_6tq0…</code></td><td><span class="tag">executions:write</span></td><td data-label="Last used">${ago(300)}</td><td data-label="Expires">Never</td><td><div class="row-actions"><button class="btn btn-sm btn-danger" commandfor="revoke" command="show-modal">Revoke</button></div></td></tr></tbody></table></div>
  <form class="form section"><div class="field"><label for="n">Name</label><input id="n" value="Order approval"><p class="help">Shown in lists and mails.</p></div><div class="field" data-invalid><label for="r">Retries</label><input id="r" value="12"><p class="field-error">${icon("circle-alert", 14)}10 at most</p></div>
  <div class="field"><label for="s">Role</label><select id="s"><option>Member</option></select></div><label class="choice"><input type="radio" name="x" checked><span>Admin<small>Everything but removing the workspace</small></span></label><label class="choice"><input type="radio" name="x"><span>Viewer<small>Sees, changes nothing</small></span></label><div class="form-actions">${button("btn-primary", "", "Save")}${button("btn-ghost", "", "Cancel")}</div></form>
  <dialog class="dialog" id="revoke"><h2>Revoke Warehouse?</h2><p>Calls with this key are refused from now on.</p><div class="dialog-actions"><button class="btn btn-ghost" commandfor="revoke" command="close">Keep</button><button class="btn btn-danger-solid">Revoke</button></div></dialog>`),
  );

const components = (): string => `<div class="page page-wide"><div class="columns-2"><div class="stack">
  <h2 class="label">Buttons</h2><div class="row">${button("btn-primary", "", "Publish")}${button("", "play", "Test", "T")}${button("btn-ghost", "", "Cancel")}${button("btn-danger", "x", "Delete")}</div>
  <div class="row"><button class="btn btn-primary" disabled>Publish</button><button class="btn" aria-busy="true">${icon("check")}Saving</button><button class="btn btn-icon" aria-label="More">${icon("ellipsis")}</button><button class="btn btn-danger-solid">Cancel run</button></div>
  <h2 class="label">Fields</h2><div class="columns-2"><div class="field"><label for="a">Name</label><input id="a" value="Order approval"><p class="help">Shown in lists and mails.</p></div><div class="field" data-invalid><label for="b">Retries</label><input id="b" value="12"><p class="field-error">${icon("circle-alert", 14)}10 at most</p></div><div class="field"><label for="d">Credential</label><select id="d"><option>Choose or connect</option></select></div></div>
  <div class="row"><input type="checkbox" class="switch" role="switch" checked aria-label="On"> On <input type="checkbox" class="switch" role="switch" aria-label="Off"> Off <div class="segmented"><button aria-pressed="true">Tree</button><button aria-pressed="false">Table</button></div><span class="tag">finance</span><span class="kbd">⌘K</span></div>
  <h2 class="label">Status</h2><div class="row">${["RUNNING", "WAITING_FOR_HUMAN", "WAITING", "SUCCESS", "ERROR", "NEEDS_REVIEW", "CANCELED", "SKIPPED"].map((name) => status(name)).join("")}</div>
  <h2 class="label">Node types</h2><div class="row">${[
    ["TRIGGER", "webhook"],
    ["FLOW", "split"],
    ["ACTION", "globe"],
    ["AI_AGENT", "bot"],
    ["TOOL", "wrench"],
    ["MEMORY", "database"],
    ["HUMAN_IN_THE_LOOP", "user-check"],
    ["EXTERNAL_ACTION", "mail"],
  ]
    .map(([type, symbol]) => tile(type ?? "", symbol ?? ""))
    .join("")}</div>
  <h2 class="label">Type</h2><p class="question-title">Ship order A-10482?</p><p class="title">Workflows</p><p class="prose">Orders over 1000 need a sales lead.</p><p>Draft saved, 3 changes</p><p class="small">approved, rejected, timeout</p>
  <div class="skeleton"><i></i><i></i></div></div>
  <div class="stack"><h2 class="label">Empty state</h2><div class="empty"><div class="tiles">${tile("TRIGGER", "webhook")}${tile("AI_AGENT", "bot")}${tile("HUMAN_IN_THE_LOOP", "user-check")}</div><h2>No workflows yet</h2><p>A workflow starts on an event, lets agents and apps do the steps, and asks a person where it matters.</p><div class="row">${button("btn-primary", "plus", "New workflow")}${button("btn-ghost", "", "Start from Order approval")}</div></div>
  <h2 class="label">Toasts</h2><div class="toast" data-tone="success">${icon("circle-check")}<div class="grow"><p>Version 15 is live</p></div><a class="link" href="#">Undo</a><button class="close" aria-label="Close">${icon("x", 14)}</button></div><div class="toast" data-tone="error">${icon("circle-x")}<div class="grow"><p>Not saved</p><p>Jonas changed Stock too. Reload to see his version.</p></div><button class="close" aria-label="Close">${icon("x", 14)}</button></div>
  <h2 class="label">Menu</h2><details class="menu menu-start" open><summary class="btn">Node</summary><div class="menu-panel">${[
    ["play", "Test to here"],
    ["pin", "Pin output"],
    ["copy", "Copy"],
    ["eye", "Disable"],
  ]
    .map(
      ([symbol, word]) =>
        `<a class="menu-item" href="#">${icon(symbol ?? "")}${word}<span class="kbd">T</span></a>`,
    )
    .join(
      "",
    )}<div class="menu-line"></div><a class="menu-item is-danger" href="#">${icon("x")}Delete</a></div></details></div></div></div>`;

export const pages: Record<string, () => string> = { home, workflows, inbox, link, members, components };
