// Stands in for Next.js: it finds the route, and makes a web-standard Request of what Node has read.
import http from "node:http";

import { POST } from "./app/api/neiracore-webhook/route.mjs";
import { secret, serve } from "../serve.mjs";

const path = "/api/neiracore-webhook";
const maxBody = 1 << 20; // bytes

secret("NEIRACORE_WEBHOOK_SECRET");
serve(http.createServer(handle), path);

async function handle(req, res) {
  try {
    await send(res, await answer(req));
  } catch (error) {
    console.error(error);
    await send(res, new Response(null, { status: 500 }));
  }
}

async function answer(req) {
  if (req.url !== path) return new Response(null, { status: 404 });
  if (req.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
  const body = await read(req);
  if (!body) return new Response(null, { status: 413 });
  return POST(new Request(new URL(path, "http://127.0.0.1"), { method: "POST", headers: headersOf(req), body }));
}

// read returns the bytes as they came, or nothing where there are too many. Those it reads too: who is still sending hears no answer.
async function read(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size <= maxBody) chunks.push(chunk);
  }
  return size <= maxBody ? Buffer.concat(chunks) : undefined;
}

function headersOf(req) {
  const headers = new Headers();
  for (const [name, values] of Object.entries(req.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return headers;
}

async function send(res, response) {
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.end(Buffer.from(await response.arrayBuffer()));
}
