// What an instance finds on its `host` when its function has blobs: a bucket of Cloudflare's R2
// (https://developers.cloudflare.com/r2/api/workers/workers-api-reference/).

import { kindOf, reply } from "./stores.js";

/** What came of a call beside what the stores tell. */
const CONFLICT = 9;
const REFUSED = 10;

/** The least that a part has but for the last one; all of them have the same. As little as that is held in memory. */
const PART = 5 * 1024 * 1024;

/** What a bucket has, and no other binding. */
const METHOD = "createMultipartUpload";

/** Content that is read or written, by instance and number. */
const all = new WeakMap();

function heldBy(instance) {
  let held = all.get(instance);
  if (held === undefined) {
    all.set(instance, (held = new Map()));
  }
  return held;
}

class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

function known({ size, etag, httpMetadata }) {
  return { text: JSON.stringify([size, etag, httpMetadata?.contentType ?? "application/octet-stream"]) };
}

/** What is stored with content, and under which condition: an etag, an empty text for none, or nothing. */
function options(contentType, condition) {
  const httpMetadata = { contentType };
  if (condition === undefined) {
    return { httpMetadata };
  }
  const onlyIf = condition === "" ? new Headers({ "if-none-match": "*" }) : { etagMatches: condition };
  return { httpMetadata, onlyIf };
}

/** What was stored, unless the condition did not hold. */
function stored(object) {
  if (object === null) {
    throw new Failure(CONFLICT, "the value of the key is another by now");
  }
  return known(object);
}

/** Content that comes in chunks, of an unknown size, or a small one: in parts, once there is more than one. */
class Parts {
  held = [];
  size = 0;
  done = [];

  constructor(r2, key, options) {
    Object.assign(this, { r2, key, options });
  }

  async write(chunk) {
    this.held.push(chunk);
    this.size += chunk.length;
    while (this.size > PART) {
      if (this.options.onlyIf !== undefined) {
        throw new Failure(REFUSED, "R2 has no condition for content of unknown size beyond 5 MiB: give its size");
      }
      this.upload ??= await this.r2.createMultipartUpload(this.key, this.options);
      if (this.isOver) {
        await this.upload.abort();
        throw new Error("the content was broken off");
      }
      await this.part(PART);
    }
  }

  async part(size) {
    const bytes = await new Blob(this.held).arrayBuffer();
    this.held = [new Uint8Array(bytes, size)];
    this.size -= size;
    this.done.push(await this.upload.uploadPart(this.done.length + 1, bytes.slice(0, size)));
  }

  async finish() {
    if (this.upload === undefined) {
      const bytes = await new Blob(this.held).arrayBuffer();
      return stored(await this.r2.put(this.key, bytes, this.options));
    }
    try {
      await this.part(this.size);
      const { size, etag } = await this.upload.complete(this.done);
      return known({ size, etag, httpMetadata: this.options.httpMetadata });
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /** Its parts would be kept otherwise. */
  cancel() {
    this.isOver = true;
    this.upload?.abort().catch(() => {});
  }
}

/** Content of a known size, which goes on as it comes. */
class Whole {
  constructor(r2, key, options, size) {
    const { readable, writable } = new FixedLengthStream(size);
    this.writer = writable.getWriter();
    this.putting = r2.put(key, readable, options).then(stored);
    // Whoever waits for room learns that nobody wants more.
    this.lost = this.putting.then(() => {
      throw new Error("R2 has not waited for all of the content");
    });
    this.lost.catch(() => {});
  }

  async write(chunk) {
    const written = this.writer.write(chunk);
    written.catch(() => {});
    // Why nobody reads it is nearer to the cause than that it could not be written.
    await Promise.race([this.lost, written.catch(() => this.lost)]);
  }

  async finish() {
    this.writer.close().catch(() => {});
    return this.putting;
  }

  cancel() {
    this.writer.abort().catch(() => {});
  }
}

const call = (instance, number, store, run) => reply(instance, number, store, METHOD, run, kindOfR2);

export const services = {
  r2Head(number, store, key) {
    call(this, number, store, async (r2) => {
      const object = await r2.head(key);
      return object === null ? {} : known(object);
    });
  },

  r2Get(number, store, key, kind, from, to) {
    const reading = {};
    heldBy(this).set(number, reading);
    const range = [undefined, { offset: from }, { offset: from, length: to - from + 1 }, { suffix: from }][kind];
    call(this, number, store, async (r2) => {
      const object = await r2.get(key, { range });
      if (object === null) {
        return {};
      }
      if (heldBy(this).get(number) === reading) {
        reading.reader = this.open(object.body);
      } else {
        object.body.cancel().catch(() => {});
      }
      return known(object);
    });
  },

  r2Read(number, store, id) {
    const { reader } = heldBy(this).get(id);
    call(this, number, store, async () => ({ bytes: await reader.read() }));
  },

  r2Put(number, store, key, contentType, condition, content) {
    // It is the instance's memory.
    const bytes = content.slice();
    call(this, number, store, async (r2) => stored(await r2.put(key, bytes, options(contentType, condition))));
  },

  r2Begin(number, store, key, contentType, condition, size) {
    const writing = {};
    heldBy(this).set(number, writing);
    call(this, number, store, async (r2) => {
      if (heldBy(this).get(number) === writing) {
        const stored = options(contentType, condition);
        writing.upload = size > PART ? new Whole(r2, key, stored, size) : new Parts(r2, key, stored);
      }
      return {};
    });
  },

  r2Write(number, store, id, chunk) {
    const { upload } = heldBy(this).get(id);
    const bytes = chunk.slice();
    call(this, number, store, async () => {
      await upload.write(bytes);
      return {};
    });
  },

  r2Finish(number, store, id) {
    const { upload } = heldBy(this).get(id);
    heldBy(this).delete(id);
    call(this, number, store, () => upload.finish());
  },

  r2Drop(id) {
    const held = heldBy(this).get(id);
    heldBy(this).delete(id);
    held?.reader?.cancel();
    held?.upload?.cancel();
  },

  r2Delete(number, store, key) {
    call(this, number, store, async (r2) => {
      await r2.delete(key);
      return {};
    });
  },

  r2List(number, store, prefix, limit, startAfter) {
    call(this, number, store, async (r2) => {
      let page = await r2.list({ prefix, limit, startAfter });
      while (page.objects.length === 0 && page.truncated) {
        page = await r2.list({ prefix, limit, cursor: page.cursor });
      }
      return { size: page.truncated ? 1 : 0, text: JSON.stringify(page.objects.map(({ key, size }) => [key, size])) };
    });
  },
};

/** What R2 says has a number at its end (https://developers.cloudflare.com/r2/api/error-codes/). */
function kindOfR2(error) {
  const { message } = error;
  return (
    error.kind ??
    (/\(10039\)|range/i.test(message)
      ? REFUSED
      : /\(10031\)|precondition/i.test(message)
        ? CONFLICT
        : kindOf(error))
  );
}
