// What an instance finds on its `host` when its function has an atomic key-value store: a table of Cloudflare's D1
// (https://developers.cloudflare.com/d1/worker-api/). The statements are Rust's.

import { reply } from "./stores.js";

export const services = {
  d1(number, store, statement, parameters, content) {
    const bytes = content?.slice();
    const values = JSON.parse(parameters).map((value) => (Array.isArray(value) ? bytes : value));
    reply(this, number, store, "prepare", async (d1) => {
      const rows = await d1.prepare(statement).bind(...values).raw();
      const [first] = rows;
      // Bytes come back as a list of numbers.
      if (Array.isArray(first?.[0])) {
        return { size: 1, text: JSON.stringify([first[1]]), bytes: Uint8Array.from(first[0]) };
      }
      return { size: rows.length, text: JSON.stringify(rows.map(([column]) => column)) };
    });
  },
};
