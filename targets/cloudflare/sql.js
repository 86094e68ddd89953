// What an instance finds on its `host` when its function has a database of SQLite: one of Cloudflare's D1
// (https://developers.cloudflare.com/d1/worker-api/). The statements are Rust's.

import { NO_TABLE, kindOf, reply } from "./stores.js";

/** What came of a call beside what the stores tell. */
const CONFLICT = 9;
const REFUSED = 10;

const DIGITS = "D1 gives the columns of a batch out of order where a name is digits alone: name it with AS";

export const services = {
  sql(number, database, statements, content) {
    // It is the instance's memory.
    const bytes = content?.slice();
    const value = (value) => (Array.isArray(value) ? bytes.subarray(...value) : value);
    const all = JSON.parse(statements);
    const run = async (d1) => {
      const prepared = all.map(([text, values]) => d1.prepare(text).bind(...values.map(value)));
      if (prepared.length === 1) {
        return { text: JSON.stringify([await prepared[0].raw({ columnNames: true })]) };
      }
      // A batch gives rows as objects alone.
      const results = (await d1.batch(prepared)).map(({ results }) => {
        const columns = Object.keys(results[0] ?? {});
        if (columns.some((name) => /^\d+$/.test(name))) {
          // An object has such names first, in the order of their numbers.
          throw new Error(DIGITS);
        }
        return [columns, ...results.map((row) => columns.map((name) => row[name]))];
      });
      return { text: JSON.stringify(results) };
    };
    reply(this, number, database, "batch", run, kindOfSql);
  },
};

/** What D1 says of a statement ends with the name of SQLite's code. */
function kindOfSql(error) {
  const { message } = error;
  if (message === DIGITS) {
    return NO_TABLE;
  }
  return /SQLITE_CONSTRAINT|constraint failed/i.test(message)
    ? CONFLICT
    : /SQLITE_(ERROR|AUTH|MISMATCH|RANGE)|no such|syntax|not authorized|parameter/i.test(message)
      ? REFUSED
      : kindOf(error);
}
