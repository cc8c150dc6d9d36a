// Reads requests from stdin and sends them with Node's fetch. Each request is a line
// of JSON: {method, url, headers, body}. For each one it prints a line of JSON:
// {status, reason, headers, body}, or {error}.
import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  const { method, url, headers, body } = JSON.parse(line);
  let told;
  try {
    const answer = await fetch(url, { method, headers, body: body ?? undefined });
    told = {
      status: answer.status,
      reason: answer.statusText,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    };
  } catch (error) {
    told = { error: `${error.message}: ${error.cause?.code ?? error.cause}` };
  }
  process.stdout.write(JSON.stringify(told) + '\n');
}
