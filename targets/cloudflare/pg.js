// What an instance finds on its `host` when its function has a database of PostgreSQL: one that Cloudflare's Hyperdrive leads to
// (https://developers.cloudflare.com/hyperdrive/). The statements are Rust's.

// The npm package `postgres`, which `guru build` puts beside this.
import connect from "./postgres.js";
import { reply } from "./stores.js";

/** What came of a call beside what the stores tell: what the server says, behind its code. */
const TOO_LARGE = 3;
const UNAVAILABLE = 4;
const TIMEOUT = 5;
const BROKEN = 7;
const SAID = 11;
const NOT_GIVEN = 12;

/** The number of the type of bytes. */
const BYTEA = 17;

/** The connections of a request, by their bindings: what a request has opened is the request's alone. */
const requests = new WeakMap();

export const services = {
  postgres(number, database, statements, content) {
    // It is the instance's memory.
    const bytes = content?.slice();
    const { call } = this;
    const run = async (hyperdrive) => {
      const sql = client(call, database, hyperdrive);
      const [given, room, time, list] = JSON.parse(statements);
      const all = list.map(([text, values]) => [text, values.map((value) => parameter(sql, bytes, value))]);
      const limits = { given, left: room };
      const results =
        all.length === 1
          ? one(sql, all[0], limits).then((rows) => [rows])
          : sql.begin(async (transaction) => {
              const results = [];
              for (const statement of all) {
                results.push(await one(transaction, statement, limits));
              }
              return results;
            });
      return { text: JSON.stringify(await timed(results, time, call, database)) };
    };
    reply(this, number, database, "connect", run, kindOf);
  },
};

function client(call, database, { connectionString }) {
  let clients = requests.get(call);
  if (!clients) {
    requests.set(call, (clients = new Map()));
  }
  let sql = clients.get(database);
  if (!sql) {
    // A worker has six connections at once (https://developers.cloudflare.com/workers/platform/limits/).
    sql = connect(connectionString, { max: 3, fetch_types: false, connect_timeout: 10, onnotice: () => {} });
    clients.set(database, sql);
  }
  return sql;
}

/** A parameter of the type that it is given with; the server finds out that of null. */
function parameter(sql, bytes, [type, value]) {
  if (value === null) {
    return null;
  }
  return sql.typed(Array.isArray(value) ? bytes.subarray(...value) : value, type);
}

/** The columns of a statement, with their types, and its rows, of texts. */
async function one(sql, [text, values], limits) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rows = [];
  // Without parameters, the package would take several statements. Rows beyond the limit are read and not kept: where a connection
  // is cut off with something unread, wrangler's own way to the server ends, and wrangler with it.
  const done = await sql.unsafe(text, values, { simple: false }).raw().forEach((row, { columns }) => {
    limits.left -= row.reduce((sum, value, at) => sum + 16 + size(value, columns[at].type), 0);
    if (limits.left >= 0) {
      rows.push(row.map((value) => value && decoder.decode(value)));
    }
  });
  const columns = (done.columns ?? []).map(({ name, type }) => [name, type]);
  const other = columns.find(([, type]) => !limits.given.includes(type));
  if (other) {
    throw Object.assign(new Error(JSON.stringify(other)), { kind: NOT_GIVEN });
  }
  if (limits.left < 0) {
    throw Object.assign(new Error(), { kind: TOO_LARGE });
  }
  return [columns, ...rows];
}

/** How many bytes a value has, of which bytes come as hexadecimal digits. */
function size(value, type) {
  const length = value?.length ?? 0;
  return type === BYTEA ? length / 2 : length;
}

/** Ends what a call has begun, with its connections. */
function end(call, database) {
  const clients = requests.get(call);
  // What the call itself fails with then, nobody waits for.
  clients?.get(database)?.end({ timeout: 0 }).catch(() => {});
  clients?.delete(database);
}

/** Gives a call up that takes too long. */
async function timed(results, time, call, database) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      end(call, database);
      reject(Object.assign(new Error(), { kind: TIMEOUT }));
    }, time);
  });
  try {
    return await Promise.race([results, late]);
  } finally {
    clearTimeout(timer);
  }
}

function kindOf(error) {
  const { kind, code, severity } = error;
  if (kind) {
    return kind;
  }
  // What the server says; the name of its class is the bundler's.
  if (severity) {
    error.message = `${code} ${error.message}`;
    return SAID;
  }
  // What is lost in the middle may have been done: only what fails before there is a connection was not.
  return /^(CONNECT_TIMEOUT|ECONNREFUSED|ENOTFOUND)$/.test(code) || /cannot connect|proxy request failed/i.test(error.message)
    ? UNAVAILABLE
    : BROKEN;
}
