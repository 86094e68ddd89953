// Plays functions/users/exchange.json: `npm ci && npm test`.

import assert from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import app from "./users.js";

test("users sign up and in, and see each other", async () => {
  const path = new URL("../../functions/users/exchange.json", import.meta.url);
  const said = {};
  let cookie = "";
  for (const written of JSON.parse(readFileSync(process.env.EXCHANGE ?? path))) {
    const filled = JSON.stringify(written).replace(/\{(key|next)\}/g, (_, name) => said[name]);
    const step = JSON.parse(filled);
    const [method, target] = step.call.split(" ");
    const headers = { cookie, ...step.headers };
    if (step.body) {
      headers["content-type"] = "application/json";
    }
    const answer = await app.request(target, {
      method,
      headers,
      body: step.body && JSON.stringify(step.body),
    });
    if (step.status) {
      assert.strictEqual(answer.status, step.status, filled);
    }
    const content = step.answer && (await answer.json());
    for (const [name, wanted] of Object.entries(step.answer ?? {})) {
      assert.ok(content[name] != null, filled);
      if (wanted !== null) {
        assert.deepStrictEqual(content[name], wanted, filled);
      }
      said[name] = content[name];
    }
    if ("allows" in step) {
      const origin = answer.headers.get("access-control-allow-origin");
      assert.strictEqual(origin === step.headers.origin, step.allows, filled);
    }
    const set = answer.headers.get("set-cookie");
    if (set) {
      assert.match(set, /HttpOnly.*Secure.*SameSite=Lax/, filled);
      const token = set.match(/^session=([^;]*)/)[1];
      cookie = token && `session=${token}`;
    }
  }
});
