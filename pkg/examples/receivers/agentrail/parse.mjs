// parseWebhookEvent as the page describes that of @agentrail-core/sdk. Where you have the SDK, import it from there.
import { createHmac, timingSafeEqual } from "node:crypto";

const required = [
  "x-agentrail-subscription-id",
  "x-agentrail-event-id",
  "x-agentrail-event-type",
  "x-agentrail-delivery-id",
  "x-agentrail-delivery-attempt",
  "x-agentrail-signature",
];

// A WebhookError says why a delivery is not to be trusted.
export class WebhookError extends Error {}

// parseWebhookEvent verifies the raw body, bytes or a string, and returns what it says. It throws a WebhookError where the
// signature does not match or a header is missing.
export function parseWebhookEvent(rawBody, secret, headers) {
  if (typeof rawBody !== "string" && !(rawBody instanceof Uint8Array)) {
    throw new WebhookError("the raw body is missing: it must be bytes or a string, and not parsed");
  }
  for (const name of required) {
    if (typeof headers[name] !== "string" || headers[name] === "") throw new WebhookError(`the header ${name} is missing`);
  }
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(rawBody).digest("hex")}`);
  const signature = Buffer.from(headers["x-agentrail-signature"]);
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw new WebhookError("the signature does not match");
  }
  return JSON.parse(Buffer.from(rawBody).toString());
}
