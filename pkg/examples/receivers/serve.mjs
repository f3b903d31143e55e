// What the receivers share: a port, a line of JSON for each verified event, an end on SIGTERM.
import { Console } from "node:console";

// Stdout is for our lines. What the pages' code logs goes to stderr.
globalThis.console = new Console(process.stderr);

const line = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// secret is the value of an environment variable. Without it nothing could be verified, so the process ends.
export function secret(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set: set it to the secret of the webhook`);
    process.exit(2);
  }
  return value;
}

// report prints an event whose signature was right.
export function report(type, id, headers, data) {
  line({ type, id, headers, data });
}

// serve listens on the loopback interface, on PORT or any free port, and prints where.
export function serve(server, path) {
  server.listen({ host: "127.0.0.1", port: process.env.PORT || 0 }, () => {
    const { port } = server.address();
    line({ port, url: `http://127.0.0.1:${port}${path}` });
  });
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop(server));
}

const graceMs = 2000; // for requests that are under way

function stop(server) {
  server.close(() => process.exit(0));
  setTimeout(() => server.closeAllConnections(), graceMs).unref();
}
