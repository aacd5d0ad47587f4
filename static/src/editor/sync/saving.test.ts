import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Definition, Json } from "../../canvas/types.ts";
import { addNodes, setNode, setParam } from "../document/edits.ts";
import type { EditorData } from "../types.ts";
import { wordsOf } from "./state.ts";

const node = (id: string, params: Record<string, Json> = {}) => ({
  id,
  name: id,
  type: "ACTION",
  subtype: "HTTP_REQUEST",
  params,
});
const START: Definition = { nodes: [node("a", { url: "1" }), node("b")], connections: [], settings: {} };

/** A server that keeps one draft, as far as an editor sees it. */
class Server {
  definition: Definition = START;
  revision = 1;
  requests: string[] = [];
  /** Answers given instead, the first one first. */
  instead: (Response | "away" | "lost")[] = [];
  hold: Promise<void> | null = null;
  kept = new Map<string, string>();

  answer = async (url: string, init: RequestInit): Promise<Response> => {
    this.requests.push(`${init.method} ${url}`);
    const other = this.instead.shift();
    if (other === "away" || (other === "lost" && init.method === "GET"))
      throw new TypeError("Failed to fetch");
    if (other instanceof Response) return other;
    if (this.hold) await this.hold;
    if (init.method === "GET")
      return reply(200, {
        id: "w",
        name: "Orders",
        description: "",
        status: "draft",
        version: null,
        draft_revision: this.revision,
        updated_at: "",
        has_unpublished_changes: true,
        definition: this.definition,
      });
    const sent = JSON.parse(String(init.body)) as { definition: Definition; draft_revision: number };
    if (sent.draft_revision !== this.revision) return problem(409, "workflows.draft_conflict");
    if (JSON.stringify(sent.definition) !== JSON.stringify(this.definition)) this.revision++;
    this.definition = sent.definition;
    if (other === "lost") throw new TypeError("Failed to fetch");
    return reply(200, {
      draft_revision: this.revision,
      updated_at: "",
      has_unpublished_changes: true,
      valid: true,
      findings: [{ code: `at ${this.revision}` }],
      node_ports: { a: ["main"] },
    });
  };

  /** Somebody else saves. */
  change(change: (now: Definition) => Definition): void {
    this.definition = change(this.definition);
    this.revision++;
  }
}

const reply = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const problem = (status: number, code: string): Response =>
  reply(status, { status, code, title: "No", detail: `Refused ${status}.`, errors: [] });

let server: Server;
let saving: typeof import("./saving.ts");
let useEditor: typeof import("../store.ts").useEditor;
let useSaving: typeof import("./state.ts").useSaving;

/** Opens the page: everything begins anew but for what the server and the tab have kept. */
async function open(): Promise<void> {
  vi.clearAllTimers();
  vi.resetModules();
  const store = await import("../store.ts");
  useEditor = store.useEditor;
  useSaving = (await import("./state.ts")).useSaving;
  store.begin(data(server.definition));
  saving = await import("./saving.ts");
  saving.startSaving();
}

const heard = new Map<string, (event: { preventDefault: () => void }) => void>();

const data = (definition: Definition): EditorData => ({
  workflow: {
    id: "w",
    name: "Orders",
    description: "",
    status: "draft",
    version: null,
    draft_revision: server.revision,
    updated_at: "",
    has_unpublished_changes: false,
  },
  definition,
  node_types: [],
  node_ports: {},
  findings: [],
  may: {},
  me: { id: "alice", name: "Alice" },
  workspace: { slug: "demo", name: "Demo" },
  api: "/api/v1/app/workflows/w/",
  page: "/w/demo/workflows/w/",
});

const url = (value: string) => (now: Definition) => setParam(now, "a", "url", value);
const urlOf = (definition: Definition): Json | undefined => definition.nodes[0]?.params?.url;
const editor = () => useEditor.getState();
const phase = () => useSaving.getState().phase;
const later = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  heard.clear();
  vi.stubGlobal("document", {
    documentElement: { dataset: { workspace: "demo" } },
    body: { getAttribute: () => "{}" },
    cookie: "a=b; agentflow_csrf=token; c=d",
  });
  vi.stubGlobal("window", {
    addEventListener: (name: string, listener: (event: { preventDefault: () => void }) => void) =>
      heard.set(name, listener),
  });
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => server.kept.get(key) ?? null,
    setItem: (key: string, text: string) => server.kept.set(key, text),
    removeItem: (key: string) => server.kept.delete(key),
  });
  vi.stubGlobal("fetch", server.answer);
  await open();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what goes wrong on the way", () => {
  it("waits as long as the server asks to", async () => {
    const headers = { "Content-Type": "application/problem+json", "Retry-After": "20" };
    server.instead = [new Response("{}", { status: 429, headers })];
    editor().edit("Type", url("2"));
    await later(400);
    expect(phase()).toBe("retrying");
    await later(19_000);
    expect(server.requests).toHaveLength(1);
    await later(1_100);
    expect([server.requests.length, phase()]).toEqual([2, "saved"]);
  });

  it("tries again where an answer broke off", async () => {
    server.instead = [new Response('{"draft_rev', { headers: { "Content-Type": "application/json" } })];
    editor().edit("Type", url("2"));
    await later(400);
    expect(phase()).toBe("retrying");
    await later(1_100);
    expect(phase()).toBe("saved");
  });

  it("says so where the draft cannot even be written down", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const circle: Record<string, Json> = {};
    circle.self = circle;
    editor().edit("Type", (now) => setParam(now, "a", "url", circle));
    await later(400);
    expect([phase(), useSaving.getState().trouble?.reason]).toEqual(["refused", "it could not be sent"]);
    editor().undo();
    await later(400);
    expect([phase(), useSaving.getState().trouble]).toEqual(["saved", null]);
  });
});

describe("autosave", () => {
  it("sends once after a pause, and takes findings and outcomes over", async () => {
    editor().edit("Type", url("2"), "url");
    await later(300);
    editor().edit("Type", url("23"), "url");
    expect(phase()).toBe("changed");
    await later(399);
    expect(server.requests).toEqual([]);
    await later(2);
    expect(server.requests).toEqual(["PUT /api/v1/app/workflows/w/draft/"]);
    expect(urlOf(server.definition)).toBe("23");
    expect(phase()).toBe("saved");
    expect(editor().workflow.draft_revision).toBe(2);
    expect(editor().findings).toEqual([{ code: "at 2" }]);
    expect(editor().nodePorts).toEqual({ a: ["main"] });
  });

  it("saves somebody who types on and on", async () => {
    for (let index = 0; index < 14; index++) {
      editor().edit("Type", url(`${index}`), "url");
      await later(250);
    }
    expect(server.requests.length).toBe(1);
  });

  it("keeps to one request at a time, and sends what was changed meanwhile after it", async () => {
    let go = (): void => undefined;
    server.hold = new Promise((resolve) => {
      go = resolve;
    });
    editor().edit("One", url("2"));
    await later(400);
    editor().edit("Two", url("3"));
    await later(1000);
    expect(server.requests.length).toBe(1);
    server.hold = null;
    go();
    await later(0);
    expect(urlOf(server.definition)).toBe("2");
    expect(phase()).toBe("changed");
    await later(400);
    expect(urlOf(server.definition)).toBe("3");
    expect(phase()).toBe("saved");
  });

  it("has nothing to send where a change was taken back", async () => {
    editor().edit("One", url("2"));
    editor().undo();
    expect(phase()).toBe("saved");
    await later(5000);
    expect(server.requests).toEqual([]);
  });

  it("resolves `saved` when everything is there, and raises what is refused", async () => {
    editor().edit("One", url("2"));
    await saving.saved();
    expect(urlOf(server.definition)).toBe("2");
    await saving.saved();
    expect(server.requests.length).toBe(1);
    server.instead = [problem(400, "workflows.invalid")];
    editor().edit("Two", url("3"));
    await expect(saving.saved()).rejects.toThrow("Refused 400.");
    expect(phase()).toBe("refused");
    editor().edit("Three", url("4"));
    await later(400);
    expect([phase(), urlOf(server.definition)]).toEqual(["saved", "4"]);
  });
});

describe("others", () => {
  it("takes over what they saved around what was changed here", async () => {
    server.change((now) => setNode(now, "b", { name: "Theirs" }));
    editor().edit("One", url("2"));
    await later(400);
    expect(phase()).toBe("saved");
    expect(server.definition.nodes.map(({ name }) => name)).toEqual(["a", "Theirs"]);
    expect(editor().definition).toEqual(server.definition);
    expect(urlOf(server.definition)).toBe("2");
  });

  it("fetches only what it has not got", async () => {
    saving.catchUp(1, "Bob");
    await later(1000);
    expect(server.requests).toEqual([]);
    server.change((now) => setNode(now, "b", { name: "Theirs" }));
    saving.catchUp(2, "Bob");
    await later(0);
    expect(editor().definition.nodes[1]?.name).toBe("Theirs");
    expect(useSaving.getState().takenOver?.by).toBe("Bob");
    expect([phase(), editor().workflow.draft_revision]).toEqual(["saved", 2]);
    await later(1000);
    expect(editor().findings).toEqual([{ code: "at 2" }]);
  });

  it("asks where both changed the same, saves nothing before, and loses neither", async () => {
    server.change(url("theirs"));
    server.change((now) => setNode(now, "b", { name: "Theirs" }));
    editor().edit("One", url("mine"));
    await later(400);
    expect(phase()).toBe("undecided");
    expect(wordsOf(useSaving.getState())).toBe("Not saved: one change to choose");
    expect([urlOf(editor().definition), urlOf(server.definition)]).toEqual(["mine", "theirs"]);
    expect(editor().definition.nodes[1]?.name).toBe("Theirs");
    editor().edit("Two", (now) => setNode(now, "b", { notes: "later" }));
    await later(5000);
    expect(server.definition.nodes[1]?.notes).toBeUndefined();
    await expect(saving.saved()).rejects.toThrow("Choose");
    saving.decide(useSaving.getState().conflicts, "mine");
    await later(0);
    expect(phase()).toBe("saved");
    expect(urlOf(server.definition)).toBe("mine");
    expect(server.definition.nodes[1]).toMatchObject({ name: "Theirs", notes: "later" });
  });

  it("takes theirs, which can be undone", async () => {
    server.change(url("theirs"));
    editor().edit("One", url("mine"));
    await later(400);
    saving.decide(useSaving.getState().conflicts, "theirs");
    await later(400);
    expect([urlOf(editor().definition), phase()]).toEqual(["theirs", "saved"]);
    editor().undo();
    await later(400);
    expect(urlOf(server.definition)).toBe("mine");
  });

  it("goes on choosing when they go on changing", async () => {
    server.change(url("theirs"));
    editor().edit("One", url("mine"));
    await later(400);
    server.change(url("theirs again"));
    saving.catchUp(server.revision, "Bob");
    await later(0);
    expect(useSaving.getState().conflicts).toMatchObject([{ mine: "mine", theirs: "theirs again" }]);
    server.change(url("mine"));
    saving.catchUp(server.revision, "Bob");
    await later(0);
    expect([useSaving.getState().conflicts, phase()]).toEqual([[], "saved"]);
  });

  it("recognises its own change whose answer was lost", async () => {
    server.instead = ["lost"];
    editor().edit("One", url("2"));
    await later(400);
    expect(phase()).toBe("retrying");
    await later(1000);
    expect([phase(), useSaving.getState().conflicts, server.revision]).toEqual(["saved", [], 2]);
  });
});

describe("what two people add at once", () => {
  const add = (subtype: string) => (now: Definition) => addNodes(now, [{ ...node("http"), subtype }]);

  it("stays chosen, open and undoable by the id it has in the end", async () => {
    server.change(add("THEIRS"));
    editor().edit("Add", add("MINE"));
    editor().show("http");
    await later(400);
    expect(server.definition.nodes.slice(2).map(({ id, subtype }) => [id, subtype])).toEqual([
      ["http_2", "MINE"],
      ["http", "THEIRS"],
    ]);
    expect(editor().open).toBe("http_2");
    expect([...editor().selection.nodes]).toEqual(["http_2"]);
    editor().undo();
    expect(
      editor()
        .definition.nodes.slice(2)
        .map(({ id }) => id),
    ).toEqual(["http"]);
  });

  it("is not taken for theirs when it arrived and only the answer was lost", async () => {
    server.instead = ["lost"];
    editor().edit("Add", add("MINE"));
    await later(400);
    editor().edit("Type", (now) => setParam(now, "http", "x", 1));
    server.change((now) => setNode(now, "b", { name: "Theirs" }));
    await later(2000);
    expect([phase(), server.definition.nodes.length]).toEqual(["saved", 3]);
    expect(server.definition.nodes[2]).toMatchObject({ id: "http", params: { x: 1 } });
    expect(server.definition.nodes[1]?.name).toBe("Theirs");
  });
});

describe("trouble", () => {
  it("tries again by itself while nobody answers, ever more seldom, at once when the net is back", async () => {
    server.instead = Array(20).fill("away");
    editor().edit("One", url("2"));
    await later(400);
    expect([phase(), wordsOf(useSaving.getState())]).toEqual(["retrying", "Not saved: no connection"]);
    await later(7000);
    expect(server.requests.length).toBe(4);
    server.instead = [];
    heard.get("online")?.({ preventDefault: () => undefined });
    await later(0);
    expect([phase(), urlOf(server.definition)]).toEqual(["saved", "2"]);
  });

  it.each([
    [401, "core.unauthenticated", "refused", "Not saved: you are signed out"],
    [403, "accounts.not_allowed", "refused", "Not saved: you may not change it"],
    [403, "core.csrf_failed", "refused", "Not saved: this page is out of date"],
    [404, "workflows.not_found", "refused", "Not saved: the workflow is gone"],
    [413, "core.too_large", "refused", "Not saved: the draft is too large"],
    [400, "workflows.invalid", "refused", "Not saved: the server refused it"],
    [409, "core.constraint", "refused", "Not saved: the server refused it"],
    [500, "core.fault", "retrying", "Not saved: the server has a problem"],
    [429, "core.too_many", "retrying", "Not saved: too many requests"],
  ])("has words and a way out for %i %s", async (status, code, expected, words) => {
    server.instead = [problem(status, code)];
    editor().edit("One", url("2"));
    await later(400);
    expect([phase(), wordsOf(useSaving.getState())]).toEqual([expected, words]);
    expect(useSaving.getState().trouble?.ways.length).toBeGreaterThan(0);
    expect(useSaving.getState().trouble?.detail).toMatch(/\.$/);
    saving.saveNow();
    await later(0);
    expect([phase(), urlOf(server.definition)]).toEqual(["saved", "2"]);
  });
});

describe("leaving", () => {
  const leave = (): boolean => {
    let asks = false;
    heard.get("beforeunload")?.({
      preventDefault: () => {
        asks = true;
      },
    });
    return asks;
  };

  it("sends the last change with the page that goes, and asks where that cannot be", async () => {
    expect(leave()).toBe(false);
    editor().edit("One", url("2"));
    expect(leave()).toBe(false);
    await later(0);
    expect(urlOf(server.definition)).toBe("2");
    editor().edit("Two", url("x".repeat(70_000)));
    expect(leave()).toBe(true);
    await later(400);
    server.instead = [problem(400, "workflows.invalid")];
    editor().edit("Three", url("3"));
    await later(400);
    expect(leave()).toBe(true);
  });

  it("offers what never arrived, after a reload, on what the draft is by then", async () => {
    server.instead = Array(9).fill("away");
    editor().edit("One", url("mine"));
    await later(1000);
    server.instead = [];
    server.change((now) => setNode(now, "b", { name: "Theirs" }));
    await open();
    expect(useSaving.getState().found?.revision).toBe(1);
    saving.restoreFound();
    expect(urlOf(editor().definition)).toBe("mine");
    expect(editor().definition.nodes[1]?.name).toBe("Theirs");
    await later(30_000);
    expect(urlOf(server.definition)).toBe("mine");
    expect(server.kept.size).toBe(0);
  });
});
