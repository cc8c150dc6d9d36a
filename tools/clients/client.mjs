// Asks twice with fetch, which keeps the connection, and tells what came of the second.
const [warm, url, method, body] = process.argv.slice(2);
const headers = {"X-Auth-Token": "demo-token", "Content-Type": "application/json"};
const why = e => [e.message, e.cause && (e.cause.code || e.cause.message)].filter(Boolean).join(": ");
await (await fetch(warm, {headers})).text();
try {
  const r = await fetch(url, {method, headers, body: body || undefined, signal: AbortSignal.timeout(5000)});
  try {
    console.log(r.status, (await r.arrayBuffer()).byteLength, "bytes");
  } catch (e) {
    console.log(r.status, "then", why(e));
  }
} catch (e) {
  console.log(why(e));
}
