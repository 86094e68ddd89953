// The worker's entry module: keeps instances of the function and gives each one request at a time.
// It must not know what an answer is; that is said in Rust.
//
// An instance that crashes is thrown away, as its memory can no longer be trusted. No other request
// is in it, so that a crash costs one request, whatever else is in flight.

import module from "./function.wasm";
import { glue, onCloudflare, services } from "./function.js";

/** How large idle instances may be together, of which there are no more than have been at work at once, and how large each: an
 * isolate has 128 MB for all. */
const KEPT = 64 * 1024 * 1024;
const KEPT_OF_ONE = 16 * 1024 * 1024;

/** How many requests may wait for something inside of their instances, each of which has memory of its own, and how
 * many others may wait for one of these to be done. */
const WAITING = 32;
const QUEUED = 64;

/** How large a body may be to be read before its request is begun: to hand it over with the head costs less. */
const SMALL = 64 * 1024;

/** How long a request may take, unless the variable GURU_TIME says another number of seconds, and how long it may wait
 * for an instance; in milliseconds. */
const TIME = 30_000;
const PATIENCE = 5_000;

/** How long a request may go on after its answer: the platform cancels what is not done within 30 seconds, without a word
 * (https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil). */
const AFTER = 29_000;

/** How many answers of other servers may be passed on without an instance at the same time; more keep theirs. */
const PASSING = 256;

/** The longest that a timer of the platform's can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Between two looks for an instance. */
const LOOK = 10;

/** How much of a body that nobody wants is read and thrown away: a client that does not listen
 * while it sends would miss the answer (RFC 9112, section 9.6). */
const DRAIN = 64 * 1024 * 1024;

/** How much is read at once of a body that arrives. */
const CHUNK = 64 * 1024;

const NOTHING = new Uint8Array();

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Why a request has no answer of its handler's. */
const CRASHED = 0;
const REFUSED = 1;
const LATE = 2;
const BUSY = 3;
const STARVED = 4;

/** The levels of the log, by their numbers. */
const LEVELS = ["debug", "info", "warn", "error"];

/** What two log lines often have in common. */
let second = 0;
let prefix = "";

/** A stream of the platform's, read into a buffer: the platform's other reader takes 4 KiB at a time. */
class Reader {
  constructor(stream) {
    this.reader = stream.getReader({ mode: "byob" });
    this.buffer = new ArrayBuffer(CHUNK);
  }

  /** The next chunk, `undefined` at the end. It stands in the buffer, so it is there until the next is read. Whoever asks
   * before the last read is done gets what that reads: the platform has one at a time. */
  read() {
    this.reading ??= this.next().finally(() => (this.reading = undefined));
    return this.reading;
  }

  async next() {
    const { done, value } = await this.reader.read(new Uint8Array(this.buffer));
    if (done) {
      return undefined;
    }
    this.buffer = value.buffer;
    return value;
  }

  cancel() {
    this.reader.cancel().catch(() => {});
  }
}

/** An instance of the function, and what it finds as `host`. */
class Instance {
  constructor() {
    this.exports = glue(this);
    const { exports } = new WebAssembly.Instance(module, { "./function_bg.js": this.exports });
    this.memory = exports.memory;
    this.exports.__wbg_set_wasm(exports);
    exports.__wbindgen_start();
    this.exports.instance();
  }

  /** Whether there is an answer already. */
  begin(call, head, body) {
    this.call = call;
    this.isReading = false;
    this.refusal = undefined;
    this.isScheduled = true;
    return body === undefined
      ? this.exports.begin(head, undefined, sizeOf(call.request))
      : this.exports.begin(head, body.length ? body : undefined, NaN);
  }

  /** Reads on in the body of the request, and tells the instance, unless that has another request by then. */
  read() {
    const { call, exports } = this;
    const came = (isOver, chunk, isBroken) => {
      call.isRead ||= isOver;
      if (this.call !== call) {
        return;
      }
      this.isReading = false;
      this.hasRead = true;
      try {
        exports.came(chunk, isBroken);
      } catch (error) {
        this.fail(error);
      }
    };
    if (call.isRead) {
      // The answer has gone, and what was left is thrown away: nobody is to take a part for the whole.
      queueMicrotask(() => came(true, undefined, true));
      return;
    }
    this.isReading = true;
    call.reader ??= this.open(call.request.body);
    call.reader.read().then(
      (chunk) => came(chunk === undefined, chunk, false),
      () => came(true, undefined, true),
    );
  }

  /** A reader of a stream of the platform's. */
  open(stream) {
    return new Reader(stream);
  }

  /** The request goes on after its answer. */
  after() {
    this.isMore = true;
  }

  /** Nobody reads on in the body of the request. */
  discard() {
    drain(this.call);
  }

  /** Polls whenever it is woken: the instance, once there is an answer. */
  answered() {
    return this.until(() => this.exports.poll());
  }

  /** Takes a step whenever it is woken: the instance, once the step says that it is the last. */
  until(step) {
    return new Promise((resolve, reject) => {
      this.isOver = false;
      const poll = () => {
        // It may have been woken just before the end, or for a step before this one.
        if (this.isOver || this.poll !== poll) {
          return;
        }
        this.isScheduled = false;
        try {
          this.isOver = step();
          if (this.isOver) {
            resolve(this);
          }
        } catch (error) {
          this.fail(error);
        }
      };
      this.poll = poll;
      this.fail = (error) => {
        this.isOver = true;
        reject(error);
      };
      // It may have been woken when nobody listened yet.
      this.isScheduled = false;
      this.wake();
    });
  }

  wake() {
    if (!this.isScheduled) {
      this.isScheduled = true;
      queueMicrotask(this.poll);
    }
  }

  answer(status, fields, content, isText) {
    // To read status and headers from another `Response` costs `Response` a third less than from an
    // object, and to make that other one pays once it is used again.
    if (fields === undefined) {
      this.template ??= new Response(null, this.init);
    } else {
      this.init = initOf(status, fields);
      this.template = undefined;
    }
    // What `content` sees is the instance's memory, which the next request writes to. A small text
    // is cheaper as a string than as a buffer, of which the garbage collector keeps count.
    const body = isText ? utf8.decode(content) : content.slice();
    this.given = new Response(content.length === 0 ? null : body, this.template ?? this.init);
  }

  /** The head of an answer whose content is pulled at. */
  stream(status, fields, size) {
    this.template = undefined;
    if (fields !== undefined) {
      this.init = initOf(status, fields);
    }
    this.size = size;
    this.given = undefined;
  }

  chunk(content) {
    // A copy: the instance goes on in its memory. One buffer does for all, as the last chunk was sent before this one is asked for.
    if (content.length > CHUNK) {
      this.next = content.slice();
      return;
    }
    this.buffer ??= new ArrayBuffer(CHUNK);
    this.next = new Uint8Array(this.buffer, 0, content.length);
    this.next.set(content);
  }

  end(isBroken) {
    this.next = undefined;
    this.isBroken = isBroken;
  }

  /** The rest of the answer is passed on without the instance, if there is room for that. */
  pass(rest) {
    if (passing >= PASSING) {
      return false;
    }
    passing++;
    this.rest = rest;
    return true;
  }

  /** Rings the timer of this number, unless the instance was thrown away meanwhile. */
  sleep(milliseconds, number) {
    setTimeout(() => {
      try {
        this.exports.ring(number);
      } catch (error) {
        console.error(String(error));
      }
    }, Math.ceil(milliseconds));
  }

  fields() {
    const lines = [];
    for (const [name, value] of this.call.request.headers) {
      lines.push(name, value);
    }
    return lines.join("\n");
  }

  /** The request is malformed, as somebody who looked at its headers has found. Nobody in the instance goes on. */
  refuse(why) {
    this.refusal = why;
    throw new Error(why);
  }

  log(level, record) {
    console[LEVELS[level]](`{"timestamp":"${timestamp()}",${record.slice(1)}`);
  }

  variable(key) {
    const value = this.call.env[key];
    return typeof value === "string" ? value : undefined;
  }
}

// What only some functions use is in modules of its own.
Object.assign(Instance.prototype, services);

/** Who waits inside of an instance, and who for one, each with the time at which it is over. Who does not leave, since
 * the platform has given up the request without a word, is forgotten then. */
const waiting = new Map();
const queued = new Map();

/** How many answers are passed on without an instance. */
let passing = 0;

function hasRoom(places, most) {
  if (places.size >= most) {
    const now = Date.now();
    places.forEach((until, who) => {
      if (until < now) {
        places.delete(who);
        who.cancel?.();
      }
    });
  }
  return places.size < most;
}

// Made before the first request, so that what is wrong with the function is said at deployment.
const idle = [new Instance()];

/** The memory of these, in bytes, but for the first one. */
let kept = 0;

/** Answers in place of a handler. No request is ever in it. */
let herald;

export default {
  // Not asynchronous: most requests are answered before it returns.
  fetch(request, env, ctx) {
    // Cloudflare's network sets both headers, whatever a client sent; anything else that runs a
    // worker, such as `wrangler dev`, passes a client's own on.
    const id = (onCloudflare && request.headers.get("cf-ray")) || crypto.randomUUID();
    const clientIp = (onCloudflare && request.headers.get("cf-connecting-ip")) || "";
    const head = `${id}\n${clientIp}\n${request.method}\n${request.url}`;
    const call = { request, env, ctx, isRead: true };
    if (isEmpty(request)) {
      return answer(call, head, NOTHING);
    }
    if (isSmall(request)) {
      return read(call, head);
    }
    call.isRead = false;
    return afterwards(call, answer(call, head));
  },
};

function answer(call, head, body) {
  const instance = take();
  return instance === undefined ? queue(call, head, body) : serve(instance, call, head, body);
}

/** Answers a request whose body is read before. */
async function read(call, head) {
  let body;
  const time = timeOf(call.env);
  const whole = call.request.arrayBuffer().then((bytes) => (body = new Uint8Array(bytes)));
  try {
    if (!(await within(time, whole))) {
      whole.catch(() => {});
      return starved(head, time);
    }
  } catch {
    return said(REFUSED, head, "the body broke off");
  }
  return answer(call, head, body);
}

/** An instance, if there is room for one. */
function take() {
  const instance = idle.pop();
  kept -= instance?.bytes ?? 0;
  return instance ?? (hasRoom(waiting, WAITING) ? new Instance() : undefined);
}

function serve(instance, call, head, body) {
  instance.head = head;
  try {
    return instance.begin(call, head, body) ? answered(instance) : wait(instance, call);
  } catch (error) {
    return lost(head, instance, error);
  }
}

/** The answer of an instance that waits for something. */
async function wait(instance, call) {
  const { head } = instance;
  const time = timeOf(call.env);
  const step = instance.answered();
  try {
    let isDone;
    do {
      // A moment more than it has: there is an answer then, or nobody who waits for one.
      waiting.set(instance, Date.now() + time + PATIENCE);
      // While a body comes, nothing is late.
      instance.hasRead = false;
      isDone = await within(time, step);
    } while (!isDone && instance.hasRead);
    waiting.delete(instance);
    if (isDone) {
      return answered(instance);
    }
    instance.isOver = true;
    if (instance.isReading) {
      return starved(head, time);
    }
    drain(call);
    return said(LATE, head, `the handler was stopped after ${time / 1000} s`);
  } catch (error) {
    waiting.delete(instance);
    return lost(head, instance, error);
  }
}

/** The answer to a request whose body has stopped coming. */
function starved(head, time) {
  return said(STARVED, head, `nothing of the request's body came within ${time / 1000} s`);
}

/** How long a request may take, in milliseconds. */
function timeOf(env) {
  return Number(env.GURU_TIME) * 1000 || TIME;
}

/** Whether `step` is done within this many milliseconds. */
async function within(time, step) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.min(time, LONGEST), false);
  });
  try {
    return await Promise.race([step.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for an instance. By a timer of its own: a request that waits for another's doing is taken for hung. */
async function queue(call, head, body) {
  if (!hasRoom(queued, QUEUED)) {
    drain(call);
    return said(BUSY, head, `${WAITING} requests are being answered, and ${QUEUED} wait`);
  }
  const latest = Date.now() + PATIENCE;
  queued.set(call, latest + PATIENCE);
  let instance;
  do {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    instance = take();
  } while (instance === undefined && Date.now() < latest);
  queued.delete(call);
  if (instance === undefined) {
    drain(call);
    return said(BUSY, head, `none of ${WAITING} instances was free within ${PATIENCE / 1000} s`);
  }
  return serve(instance, call, head, body);
}

/** The answer to a request that an instance has given up, which is dropped with all that it holds. */
function lost(head, instance, error) {
  drain(instance.call);
  return instance.refusal === undefined
    ? said(CRASHED, head, String(error?.message ?? error))
    : said(REFUSED, head, instance.refusal);
}

/** The answer to a request that has none of its handler's. */
function said(what, head, why) {
  herald ??= new Instance();
  herald.exports.lost(head, what, why);
  return herald.given;
}

/** The answer of an instance, which is ready for the next request unless there is more to come. */
function answered(instance) {
  const response = instance.given;
  if (response === undefined) {
    return streamed(instance);
  }
  keep(instance);
  return response;
}

/** An answer whose content the instance makes while it is sent. The instance is the request's until then. */
function streamed(instance) {
  const { init, size } = instance;
  const { readable, writable } = size < 0 ? new IdentityTransformStream() : new FixedLengthStream(size);
  const response = new Response(readable, init);
  new Sending(instance, writable.getWriter()).all();
  return response;
}

/** The content of an answer on its way: a chunk at a time, the next of which is made once the platform has taken the last. */
class Sending {
  constructor(instance, writer) {
    this.instance = instance;
    this.writer = writer;
    this.head = instance.head;
    this.time = timeOf(instance.call.env);
    /** Whether nothing more is sent. */
    this.isOver = false;
    instance.cancel = () => this.cancel();
    // The platform tells of a client that leaves by the signal alone.
    instance.call.request.signal.addEventListener("abort", instance.cancel);
  }

  async all() {
    try {
      await this.made();
      await this.passed();
    } catch (error) {
      this.fail(CRASHED, String(error?.message ?? error));
    }
    if (this.isOver) {
      // Whoever has ended it may have been another request, which has no say in this one's streams.
      this.abort();
    } else {
      this.isOver = true;
      // A client that has left does not miss the end.
      this.writer.close().catch(() => {});
    }
  }

  /** Sends what the instance makes, and lets go of it. */
  async made() {
    const { instance, time } = this;
    const pull = () => instance.exports.pull();
    while (!this.isOver) {
      this.hold();
      if (!pull()) {
        if (!(await within(time, instance.until(pull)))) {
          this.fail(LATE, `the stream was broken off: no chunk within ${time / 1000} s`);
        }
        if (this.isOver) {
          return;
        }
        this.hold();
      }
      if (instance.next === undefined) {
        this.end();
        return;
      }
      // Of what happens in the instance while a chunk is sent, nobody else hears.
      instance.fail = (error) => this.fail(CRASHED, String(error?.message ?? error));
      await this.send(instance.next);
    }
  }

  /** The place is free once no chunk was made or read in time, where nobody says that the client has left. */
  hold() {
    waiting.set(this.instance, Date.now() + this.time + PATIENCE);
  }

  /** The instance has made its part, and another server sends the rest, if there is one. */
  end() {
    const { instance } = this;
    this.rest = instance.rest;
    instance.rest = undefined;
    if (instance.isBroken) {
      this.stop("the stream broke off");
    }
    this.leave(true);
  }

  /** Sends what another server answers, with which the instance has nothing to do any more. */
  async passed() {
    const { rest } = this;
    if (rest === undefined) {
      return;
    }
    const time = Math.min(rest.time, this.time);
    try {
      while (!this.isOver) {
        let chunk;
        const read = rest.read().then((next) => (chunk = next));
        if (!(await within(time, read))) {
          this.fail(LATE, rest.broken(`no more of it came within ${Math.trunc(time)} ms`));
        }
        if (this.isOver || chunk === undefined) {
          return;
        }
        await this.send(chunk);
      }
    } catch (error) {
      this.fail(CRASHED, rest.broken(error.message));
    } finally {
      passing--;
    }
  }

  /** Sends a chunk. Done once it was taken, or nobody reads any more. */
  async send(chunk) {
    try {
      await this.writer.write(chunk);
    } catch {
      this.cancel();
    }
  }

  /** Nobody reads on. */
  cancel() {
    const { instance } = this;
    if (this.isOver) {
      return;
    }
    this.stop("the stream was given up");
    if (instance !== undefined) {
      let isWhole = true;
      try {
        instance.exports.cancel();
      } catch {
        isWhole = false;
      }
      this.leave(isWhole);
    }
  }

  /** Breaks the transfer off, and drops an instance that has failed to go on with it. */
  fail(what, why) {
    if (this.isOver) {
      return;
    }
    this.stop(why);
    if (this.instance !== undefined) {
      this.leave(false);
    }
    said(what, this.head, why);
  }

  stop(why) {
    this.isOver = true;
    this.why = why;
    if (this.instance !== undefined) {
      // It is not polled again. Its buffer may be on its way to the client yet.
      this.instance.isOver = true;
      this.instance.buffer = undefined;
    }
    this.rest?.cancel();
    this.abort();
  }

  async abort() {
    try {
      await this.writer.abort(new Error(this.why));
    } catch {
      // It has ended already, or it is another request that asks: `all` does it then.
    }
  }

  leave(isWhole) {
    const { instance } = this;
    this.instance = undefined;
    instance.cancel = undefined;
    instance.next = undefined;
    waiting.delete(instance);
    if (isWhole) {
      keep(instance);
    }
  }
}

function keep(instance) {
  drain(instance.call);
  if (instance.isMore) {
    instance.call.ctx.waitUntil(goOn(instance));
    return;
  }
  instance.call = undefined;
  instance.given = undefined;
  instance.bytes = instance.memory.buffer.byteLength;
  if (instance.bytes <= KEPT_OF_ONE && kept + instance.bytes <= KEPT) {
    kept += instance.bytes;
    idle.push(instance);
  }
}

/** What a request goes on with after its answer, for as long as it had for that, and the platform allows. */
async function goOn(instance) {
  const { call, head } = instance;
  const time = Math.min(timeOf(call.env), AFTER);
  instance.isMore = false;
  waiting.set(instance, Date.now() + time + PATIENCE);
  try {
    if (await within(time, instance.answered())) {
      keep(instance);
    } else {
      instance.isOver = true;
      said(LATE, head, `what went on after the answer was stopped after ${time / 1000} s`);
    }
  } catch (error) {
    said(CRASHED, head, String(error?.message ?? error));
  } finally {
    waiting.delete(instance);
  }
}

/** Status and headers as `Response` takes them: the headers as an object, which costs it less than
 * pairs do, unless a name is there more than once. */
function initOf(status, fields) {
  const lines = fields === "" ? [] : fields.split("\n");
  const pairs = [];
  for (let index = 0; index < lines.length; index += 2) {
    pairs.push([lines[index], lines[index + 1]]);
  }
  const single = Object.fromEntries(pairs);
  const headers = Object.keys(single).length === pairs.length ? single : pairs;
  // The bytes are in whatever coding the handler says: they are not to be compressed again
  // (https://developers.cloudflare.com/workers/runtime-apis/response/, `encodeBody`).
  return { status, headers, encodeBody: "manual" };
}

/** The time as RFC 3339 has it. Only its milliseconds change from one line to most others, and to
 * write all of it anew costs more than the line. */
function timestamp() {
  const now = Date.now();
  const milliseconds = now % 1000;
  if (now - milliseconds !== second) {
    second = now - milliseconds;
    prefix = new Date(second).toISOString().slice(0, -4);
  }
  return `${prefix}${String(milliseconds).padStart(3, "0")}Z`;
}

/** Whether it is certain without reading that there is no body. */
function isEmpty(request) {
  return request.body === null || request.headers.get("content-length") === "0";
}

/** Whether the body is small enough to be read before its request is begun. */
function isSmall({ headers }) {
  const size = headers.get("content-length");
  return size !== null && Number(size) <= SMALL;
}

/** How large the body is, -1 if that is not known. */
function sizeOf({ headers }) {
  return Number(headers.get("content-length") ?? -1);
}

/** The answer, once what nobody wants of the body has been read: the platform resets the connection otherwise. */
async function afterwards(call, given) {
  const response = await given;
  await call.drained;
  return response;
}

function drain(call) {
  if (!call.isRead) {
    call.isRead = true;
    call.reader ??= new Reader(call.request.body);
    call.drained = drained(call).catch(() => {});
  }
}

async function drained({ reader }) {
  for (let size = 0; size < DRAIN; ) {
    let value;
    const read = reader.read().then((chunk) => (value = chunk));
    // Whoever sends nothing more waits for the answer.
    if (!(await within(PATIENCE, read)) || value === undefined) {
      break;
    }
    size += value.byteLength;
  }
  reader.cancel();
}
