// What the modules of stores share: how a call is replied to, and what its failure is called in Rust.

/** What came of a call, by the numbers that the function has for it. */
const DONE = 0;
const NO_BINDING = 1;
const INVALID = 2;
const TOO_LARGE = 3;
const BUSY = 4;
const TIMEOUT = 5;
/** What is there is not what the call is for; for stores, that there is no table yet. */
export const NO_TABLE = 6;
const BROKEN = 7;
const OTHER = 8;

/** Tells the instance what came of what `call` does with the binding of this name. Nothing is told before the call returns: the
 * instance is not entered again before it waits. */
export async function reply(instance, number, store, method, call, kind = kindOf) {
  const binding = instance.call.env[store];
  let what = DONE;
  let told;
  try {
    if (typeof binding?.[method] !== "function") {
      await undefined;
      what = NO_BINDING;
      throw new Error("the worker has no such binding, which wrangler.toml gives it");
    }
    told = await call(binding);
  } catch (error) {
    what ||= kind(error);
    told = { text: String(error.message) };
  }
  const { size = 0, text = "", bytes } = told;
  try {
    instance.exports.answered(number, what, 0, size, text, bytes);
  } catch (error) {
    instance.fail(error);
  }
}

/** What went wrong, as far as the platform says it: by texts, as its errors have no codes. */
export function kindOf({ message }) {
  return /no such table/i.test(message)
    ? NO_TABLE
    : /cursor|key name|\b414\b/i.test(message)
      ? INVALID
      : /too (big|large)|exceeds|\b413\b/i.test(message)
        ? TOO_LARGE
        : /\b429\b|overloaded|queued/i.test(message)
          ? BUSY
          : /time[d -]*out/i.test(message)
            ? TIMEOUT
            : // Whether it was done is not known.
              /reset because|\b50[0234]\b/i.test(message)
              ? BROKEN
              : OTHER;
}
