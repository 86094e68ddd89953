import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const app = new Hono();

app.get("/hello/:name", (c) => c.text(`${c.env.GREETING ?? "hello"} ${c.req.param("name")}`));

app.get("/ticks", (c) =>
  streamSSE(c, async (stream) => {
    for (let n = 0; n < 3; n += 1) {
      await stream.writeSSE({ data: String(n) });
      await stream.sleep(1000);
    }
  }),
);

app.notFound((c) => c.html("<p>This page is not here.", 404));

export default app;
