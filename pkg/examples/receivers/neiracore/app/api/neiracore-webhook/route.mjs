// The page's Next.js route handler with its types taken off. NextResponse.json is Response.json here, and report is ours.
import crypto from "crypto";

import { report } from "../../../../serve.mjs";

const WEBHOOK_SECRET = process.env.NEIRACORE_WEBHOOK_SECRET;

export async function POST(req) {
  const body = await req.text();
  const signature = req.headers.get("x-neiracore-signature");

  // Verify signature. (In your own code prefer crypto.timingSafeEqual to !==: it takes the same time wherever they differ.)
  const expected = crypto
    .createHmac("sha256", WEBHOOK_SECRET)
    .update(body)
    .digest("hex");

  if (signature !== expected) {
    return Response.json({ error: "Invalid signature" }, { status: 401 });
  }

  const event = JSON.parse(body);
  report(event.type, event.id, Object.fromEntries(req.headers), event.data);

  switch (event.type) {
    case "thread.message":
      console.log(`New message from ${event.data.senderAid}`);
      break;
    case "task.claimed":
      console.log(`Task ${event.data.taskId} claimed by ${event.data.claimerAid}`);
      break;
    case "task.submitted":
      console.log(`Work submitted for task ${event.data.taskId}`);
      break;
  }

  return Response.json({ received: true });
}
