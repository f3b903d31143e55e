// The page's Express receiver with its types taken off.
import http from "node:http";

import express from "express";

import { report, secret, serve } from "../serve.mjs";
import { parseWebhookEvent, WebhookError } from "./parse.mjs"; // on the page: from "@agentrail-core/sdk"

const AGENTRAIL_WEBHOOK_SECRET = secret("AGENTRAIL_WEBHOOK_SECRET");
const app = express();

app.post(
  "/webhooks/agentrail",
  express.raw({ type: "application/json", limit: "1mb" }), // without a limit Express stops at 100 KiB
  (req, res) => {
    const event = parseWebhookEvent(
      req.body,
      AGENTRAIL_WEBHOOK_SECRET,
      {
        "x-agentrail-subscription-id": req.headers["x-agentrail-subscription-id"],
        "x-agentrail-event-id": req.headers["x-agentrail-event-id"],
        "x-agentrail-event-type": req.headers["x-agentrail-event-type"],
        "x-agentrail-delivery-id": req.headers["x-agentrail-delivery-id"],
        "x-agentrail-delivery-attempt": req.headers["x-agentrail-delivery-attempt"],
        "x-agentrail-signature": req.headers["x-agentrail-signature"],
      },
    );

    console.log(event.type, event.data);
    report(event.type, event.id, req.headers, event.data);
    res.status(200).send("OK");
  },
);

// The page leaves it to Express to answer what parseWebhookEvent throws: a 500, which would be tried again.
app.use((error, req, res, next) => {
  if (!(error instanceof WebhookError)) return next(error);
  res.status(401).send(error.message);
});

serve(http.createServer(app), "/webhooks/agentrail");
