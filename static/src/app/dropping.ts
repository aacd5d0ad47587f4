/**
 * `form[data-drops="file"]`: a file that is dropped anywhere on the page goes into the form's field of that name and is
 * sent. What is pasted beside a field and looks like JSON goes into its first `textarea`.
 */
export function startDropping(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-drops]");
  if (!form) return;
  const isFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  let depth = 0;
  document.addEventListener("dragenter", (event) => {
    if (isFile(event)) document.documentElement.toggleAttribute("data-dropping", ++depth > 0);
  });
  document.addEventListener("dragleave", (event) => {
    if (isFile(event)) document.documentElement.toggleAttribute("data-dropping", --depth > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (isFile(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    document.documentElement.removeAttribute("data-dropping");
    const field = form.elements.namedItem(form.dataset.drops ?? "");
    const files = event.dataTransfer?.files;
    if (!files?.length || !(field instanceof HTMLInputElement)) return;
    event.preventDefault();
    const one = new DataTransfer();
    one.items.add(files[0] as File);
    field.files = one.files;
    form.requestSubmit();
  });
  document.addEventListener("paste", (event) => {
    const area = form.querySelector("textarea");
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    const isInField = event.target instanceof HTMLElement && event.target.matches("input, textarea");
    if (!area || isInField || !/^[[{]/.test(text)) return;
    event.preventDefault();
    area.closest("details")?.setAttribute("open", "");
    area.value = text;
    area.focus();
    area.scrollIntoView({ block: "nearest" });
  });
}
