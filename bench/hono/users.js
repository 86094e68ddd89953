// Users who sign up, sign in by a cookie, and see each other page by page: what docs/coming-from.md has beside Guru.

import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { validator } from "hono/validator";

const DAY = 24 * 60 * 60;

// The key that each user signs in with, by name, and who is signed in until when, by the token of the cookie.
const users = new Map();
const sessions = new Map();

const fail = (status, message) => {
  throw new HTTPException(status, { message });
};

const cookie = { path: "/", httpOnly: true, secure: true, sameSite: "Lax" };

const app = new Hono();

app.use(
  cors({
    origin: "https://app.example.com",
    credentials: true,
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["content-type"],
  }),
);

app.notFound((c) => c.json({ error: "not found" }, 404));

app.onError((error, c) => {
  if (error instanceof HTTPException) {
    return c.json({ error: error.message }, error.status);
  }
  console.error(error);
  return c.json({ error: "internal server error" }, 500);
});

// Content that has these texts.
const texts = (...names) =>
  validator("json", (value) => {
    for (const name of names) {
      if (typeof value[name] !== "string") {
        fail(400, `\`${name}\` is missing`);
      }
    }
    return value;
  });

// Lets through whoever is signed in.
const signedIn = async (c, next) => {
  const session = sessions.get(getCookie(c, "session"));
  if (!session || session.until < Date.now()) {
    fail(401, "unauthorized");
  }
  c.set("name", session.name);
  await next();
};

app.post("/users", texts("name"), (c) => {
  const { name } = c.req.valid("json");
  if (!/^[A-Za-z0-9]{1,40}$/.test(name)) {
    fail(422, "a name has 1 to 40 letters and digits");
  }
  if (users.has(name)) {
    fail(409, "the name is taken");
  }
  const key = crypto.randomUUID();
  users.set(name, key);
  return c.json({ name, key }, 201);
});

app.get("/users", signedIn, (c) => {
  const size = Number(c.req.query("size") ?? 20);
  if (!Number.isInteger(size) || size < 1 || size > 100) {
    fail(400, "a page has 1 to 100 users");
  }
  const after = c.req.query("after") ?? "";
  const found = [...users.keys()].filter((name) => name > after).sort();
  const names = found.slice(0, size);
  return c.json({ names, next: found.length > size ? names.at(-1) : null });
});

app.get("/me", signedIn, (c) => c.json({ name: c.get("name") }));

app.post("/session", texts("name", "key"), (c) => {
  const { name, key } = c.req.valid("json");
  if (users.get(name) !== key) {
    fail(401, "name or key is wrong");
  }
  const token = crypto.randomUUID();
  sessions.set(token, { name, until: Date.now() + DAY * 1000 });
  setCookie(c, "session", token, { ...cookie, maxAge: DAY });
  return c.body(null, 204);
});

app.delete("/session", (c) => {
  sessions.delete(getCookie(c, "session"));
  deleteCookie(c, "session", cookie);
  return c.body(null, 204);
});

export default app;
