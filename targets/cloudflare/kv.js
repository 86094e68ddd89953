// What an instance finds on its `host` when its function has a key-value store: Cloudflare's KV
// (https://developers.cloudflare.com/kv/api/).

import { reply } from "./stores.js";

export const services = {
  kvGet(number, store, key) {
    reply(this, number, store, "getWithMetadata", async (kv) => {
      const value = await kv.get(key, "arrayBuffer");
      return { bytes: value === null ? undefined : new Uint8Array(value) };
    });
  },

  kvExists(number, store, key) {
    reply(this, number, store, "getWithMetadata", async (kv) => {
      // There is no call that asks for nothing else.
      const value = await kv.get(key, "stream");
      await value?.cancel();
      return { size: value === null ? 0 : 1 };
    });
  },

  kvSet(number, store, key, value, ttl) {
    // It is the instance's memory.
    const bytes = value.slice();
    reply(this, number, store, "getWithMetadata", async (kv) => {
      await kv.put(key, bytes, Number.isNaN(ttl) ? {} : { expirationTtl: ttl });
      return {};
    });
  },

  kvDelete(number, store, key) {
    reply(this, number, store, "getWithMetadata", async (kv) => {
      await kv.delete(key);
      return {};
    });
  },

  kvList(number, store, prefix, limit, cursor) {
    reply(this, number, store, "getWithMetadata", async (kv) => {
      let page = await kv.list({ prefix, limit, cursor });
      // It may have looked at keys that are gone, and found nothing yet.
      while (page.keys.length === 0 && !page.list_complete) {
        page = await kv.list({ prefix, limit, cursor: page.cursor });
      }
      const keys = page.keys.map(({ name }) => name);
      return { text: JSON.stringify([keys, page.list_complete ? null : page.cursor]) };
    });
  },
};
