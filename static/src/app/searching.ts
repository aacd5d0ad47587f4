import htmx from "htmx.org";

const PATIENCE_MS = 220;

/** The address of a list for what its form says: empty fields are left out, and the page begins anew. Pure. */
export function addressOf(fields: Iterable<[string, string]>): string {
  const query = new URLSearchParams();
  for (const [name, value] of fields) if (value.trim() !== "") query.append(name, value);
  const text = query.toString();
  return text === "" ? location.pathname : `${location.pathname}?${text}`;
}

/**
 * Lists are searched as one types: what has `data-results` (and an id) is fetched anew with what the search's form
 * says, and the address follows. The form itself is not swapped, so nothing that is being typed is lost.
 */
export function startSearching(): void {
  let timer = 0;
  let pending: AbortController | undefined;
  const ask = (form: HTMLFormElement, patience: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      pending?.abort();
      pending = new AbortController();
      void search(form, pending.signal);
    }, patience);
  };
  document.addEventListener("input", (event) => {
    const form = searched(event);
    if (form) ask(form, PATIENCE_MS);
  });
  // Enter asks for what stands there already: no page needs to be loaded for it.
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && !event.isComposing ? searched(event) : null;
    if (!form) return;
    event.preventDefault();
    ask(form, 0);
  });
}

/** The form of a list's search that an event came from; null where there is none, or no list that can be fetched. */
function searched({ target }: Event): HTMLFormElement | null {
  if (!(target instanceof HTMLInputElement) || !target.matches(".search input[type=search]")) return null;
  return target.form?.method === "get" && document.querySelector("[data-results]") ? target.form : null;
}

async function search(form: HTMLFormElement, signal: AbortSignal): Promise<void> {
  const fields = [...new FormData(form)].filter(
    (field): field is [string, string] => typeof field[1] === "string",
  );
  const address = addressOf(fields);
  const parts = [...document.querySelectorAll<HTMLElement>("[data-results][id]")];
  for (const part of parts) part.ariaBusy = "true";
  try {
    const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) {
      location.assign(address); // whatever it is, the page itself says it best
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of parts) {
      const found = page.getElementById(part.id);
      if (!found) continue;
      part.replaceChildren(...found.childNodes);
      htmx.process(part);
      part.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: part } })); // for its times
    }
    history.replaceState(history.state, "", address);
    document.dispatchEvent(new CustomEvent("results:swapped"));
    tell(form);
  } catch (error) {
    if (!signal.aborted) location.assign(address);
    else if (!(error instanceof DOMException)) throw error;
  } finally {
    if (!signal.aborted) for (const part of parts) part.ariaBusy = null;
  }
}

/** Says to readers of screens how many were found. */
function tell(form: HTMLFormElement): void {
  const status = form.querySelector("[data-found]");
  if (!status) return;
  const said = document.querySelector("[data-results] .pager > span, [data-results] .empty h2")?.textContent;
  status.textContent = said?.trim() ?? "";
}
