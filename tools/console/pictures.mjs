// Makes the pictures of docs/console.md. Usage: npm run pictures
import { open, script, standin } from './standin.mjs';

await script(async (t) => {
  const s = await standin(t);
  await s.ask('POST', '/_standin/faults', [
    { name: 'busy', where: { operation: 'freezer.clients.list' }, when: { times: 2 }, what: { status: 503, retry_after: '1s' } },
    { use: 'freezer.clients.create/753' },
  ]);
  for (const pause of [400, 1200, 0]) {
    await s.send('GET', '/v1/clients');
    await new Promise((done) => setTimeout(done, pause));
  }
  await s.send('POST', '/v1/clients', { client_id: 'node7', hostname: 'node7' });
  await s.send('POST', '/v1/clients', { client_id: 'node7', hostname: 'node7' });
  await s.send('GET', '/v1/cliets');
  await s.send('PUT', '/v3/image/ami-63071b0a', { remote_user: 'root', name: 'test-ec2' }, { Authorization: 'Basic ' + btoa('demo:demo') });
  for (const [name, view, height] of [['live', 'live', 330], ['exchange', 'exchange/7', 620], ['chains', 'chains', 600]]) {
    const page = await open(t, s.url, view, { viewport: { width: 900, height } });
    await page.waitForTimeout(600);
    if (name !== 'live') await page.locator(name === 'chains' ? '.chain' : 'h2:text("Why")').last().evaluate((e) => e.scrollIntoView());
    await page.screenshot({ path: `../../docs/images/console-${name}.png` });
  }
});
