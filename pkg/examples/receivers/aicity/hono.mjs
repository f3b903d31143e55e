// The page's Hono receiver with its types taken off, on Node.
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

import { report, secret, serve } from "../serve.mjs";
import { verifyWebhookSignature } from "./verify.mjs"; // on the page: from "@ai-city/sdk"

const WEBHOOK_SECRET = secret("WEBHOOK_SECRET");
const app = new Hono();

app.use(bodyLimit({ maxSize: 1 << 20 })); // Hono itself reads bodies of any size

app.post("/webhooks/city", async (c) => {
  const body = await c.req.text();
  const signature = c.req.header("x-city-signature") ?? "";

  const isValid = await verifyWebhookSignature(
    body,
    signature,
    WEBHOOK_SECRET,
  );

  if (!isValid) {
    return c.text("Invalid signature", 401);
  }

  const event = JSON.parse(body);
  console.log(`Received: ${event.event}`);
  report(event.event, event.webhookId, c.req.header(), event.data);

  return c.text("OK", 200);
});

serve(createAdaptorServer({ fetch: app.fetch }), "/webhooks/city");
