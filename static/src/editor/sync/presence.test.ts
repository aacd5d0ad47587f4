import { expect, it } from "vitest";
import { forgetSilent, heard, type Peers } from "./presence.ts";

const person = { id: "b", name: "Bob", initials: "B", hue: 1 };
const here = { kind: "here", peer: "1", person, chosen: ["a"], open: null } as const;
const hello = (peers: Peers = {}, peer = "1", now = 0): Peers =>
  heard(peers, { ...here, peer, chosen: [...here.chosen] }, now);

it("knows who is here, where they point, and when they go", () => {
  let peers = hello(hello(), "2");
  expect(Object.keys(peers)).toEqual(["1", "2"]);
  peers = heard(peers, { kind: "cursor", peer: "1", at: [1, 2] }, 5);
  expect(peers["1"]).toMatchObject({ cursor: { x: 1, y: 2 }, chosen: ["a"], seenAt: 5 });
  expect(hello(peers)["1"]?.cursor).toEqual({ x: 1, y: 2 });
  peers = heard(peers, { kind: "cursor", peer: "1", at: null }, 6);
  expect(peers["1"]?.cursor).toBeNull();
  expect(Object.keys(heard(peers, { kind: "gone", peer: "1" }, 7))).toEqual(["2"]);
});

it("takes nothing from those it does not know, and forgets who falls silent", () => {
  const peers = hello();
  expect(heard(peers, { kind: "cursor", peer: "9", at: [1, 2] }, 1)).toBe(peers);
  expect(heard(peers, { kind: "gone", peer: "9" }, 1)).toBe(peers);
  expect(forgetSilent(peers, 60_000)).toBe(peers);
  expect(forgetSilent(hello(peers, "2", 60_000), 70_000)).not.toHaveProperty("1");
});
