// What an instance finds on its `host` when its function fetches: a part of the worker that others do not have.
// It must not know which hosts are allowed; that is said in Rust.

/** What came of a call, by the numbers that the function has for it. */
const HEAD = 0;
const CHUNK = 1;
const END = 2;
const READY = 3;
const INVALID = 4;
const BROKEN = 8;
const OTHER = 9;
const NO_BINDING = 10;

/** Calls in flight, by instance and number. */
const flights = new WeakMap();

function flightsOf(instance) {
  let all = flights.get(instance);
  if (all === undefined) {
    flights.set(instance, (all = new Map()));
  }
  return all;
}

/** Tells the instance what came of a call, unless it has given the call up. */
function tell(instance, number, flight, what, { status = 0, size = -1, text = "", bytes } = {}) {
  if (flightsOf(instance).get(number) !== flight) {
    return;
  }
  try {
    instance.exports.answered(number, what, status, size, text, bytes);
  } catch (error) {
    instance.fail(error);
  }
}

export const services = {
  // `name` is that of another function's binding
  // (https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/http/).
  fetch(number, method, url, fields, content, size, name) {
    const abort = new AbortController();
    const flight = { abort, url };
    flightsOf(this).set(number, flight);
    const init = { method, headers: pairs(fields), redirect: "manual", cache: "no-store", signal: abort.signal };
    if (content !== undefined) {
      // It is the instance's memory.
      init.body = content.slice();
    } else if (!Number.isNaN(size)) {
      const { readable, writable } = size < 0 ? new IdentityTransformStream() : new FixedLengthStream(size);
      flight.writer = writable.getWriter();
      init.body = readable;
    }
    const service = name === undefined ? { fetch: (request) => fetch(request) } : this.call.env[name];
    let request;
    // The instance is not entered again before it waits.
    const refuse = (what, text) => queueMicrotask(() => tell(this, number, flight, what, { text }));
    if (typeof service?.fetch !== "function") {
      refuse(NO_BINDING, "the worker has no such binding, which wrangler.toml gives it");
      return;
    }
    try {
      request = new Request(url, init);
    } catch (error) {
      refuse(INVALID, String(error.message));
      return;
    }
    service.fetch(request).then(
      (response) => {
        flight.body = response.body;
        tell(this, number, flight, HEAD, head(response));
      },
      (error) => {
        // Of another worker, whatever it threw is that it gave no answer.
        const what = name === undefined ? kindOf(error) : BROKEN;
        tell(this, number, flight, what, { text: String(error.message) });
      },
    );
  },

  upload(number, chunk) {
    const flight = flightsOf(this).get(number);
    // Who no longer reads says so by the call itself.
    const isReady = () => tell(this, number, flight, READY);
    flight.writer.write(chunk.slice()).then(isReady, () => {});
  },

  finish(number, isBroken) {
    const { writer, abort } = flightsOf(this).get(number);
    if (isBroken) {
      tell(this, number, flightsOf(this).get(number), BROKEN, { text: "the content of the request broke off" });
      abort.abort();
      writer.abort().catch(() => {});
    } else {
      writer.close().catch(() => {});
    }
  },

  download(number) {
    const flight = flightsOf(this).get(number);
    flight.reader ??= this.open(flight.body);
    flight.reader.read().then(
      (bytes) => tell(this, number, flight, bytes === undefined ? END : CHUNK, { bytes }),
      (error) => tell(this, number, flight, BROKEN, { text: String(error.message) }),
    );
  },

  release(number, time) {
    const flight = flightsOf(this).get(number);
    flight.reader ??= this.open(flight.body);
    const isPassed = this.pass({
      time,
      read: () => flight.reader.read(),
      cancel: () => cancel(flight),
      broken: (why) => `the answer of ${new URL(flight.url).host} broke off: ${why}`,
    });
    if (isPassed) {
      flightsOf(this).delete(number);
    }
    return isPassed;
  },

  abandon(number) {
    const flight = flightsOf(this).get(number);
    // One that was released has gone on without the instance.
    if (flight !== undefined) {
      flightsOf(this).delete(number);
      cancel(flight);
    }
  },
};

function cancel({ abort, writer, reader }) {
  abort.abort();
  writer?.abort().catch(() => {});
  reader?.cancel();
}

function pairs(fields) {
  const lines = fields === "" ? [] : fields.split("\n");
  const all = [];
  for (let index = 0; index < lines.length; index += 2) {
    all.push([lines[index], lines[index + 1]]);
  }
  return all;
}

function head({ status, headers, body }) {
  // The platform undoes a content coding and leaves the headers as they were.
  const isDecoded = headers.has("content-encoding");
  const lines = [];
  for (const [name, value] of headers) {
    if (!isDecoded || (name !== "content-encoding" && name !== "content-length")) {
      lines.push(name, value);
    }
  }
  const length = isDecoded ? null : headers.get("content-length");
  const size = body === null ? 0 : length === null ? -1 : Number(length);
  return { status, size, text: lines.join("\n") };
}

/** What went wrong, as far as the platform tells it apart: a connection that is refused or cut off; names that are not
 * known and certificates that are not trusted are "internal error". */
function kindOf({ message }) {
  return /connection lost/i.test(message) ? BROKEN : OTHER;
}
