// The example as a Cloudflare Worker with the Hono framework.

import { Hono } from "hono";

const meditations = [
  "off to a regex/",
  "the count of machines abides",
  "you wouldn't fax a bat",
  "HAZARDOUS CHEMICALS + RKELLY",
  "your solution requires a blood eagle",
  "testing is broken because I'm lazy",
  "did u mention banana cognac shower",
];

const app = new Hono();

app.post("/", (c) => {
  // Cloudflare names each request in `cf-ray`; workerd by itself does not.
  const id = c.req.header("cf-ray") ?? crypto.randomUUID();
  console.log(`received request with id '${id}'`);
  const meditation = meditations[Math.floor(Math.random() * meditations.length)];
  return c.json({ status: "success", meditation });
});

export default app;
