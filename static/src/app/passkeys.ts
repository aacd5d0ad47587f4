import { showToast } from "./toasts.ts";

type Json = Record<string, unknown>;

/**
 * `<form data-passkey="create" | "get">` with a hidden `credential`: sending it asks the browser for a passkey first.
 * What is asked stands in the JSON script `data-passkey-from`, or is fetched from `data-passkey-options`.
 */
export function startPasskeys(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    const wish = form?.dataset.passkey;
    if (!form || !wish) return;
    const field = form.elements.namedItem("credential");
    if (!(field instanceof HTMLInputElement) || field.value) return;
    event.preventDefault();
    void ask(form, wish).then(
      (credential) => {
        field.value = JSON.stringify(credential);
        form.submit();
      },
      (error: unknown) => explain(error, wish),
    );
  });
  // Browsers bring pages back as they were left; a credential is good once.
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll<HTMLInputElement>("[data-passkey] [name=credential]"))
      field.value = "";
  });
}

async function ask(form: HTMLFormElement, wish: string): Promise<Json> {
  if (!window.PublicKeyCredential) throw new Error("This browser knows no passkeys.");
  const options = await optionsOf(form);
  const publicKey = (options.publicKey ?? options) as Json;
  const found =
    wish === "create"
      ? await navigator.credentials.create({ publicKey: creation(publicKey) })
      : await navigator.credentials.get({ publicKey: assertion(publicKey) });
  if (!(found instanceof PublicKeyCredential)) throw new Error("The browser gave no passkey.");
  return asJson(found);
}

async function optionsOf(form: HTMLFormElement): Promise<Json> {
  const from = form.dataset.passkeyFrom;
  if (from) return JSON.parse(document.getElementById(from)?.textContent ?? "{}") as Json;
  const answer = await fetch(form.dataset.passkeyOptions ?? "", {
    headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
  });
  if (!answer.ok)
    throw new Error(answer.status === 429 ? "Too many tries. Wait a minute." : "The server did not answer.");
  return ((await answer.json()) as { request_options: Json }).request_options;
}

function creation(options: Json): PublicKeyCredentialCreationOptions {
  const user = options.user as Json;
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: listed(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
}

function assertion(options: Json): PublicKeyCredentialRequestOptions {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: listed(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions;
}

function listed(found: unknown): Json[] {
  return ((found as Json[] | undefined) ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
}

export function asJson(credential: PublicKeyCredential): Json {
  const response = credential.response;
  const said: Json = { clientDataJSON: base64url(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    said.attestationObject = base64url(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else if (response instanceof AuthenticatorAssertionResponse) {
    said.authenticatorData = base64url(response.authenticatorData);
    said.signature = base64url(response.signature);
    said.userHandle = response.userHandle ? base64url(response.userHandle) : null;
  }
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: said,
  };
}

export function bytes(text: unknown): Uint8Array {
  const plain = atob(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function base64url(buffer: ArrayBuffer): string {
  const plain = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function explain(error: unknown, wish: string): void {
  const name = error instanceof DOMException ? error.name : "";
  const detail =
    {
      NotAllowedError: "It was cancelled, or took too long. Nothing has changed.",
      InvalidStateError: "This device holds a passkey for this account already.",
      SecurityError: "Passkeys need a host name and HTTPS; on this machine open the page as localhost.",
    }[name] ?? (error instanceof Error ? error.message : "");
  showToast({
    tone: "error",
    text: wish === "create" ? "No passkey was made" : "Not signed in by passkey",
    detail,
  });
}
