// Sends 1,000 requests a second for a minute while a page is open. Prints how fast the tab answers, its
// memory, and whether it got every event. Usage: npm run load [-- SECONDS]
import http from 'node:http';
import { open, script, standin } from './standin.mjs';

const seconds = Number(process.argv[2]) || 60;
const rate = 1000;
await script(async (t) => {
  const s = await standin(t, '--journal-bytes', String(64 << 20));
  const page = await open(t, s.url, 'live', { expected: /./ });
  await page.addInitScript(() => {
    const parse = JSON.parse;
    window.seen = new Set();
    JSON.parse = (text) => {
      const v = parse(text);
      if (v?.sequence && v.request) window.seen.add(v.sequence);
      return v;
    };
  });
  await page.reload();
  await page.getByText('No exchanges yet').waitFor();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');

  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  let sent = 0, done = 0;
  const send = () => {
    sent++;
    http.get(s.url + '/v1/clients?limit=1', { agent, headers: { 'X-Auth-Token': 'demo-token' } }, (r) => r.resume().on('end', () => done++));
  };
  const began = performance.now();
  const delays = [];
  for (let next = 10; performance.now() - began < seconds * 1000;) {
    while (sent < ((performance.now() - began) / 1000) * rate) send();
    const from = performance.now();
    await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => r(1))));
    delays.push(performance.now() - from);
    if ((performance.now() - began) / 1000 >= next) {
      next += 10;
      await devtools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devtools.send('Performance.getMetrics');
      const value = (name) => metrics.find((m) => m.name === name).value;
      console.log(`${Math.round((performance.now() - began) / 1000)} s: ${done} requests, heap ${(value('JSHeapUsedSize') / 1e6).toFixed(1)} MB, ${value('Nodes')} nodes`);
    }
    await new Promise((r) => setTimeout(r, 5));
  }
  while (done < sent) await new Promise((r) => setTimeout(r, 20));
  await page.waitForTimeout(1000);
  delays.sort((a, b) => a - b);
  const at = (q) => delays[Math.floor(delays.length * q)].toFixed(0);
  const seen = await page.evaluate(() => window.seen.size);
  const note = await page.locator('.note').textContent();
  console.log(`${done} requests; the tab answers within ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${delays.at(-1).toFixed(0)} ms (all)`);
  console.log(`${seen} exchanges reached the page; missing: ${(await page.locator('.note').isVisible()) ? note : 'none'}`);
});
