/**
 * A picture chosen in `<input type="file" data-shrinks="256">` is cut to a square of so many pixels and made a JPEG
 * before it is sent: photographs become small, and lie the way they were taken. Without it the server takes small files
 * as they are.
 */
export function startPictures(): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== "file" || !target.dataset.shrinks) return;
    const [file] = target.files ?? [];
    if (file?.type.startsWith("image/")) void shrink(target, file, Number(target.dataset.shrinks));
  });
}

async function shrink(input: HTMLInputElement, file: File, side: number): Promise<void> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const edge = Math.min(image.width, image.height);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.min(side, edge);
    const context = canvas.getContext("2d");
    if (!context) return;
    const [left, top] = [(image.width - edge) / 2, (image.height - edge) / 2];
    context.drawImage(image, left, top, edge, edge, 0, 0, canvas.width, canvas.height);
    const type = file.type === "image/png" ? "image/png" : "image/jpeg";
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, 0.9));
    if (!blob || input.files?.[0] !== file) return;
    const chosen = new DataTransfer();
    chosen.items.add(new File([blob], file.name, { type }));
    input.files = chosen.files;
  } catch {
    // Not a picture this browser can read: the server says what is wrong with it.
  }
}
