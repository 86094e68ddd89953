// The worker's entry module: keeps instances of the function and gives each one request at a time.
// It must not know what an answer is; that is said in Rust.
//
// An instance that crashes is thrown away, as its memory can no longer be trusted. No other request
// is in it, so that a crash costs one request, whatever else is in flight.

import module from "./function.wasm";
import { glue, onCloudflare } from "./function.js";

/** How many idle instances are kept, and how large each may be: an isolate has 128 MB for all. */
const KEPT = 4;
const KEPT_BYTES = 16 * 1024 * 1024;

/** How much of a body that is too large is read and thrown away: a client that does not listen
 * while it sends would miss the answer (RFC 9112, section 9.6). */
const DRAIN = 64 * 1024 * 1024;

// Made before the first request, so that what is wrong with the function is said at deployment.
const idle = [create()];
const bodyLimit = idle[0].worker.bodyLimit();

export default {
  async fetch(request, env) {
    // Cloudflare's network sets both headers, whatever a client sent; anything else that runs a
    // worker, such as `wrangler dev`, passes a client's own on.
    const headers = request.headers;
    const id = (onCloudflare && headers.get("cf-ray")) || crypto.randomUUID();
    const clientIp = onCloudflare ? headers.get("cf-connecting-ip") : null;
    const body = await read(request);
    const instance = idle.pop() ?? create();
    try {
      const response = await answer(instance, request, body, env, id, clientIp);
      keep(instance);
      return response;
    } catch (error) {
      instance.worker.__destroy_into_raw();
      const other = idle.pop() ?? create();
      const response = other.worker.crash(request, id, String(error?.message ?? error));
      keep(other);
      return response;
    }
  },
};

function create() {
  const exports = glue();
  const { memory } = exports.initSync({ module });
  return { worker: exports.instance(), memory };
}

function keep(instance) {
  if (idle.length < KEPT && instance.memory.buffer.byteLength <= KEPT_BYTES) {
    idle.push(instance);
  }
}

/** The answer of one instance; an exception when it crashes. */
function answer(instance, request, body, env, id, clientIp) {
  return new Promise((resolve, reject) => {
    let isScheduled = true;
    const wake = () => {
      if (!isScheduled) {
        isScheduled = true;
        queueMicrotask(poll);
      }
    };
    const call = instance.worker.begin(request, body, env, id, clientIp, wake);
    const poll = () => {
      isScheduled = false;
      try {
        const response = call.poll();
        if (response !== undefined) {
          isScheduled = true;
          call.free();
          resolve(response);
        }
      } catch (error) {
        isScheduled = true;
        // Its memory is given up with the instance: freeing it would run the crashed code.
        call.__destroy_into_raw();
        reject(error);
      }
    };
    poll();
  });
}

/** The whole body; `undefined` when it is too large, `null` when it broke off. */
async function read(request) {
  if (request.body === null) {
    return new Uint8Array();
  }
  const announced = request.headers.get("content-length");
  try {
    if (announced !== null && Number(announced) <= bodyLimit) {
      return new Uint8Array(await request.arrayBuffer());
    }
    return await readUpTo(bodyLimit, request.body);
  } catch {
    return null;
  }
}

/** A body whose size is not known, or is too large and read on so that the client hears of it. */
async function readUpTo(limit, stream) {
  const pieces = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.byteLength;
    if (size <= limit) {
      pieces.push(piece);
    } else if (size > limit + DRAIN) {
      break;
    } else {
      pieces.length = 0;
    }
  }
  return size <= limit ? new Uint8Array(await new Blob(pieces).arrayBuffer()) : undefined;
}
