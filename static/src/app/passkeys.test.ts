import { describe, expect, it } from "vitest";
import { base64url, bytes } from "./passkeys.ts";

describe("passkeys", () => {
  it("turns bytes into base64url and back", () => {
    for (const list of [[], [0], [251, 255, 254], [1, 2, 3, 4], Array.from({ length: 256 }, (_, at) => at)]) {
      const text = base64url(Uint8Array.from(list).buffer);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect([...bytes(text)]).toEqual(list);
    }
  });

  it("takes text with and without padding", () => {
    expect([...bytes("AQ")]).toEqual([1]);
    expect([...bytes("AQ==")]).toEqual([1]);
  });
});
