import htmx from "htmx.org";
import { isProblem, problemToast } from "./problems.ts";
import { showToast } from "./toasts.ts";

interface RequestDetail {
  xhr: XMLHttpRequest;
  shouldSwap: boolean;
  isError: boolean;
}

/** Boots htmx for a page without eval and without injected styles; failed requests become toasts. */
export function startHtmx(): void {
  htmx.config.responseHandling = [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "422", swap: true, error: false },
    { code: "[45]..", swap: false, error: true },
  ];
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<RequestDetail>).detail;
    if (isProblem(detail.xhr.getResponseHeader("Content-Type"))) {
      detail.shouldSwap = false;
      detail.isError = true;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<RequestDetail>).detail;
    showToast(problemToast(xhr.status, xhr.getResponseHeader("Content-Type"), xhr.responseText));
  });
  document.addEventListener("htmx:sendError", () => {
    const text = "The server cannot be reached";
    // Polling parts fail together; one toast says it.
    if (![...document.querySelectorAll("#toasts p")].some((line) => line.textContent === text))
      showToast({
        tone: "error",
        text,
        detail: "Check your connection. The page goes on by itself when it is back.",
      });
  });
}
