// verifyWebhookSignature as the page describes that of @ai-city/sdk: Web Crypto alone, so that it also runs on Deno, Bun and
// Cloudflare Workers. Where you have the SDK, import it from there.

const header = /^sha256=([0-9a-f]{64})$/;

// verifyWebhookSignature says whether the signature (sha256=…) is that of the raw body, a string. It compares in constant time.
export async function verifyWebhookSignature(body, signature, secret) {
  const hex = header.exec(signature ?? "")?.[1];
  if (typeof body !== "string" || !hex) return false;
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", text.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const mac = Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
  return crypto.subtle.verify("HMAC", key, mac, text.encode(body));
}
