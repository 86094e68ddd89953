// The small program of docs/coming-from/hono.md.

import assert from "node:assert";
import { test } from "node:test";

import app from "./words.js";

test("it greets, ticks, and says what is not there", async () => {
  const hello = await app.request("/hello/you", {}, { GREETING: "good day" });
  assert.strictEqual(await hello.text(), "good day you");
  const ticks = await app.request("/ticks");
  assert.match(await ticks.text(), /data: 0\n\ndata: 1\n\ndata: 2\n\n/);
  const lost = await app.request("/nowhere");
  assert.strictEqual(lost.status, 404);
});
