// Runs JavaScript inside the jail: what came in on descriptor 0 becomes its variables, what it returns goes out as JSON.
//
// Deno runs this file without any permission. The answer is one JSON object, as in python.py. What is needed
// afterwards is taken before anybody's code runs, so that changed built-ins change nobody's result but their own.
const { stdin, stdout, stderr, exit, inspect } = Deno;
const { stringify, parse } = JSON;
const { isFinite } = Number;
const { isArray } = Array;
const { getPrototypeOf, keys, values: valuesOf } = Object;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const encode = encoder.encode.bind(encoder);
const AsyncFunction = (async () => {}).constructor;
const ABOVE = 2; // lines the engine puts above a function made of text
const DEPTH = 100;

function read() {
  const parts = [];
  const room = new Uint8Array(65_536);
  for (let size; (size = stdin.readSync(room)) !== null; ) parts.push(decoder.decode(room.subarray(0, size), { stream: true }));
  return parse(parts.join("") + decoder.decode());
}

function write(to, text) {
  for (let left = encode(text); left.length; ) left = left.subarray(to.writeSync(left));
}

class NotJson extends Error {}

function plain(value, path, depth) {
  if (depth > DEPTH) throw new NotJson(`${path.slice(0, 200)} is nested more than ${DEPTH} levels deep.`);
  if (value !== null && typeof value === "object" && typeof value.toJSON === "function") value = value.toJSON();
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") {
    if (isFinite(value)) return value;
    throw new NotJson(`${path} is ${value}, which JSON does not know.`);
  }
  if (isArray(value)) {
    const made = [];
    for (let at = 0; at < value.length; at++) made[at] = value[at] === undefined ? null : plain(value[at], `${path}[${at}]`, depth + 1);
    return made;
  }
  if (typeof value === "object") {
    const parent = getPrototypeOf(value);
    const name = parent === null ? "Object" : (parent.constructor?.name ?? "Object");
    if (value instanceof Map || value instanceof Set) throw new NotJson(`${path} is a ${name}; return an object or a list.`);
    const made = { __proto__: null };
    for (const key of keys(value)) if (value[key] !== undefined) made[key] = plain(value[key], `${path}.${key}`, depth + 1);
    return made;
  }
  throw new NotJson(`${path} is a ${typeof value}; return texts, numbers, lists, objects, true, false or null.`);
}

function raised(error) {
  const is = error instanceof Error;
  const trace = [];
  for (const [, name, line] of String(is ? error.stack : "").matchAll(/at (?:(?:async )?([^\s(]+) )?\(?eval at .*?<anonymous>:(\d+):\d+\)?/g)) {
    if (trace.length < 20 && line > ABOVE) trace.push({ line: line - ABOVE, in: name === "eval" || !name ? "code" : name });
  }
  const message = String(is ? error.message : inspect(error)).slice(0, 2_000);
  return { kind: "raised", type: is ? String(error.name).slice(0, 200) : "thrown", message, line: trace[0]?.line ?? null, trace: trace.reverse() };
}

// Where code cannot be read. Only as a module does the engine say it; this one ends before it begins.
async function lineOf(source) {
  try {
    await import(`data:text/javascript,${encodeURIComponent(`throw null; async () => {\n${source}\n}`)}`);
  } catch (error) {
    const found = /:(\d+):\d+$/.exec(String(error?.message));
    return found ? found[1] - 1 : null;
  }
}

async function answer({ source, values, rounds }) {
  let code;
  try {
    code = new AsyncFunction(...keys(values), ...keys(rounds[0]), source);
  } catch (error) {
    return { error: { kind: "syntax", message: String(error.message), line: await lineOf(source) } };
  }
  const results = [];
  for (let at = 0; at < rounds.length; at++) {
    try {
      const given = await code(...valuesOf(values), ...valuesOf(rounds[at]));
      results.push(given === undefined ? null : plain(given, "result", 0));
    } catch (error) {
      if (error instanceof NotJson) return { error: { kind: "not_json", message: error.message, at } };
      return { error: { ...raised(error), at } };
    }
  }
  return { results };
}

const say = (...what) => write(stderr, `${what.map((each) => (typeof each === "string" ? each : inspect(each))).join(" ")}\n`);
for (const name of ["log", "info", "debug", "warn", "error", "trace"]) console[name] = say;
const job = read();
const text = stringify(await answer(job));
write(stdout, text);
exit(0);
