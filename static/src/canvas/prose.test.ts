import { describe, expect, it } from "vitest";
import { paragraphs } from "./prose.ts";

const words = (text: string) => ({ text, isCode: false });
const code = (text: string) => ({ text, isCode: true });

describe("paragraphs", () => {
  it("joins lines and keeps paragraphs", () => {
    expect(paragraphs("Reads are tried\nagain.\n\nWrites\nare not.\n")).toEqual([
      [words("Reads are tried again.")],
      [words("Writes are not.")],
    ]);
  });

  it("takes code out of its backticks", () => {
    expect(paragraphs("Leaves by `true` or\n`false`.")).toEqual([
      [words("Leaves by "), code("true"), words(" or "), code("false"), words(".")],
    ]);
  });

  it("leaves a lone backtick alone and says nothing of nothing", () => {
    expect(paragraphs("a ` b")).toEqual([[words("a ` b")]]);
    expect(paragraphs(" \n ")).toEqual([]);
  });
});
