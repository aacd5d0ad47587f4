import { expect, it } from "vitest";
import { problemToast } from "./problems.ts";

const problem = "application/problem+json; charset=utf-8";

it("says title, detail, first field and hint of a problem document", () => {
  const body = JSON.stringify({
    title: "Two workflows on one path",
    detail: "Order intake listens to /orders already.",
    hint: "Pause it first.",
    errors: [{ path: "path", message: "Taken." }],
  });
  expect(problemToast(409, problem, body)).toEqual({
    tone: "error",
    text: "Two workflows on one path",
    detail: "Order intake listens to /orders already. path: Taken. Pause it first.",
  });
});

it("finds words for answers that are no problem document", () => {
  expect(problemToast(403, "text/html", "<html>").text).toBe("You may not do this");
  expect(problemToast(502, null, "").text).toBe("The server answered 502");
});

it("does not say the same twice", () => {
  expect(problemToast(400, problem, JSON.stringify({ title: "No", detail: "No" })).detail).toBe("");
});
