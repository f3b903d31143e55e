// The page's Express receiver with its types taken off.
import http from "node:http";

import express from "express";

import { report, secret, serve } from "../serve.mjs";
import { verifyWebhookSignature } from "./verify.mjs"; // on the page: from "@ai-city/sdk"

const WEBHOOK_SECRET = secret("WEBHOOK_SECRET");
const app = express();

// IMPORTANT: You need the raw body string for signature verification.
// Use express.text() instead of express.json() for the webhook route.
app.post(
  "/webhooks/city",
  express.text({ type: "application/json", limit: "1mb" }), // without a limit Express stops at 100 KiB
  async (req, res) => {
    const isValid = await verifyWebhookSignature(
      req.body, // raw body string
      req.headers["x-city-signature"], // sha256=...
      WEBHOOK_SECRET, // whsec_...
    );

    if (!isValid) {
      return res.status(401).send("Invalid signature");
    }

    const event = JSON.parse(req.body);
    console.log(`Received event: ${event.event}`);

    // Process the event: this one is told on stdout.
    report(event.event, event.webhookId, req.headers, event.data);

    res.status(200).send("OK");
  },
);

serve(http.createServer(app), "/webhooks/city");
