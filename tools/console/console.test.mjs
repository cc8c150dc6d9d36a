import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, test } from 'node:test';
import { closeBrowser, later, open, standin } from './standin.mjs';

after(closeBrowser);

const views = ['live', 'exchange/1', 'chains', 'faults', 'world', 'world/barbican.secrets', 'world/differences', 'coverage', 'sandboxes'];
const row = (page, text) => page.locator('tr[data-row]', { hasText: text });

// shown waits until a view has what it requests.
async function shown(page) {
  await page.locator('main > *').first().waitFor();
  await page.waitForTimeout(400);
}

// retried is a client that sends a request again before the time that Retry-After says.
async function retried(s) {
  await s.ask('POST', '/_standin/faults', { name: 'busy', where: { operation: 'freezer.clients.list' }, when: { times: 1 }, what: { status: 503, retry_after: '2s' } });
  await s.send('GET', '/v1/clients');
  await new Promise((done) => setTimeout(done, 300));
  await s.ask('GET', '/v1/clients');
}

test('an exchange appears, and its view shows it with why and what it changed', async (t) => {
  const s = await standin(t);
  const page = await open(t, s.url, 'live');
  await page.getByText('No exchanges yet').waitFor();
  await s.ask('POST', '/v1/clients', { client_id: 'node7', hostname: 'node7' });
  await row(page, 'freezer.clients.create').waitFor();
  await s.send('DELETE', '/v1/clients/node7');
  await row(page, 'freezer.clients.delete').click();
  await page.getByRole('heading', { name: /DELETE \/v1\/clients\/node7 204/ }).waitFor();
  await page.getByText('was deleted').waitFor();
  assert.match(await page.locator('pre .del').first().textContent(), /^- \{/);
  assert.match(await page.locator('main dl').last().textContent(), /Decided byhandler/);
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText(/^curl -g --path-as-is --proto =http,https -X 'DELETE'/).waitFor();
  await page.getByRole('button', { name: 'Copy as expectation' }).click();
  await page.getByText('"requests": 1').waitFor();
});

test('a fault is armed by clicking, and the next request fails so', async (t) => {
  const s = await standin(t);
  const page = await open(t, s.url, 'faults', { expected: /status of 400/ });
  await page.getByLabel('Search').fill('freezer.clients.create 753');
  await page.getByRole('button', { name: 'Arm freezer.clients.create/753' }).click();
  await page.getByText('1 of 1 rules have not fired yet.').waitFor();
  assert.equal((await s.send('POST', '/v1/clients', { client_id: 'a', hostname: 'a' })).status, 753);
  await page.getByText('Every rule has fired.').waitFor(); // without a click: the page follows
  await page.getByText('1 of 1, spent').waitFor();

  await page.goto(s.url + '/_standin/ui#/exchange/1');
  await page.getByLabel('Fail the next one with').selectOption('freezer.clients.create/503');
  await page.getByRole('button', { name: 'Arm', exact: true }).click();
  await page.getByText('Armed: freezer.clients.create/503').waitFor();
  await page.getByRole('button', { name: 'Copy as fault rule' }).click();
  await page.getByText('"use": "freezer.clients.create/753"').waitFor();
  assert.equal((await s.send('POST', '/v1/clients', { client_id: 'a', hostname: 'a' })).status, 503);

  await page.goto(s.url + '/_standin/ui#/faults');
  await page.getByLabel('Search').fill('no such failure');
  await page.getByText('No failure has all of these words.').waitFor();
  await page.getByLabel('Search').fill('freezer.clients.show lost');
  await page.getByRole('button', { name: 'Arm freezer.clients.show lost reply' }).click();
  await page.getByText('1 of 3 rules').waitFor();
  await assert.rejects(s.send('GET', '/v1/clients/x'));
  await page.getByRole('button', { name: 'Disarm all' }).click();
  await page.getByText('No rule is armed.').waitFor();
  await page.getByLabel('A rule, or a list').fill('{where: {operation: freezer.*}, what: {status: 50}}');
  await page.getByRole('button', { name: 'Arm rule' }).click();
  await page.getByText('status 50: expected 200 to 999').waitFor();
  page.on('dialog', (d) => d.accept());
  await page.getByLabel('Scenario').selectOption('unavailable');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('1 of 1 rules have not fired yet.').waitFor();
  assert.equal((await s.send('GET', '/v1/clients')).status, 503);
  await page.getByRole('button', { name: 'Take back' }).click();
  await page.getByText('No rule is armed.').waitFor();
  assert.equal((await s.send('GET', '/v1/clients')).status, 200);
});

test('a chain shows the pause against the deadline, and the verdicts', async (t) => {
  const s = await standin(t);
  await retried(s);
  const page = await open(t, s.url, 'chains');
  await page.locator('svg .deadline').waitFor({ state: 'attached' });
  const at = (name) => page.locator(name).last().evaluate((e) => e.getBoundingClientRect().x);
  assert.ok(await at('svg rect') < await at('svg .deadline'), 'the second attempt is before the deadline');
  await page.getByText(/\d+ ms, 1,\d+ ms before the deadline/).waitFor();
  await page.locator('.chip.bad', { hasText: 'ignores-retry-after: failed' }).waitFor();
  await row(page, '200').click();
  await page.getByText('Attempts: 1, 2.').waitFor();
});

test('the changes of the world are seen', async (t) => {
  const s = await standin(t);
  const page = await open(t, s.url, 'world/freezer.clients');
  await page.getByText('1 to 3 of 3 records').waitFor();
  await s.ask('POST', '/v1/clients', { client_id: 'node7', hostname: 'node7' });
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('1 to 4 of 4 records').waitFor();
  await page.getByRole('link', { name: 'Differences' }).click();
  await page.getByText('freezer.clients').last().waitFor();
  await page.getByText('was created').waitFor();
  await page.getByLabel('Snapshot').fill('before');
  await page.getByRole('button', { name: 'Take' }).click();
  await page.getByLabel('From').selectOption('before');
  await page.getByText('No record was changed.').waitFor();
  assert.match(page.url(), /from=before/);
});

test('the address of a filter opens the same view again', async (t) => {
  const s = await standin(t);
  await s.send('GET', '/v1/clients');
  await s.send('GET', '/v1/clients', undefined, { 'X-Auth-Token': 'nobody', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
  const page = await open(t, s.url, 'live', { expected: /status of 400/ });
  await row(page, '200').waitFor();
  await page.getByLabel('status').fill('401');
  await page.keyboard.press('Enter');
  await page.getByText('1 exchange', { exact: true }).waitFor();
  const address = page.url();
  assert.match(address, /#\/live\?status=401$/);
  const other = await page.context().newPage();
  await other.goto(address);
  await other.getByText('1 exchange', { exact: true }).waitFor();
  assert.equal(await other.getByLabel('status').inputValue(), '401');
  await s.send('GET', '/v1/clients'); // does not match
  await s.send('GET', '/v1/clients', undefined, { 'X-Auth-Token': 'nobody' });
  await other.getByText('2 exchanges', { exact: true }).waitFor();
  await other.goto(s.url + '/_standin/ui#/live?trace=0af7651916cd43dd8448eb211c80319c');
  await other.getByText('1 exchange', { exact: true }).waitFor();
  await page.getByLabel('operation').fill('freezer.clients.creat');
  await page.keyboard.press('Enter');
  await page.getByText('did you mean freezer.clients.create?').waitFor();
});

test('a slow answer to an older filter changes nothing, and a pause outlasts a lost connection', async (t) => {
  const s = await standin(t);
  for (const token of ['demo-token', 'nobody']) await s.send('GET', '/v1/clients', undefined, { 'X-Auth-Token': token });
  const lines = await forwarding(t, s.url, '');
  const page = await open(t, lines.url, 'live', { expected: /ERR_|Failed/ });
  await page.getByText('2 exchanges').waitFor();
  await page.route('**/requests?*status=200*', async (r) => { await new Promise((done) => setTimeout(done, 1000)); await r.continue().catch(() => {}); });
  const status = page.getByLabel('status');
  await status.fill('200');
  await status.press('Enter');
  await status.fill('401');
  await status.press('Enter');
  await row(page, '401').waitFor();
  await page.waitForTimeout(1500);
  await page.getByText('1 exchange', { exact: true }).waitFor();
  await status.fill('');
  await status.press('Enter');
  await page.getByText('2 exchanges').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  lines.cut();
  await s.send('GET', '/v1/clients');
  await page.waitForTimeout(1500);
  assert.equal(await page.locator('tr[data-row]').count(), 2, 'the list is paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('3 exchanges').waitFor();
});

test('after a lost connection, and after a reset, the list is that of the journal', async (t) => {
  const s = await standin(t);
  const lines = await forwarding(t, s.url, '');
  const page = await open(t, lines.url, 'live', { expected: /ERR_|Failed/ });
  await page.getByText('No exchanges yet').waitFor();
  await s.send('GET', '/v1/clients');
  await page.getByText('1 exchange', { exact: true }).waitFor();
  lines.cut();
  for (let i = 0; i < 1500; i++) await s.send('GET', '/v1/clients');
  await row(page, '1501').first().waitFor({ timeout: 20000 });
  assert.match(await page.locator('tr[data-row]').first().textContent(), /1501/);
  await s.ask('POST', '/_standin/reset');
  await s.send('GET', '/v1/clients?after=reset');
  await row(page, 'after=reset').waitFor();
  await page.getByText('1 exchange', { exact: true }).waitFor();
});

test('a reply that is cut, or slow, is shown so', async (t) => {
  const s = await standin(t);
  const page = await open(t, s.url, 'live');
  await s.send('GET', '/v1/clients', undefined, { 'X-Standin-Fault': 'connection=truncate' }).then((r) => r.text()).catch(() => {});
  await row(page, '200 cut').waitFor();
  assert.match(await page.locator('td.c-status').first().getAttribute('class'), /bad/);
  await s.ask('POST', '/_standin/faults', { where: { operation: 'freezer.*' }, what: { dribble: { chunks: 2, over: '1s' } } });
  await s.ask('GET', '/v1/clients');
  await row(page, /1,0\d\d ms/).waitFor();
  await page.goto(s.url + '/_standin/ui#/exchange/1');
  await page.getByText('The reply was cut. The client did not get all of it.').waitFor();
});

test('odd addresses lead nowhere', async (t) => {
  const s = await standin(t);
  const page = await open(t, s.url, 'exchange/..%2F..%2Fother%3F', { expected: /./ });
  const asked = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  for (const [view, text] of [['exchange/..%2F..%2Fother%3F', 'is no number of an exchange'], ['live?sandbox=..', 'This is no address of a view.'], ['world/..%2F..%2Fother', /Nothing answers|No collection/], ['exchange/99', 'No request 99'], ['constructor', 'No exchanges yet'], ['exchange/%', 'is no number']]) {
    await page.goto(`${s.url}/_standin/ui#/${view}`);
    await page.getByText(text).first().waitFor();
  }
  assert.deepEqual(asked.filter((p) => !p.startsWith('/_standin/')), []);
  await page.getByRole('link', { name: 'Back to Live' }).click();
  await page.getByText('No exchanges yet').waitFor();
});

test('the token is asked for once, and kept for the tab', async (t) => {
  const s = await standin(t, '--control-token', 'sesame');
  const page = await open(t, s.url, 'faults', { expected: /status of 401/ });
  await page.getByRole('textbox', { name: 'Token' }).waitFor();
  await page.keyboard.press('Escape'); // no answer is no token
  await page.getByText('The control API needs its token').waitFor();
  await page.reload();
  await page.getByRole('textbox', { name: 'Token' }).fill('wr€ng');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Standin does not accept this token.').waitFor();
  await page.getByRole('textbox', { name: 'Token' }).fill('sesame');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('No rule is armed.').waitFor();
  await page.reload();
  await page.getByText('No rule is armed.').waitFor();
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test('a page of another origin gets nothing', async (t) => {
  const s = await standin(t);
  const other = http.createServer((_, w) => { w.setHeader('Content-Type', 'text/html'); w.end('<!doctype html><iframe></iframe>'); }).listen(0, '127.0.0.1');
  later(t, () => other.close());
  const page = await open(t, s.url, 'live', { expected: /./, elsewhere: true });
  await page.goto(`http://localhost:${other.address().port}/`).catch(() => {});
  const got = await page.evaluate(async (url) => {
    const tries = [];
    for (const [method, mode] of [['GET', 'cors'], ['POST', 'no-cors']]) {
      try {
        const r = await fetch(url + '/_standin/' + (method === 'GET' ? 'requests' : 'faults'), { method, mode, body: method === 'POST' ? '{"what":{"status":500}}' : undefined });
        tries.push(r.type === 'opaque' ? 'opaque' : await r.text());
      } catch (e) { tries.push('refused'); }
    }
    const frame = document.querySelector('iframe');
    frame.src = url + '/_standin/ui';
    await new Promise((done) => { frame.onload = done; });
    let inside = 'closed';
    try { inside = frame.contentDocument.title; } catch { /* another origin */ }
    return [...tries, inside];
  }, s.url);
  assert.deepEqual(got, ['refused', 'opaque', 'closed']);
  assert.deepEqual(await s.ask('GET', '/_standin/faults'), [], 'a rule was armed by a page of another origin');
});

// forwarding is a proxy that serves Standin under a path prefix, without telling it. It can cut all connections.
function forwarding(t, to, prefix) {
  const proxy = http.createServer((r, w) => {
    const up = http.request(to + r.url.replace(prefix, ''), { method: r.method, headers: r.headers }, (a) => {
      w.writeHead(a.statusCode, a.headers);
      a.pipe(w);
    });
    w.on('close', () => up.destroy());
    up.on('error', () => w.destroy());
    r.pipe(up);
  }).listen(0, '127.0.0.1');
  const cut = () => proxy.closeAllConnections();
  later(t, () => { cut(); proxy.close(); });
  return new Promise((done) => proxy.on('listening', () => done({ url: `http://127.0.0.1:${proxy.address().port}${prefix}`, cut })));
}

test('the page works in a sandbox, after a prefix, and without the slash or with it', async (t) => {
  const s = await standin(t);
  await s.ask('POST', '/_standin/sandboxes', { name: 'other' });
  await s.send('GET', '/~other/v1/clients');
  for (const url of [s.url + '/~other', (await forwarding(t, s.url, '/cloud')).url + '/~other']) {
    const page = await open(t, url, 'live');
    await page.getByText('1 exchange', { exact: true }).waitFor();
    assert.equal(await page.locator('#sandbox option:checked').textContent(), 'other');
    await page.goto(url + '/_standin/ui/#/live');
    await page.getByText('1 exchange', { exact: true }).waitFor();
  }
  const page = await open(t, s.url, 'live');
  await page.locator('#sandbox option', { hasText: 'other' }).waitFor({ state: 'attached' });
  await page.getByLabel('Sandbox').selectOption('other');
  await page.getByText('1 exchange', { exact: true }).waitFor();
  assert.match(page.url(), /sandbox=other/);
  await page.getByRole('link', { name: 'Sandboxes' }).click();
  await page.getByRole('button', { name: 'Fork other' }).click();
  await page.getByText('has the records of other').waitFor();
  assert.equal((await s.ask('GET', '/_standin/sandboxes')).length, 3);
});

test('the keys', async (t) => {
  const s = await standin(t);
  for (let i = 0; i < 60; i++) await s.send('GET', '/v1/clients?limit=' + (i + 1));
  const page = await open(t, s.url, 'live');
  await page.getByText('60 exchanges').waitFor();
  for (let i = 0; i < 45; i++) await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.match(await page.locator('tr.selected').textContent(), /limit=17/);
  assert.ok(await page.locator('tr.selected').isVisible());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^17 GET/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('60 exchanges').waitFor();
  assert.match(await page.locator('tr.selected').textContent(), /limit=17/, 'the selected row is kept');
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'operation');
  await page.keyboard.type('freezer.*');
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /GET \/v1\/clients/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('60 exchanges').waitFor();
  assert.match(page.url(), /operation=freezer/, 'the filter is kept');
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByLabel('operation').inputValue(), 'freezer.*', 'Esc leaves the field as it is');
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
});

const markup = '<img src=x onerror="document.title=1">';

test('markup from clients is text in every view', async (t) => {
  const s = await standin(t, '--auth', 'off');
  const name = encodeURIComponent(markup);
  await s.ask('PUT', '/_standin/scenario', { name: markup, fixture: 'default', faults: [] });
  await s.ask('POST', '/_standin/faults', { where: { operation: 'freezer.clients.list' }, when: { times: 2 }, what: { status: 503, body: markup, retry_after: markup, headers: { set: { 'X-A': markup } } } });
  await s.send('GET', `/v1/clients?x=${name}`, undefined, { 'X-Markup': markup, Authorization: 'Bearer ' + markup });
  await s.send('GET', `/v1/clients?x=${name}`, undefined, { 'X-Markup': markup });
  await s.send('GET', `/v1/clients?x=${name}`, undefined, { 'X-Markup': markup });
  await s.ask('POST', '/v1/clients', { client_id: 'node7', hostname: markup, description: markup });
  await s.send('POST', '/v1/clients', { client_id: markup, [markup]: markup });
  for (let i = 0; i < 2; i++) await s.send('GET', '/' + name); // a chain
  await s.ask('POST', '/v1/secrets', { name: markup, payload: markup, payload_content_type: 'text/plain' });
  await s.ask('POST', '/_standin/sandboxes', { for: markup });
  const page = await open(t, s.url, 'live');
  const numbers = (await s.ask('GET', '/_standin/requests')).requests.map((e) => 'exchange/' + e.sequence);
  const seen = new Set();
  for (const view of [...views, ...numbers, 'world/freezer.clients', 'live?fault=' + name, 'coverage?operation=' + name]) {
    await page.goto(`${s.url}/_standin/ui#/${view}`);
    await shown(page);
    const found = await page.evaluate((text) => ({ images: document.images.length, scripts: document.scripts.length, title: document.title, text: document.body.innerText.includes('<img') }), markup);
    assert.deepEqual([found.images, found.scripts], [0, 1], view);
    assert.notEqual(found.title, '1', view);
    if (found.text) seen.add(view.split(/[/?]/)[0]);
  }
  for (const view of ['live', 'exchange', 'chains', 'faults', 'world', 'sandboxes']) assert.ok(seen.has(view), `${view} does not show the markup as text`);
});

test('axe finds nothing in any view, light or dark, wide or narrow', async (t) => {
  const s = await standin(t);
  await retried(s);
  await s.ask('POST', '/v1/clients', { client_id: 'node7', hostname: 'node7' });
  const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 400]) {
      const page = await open(t, s.url, 'live', { colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      for (const view of views) {
        await page.goto(`${s.url}/_standin/ui#/${view}`);
        await page.reload();
        await shown(page);
        await page.evaluate(axe);
        const found = await page.evaluate(() => window.axe.run());
        const list = found.violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.html).slice(0, 3).join(' ')}`);
        assert.deepEqual(list, [], `${view}, ${colorScheme}, ${width}`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `${view} is ${wider} px wider than ${width} px`);
      }
    }
  }
});

test('a HAR is accepted by a validator', async (t) => {
  const { har } = await import('har-validator/lib/promise.js').then((m) => m.default ?? m);
  const s = await standin(t);
  await retried(s);
  await s.send('POST', '/v1/clients', '\u0000\xff', { 'Content-Type': 'application/octet-stream' });
  await s.send('GET', '/v1/clients?limit=a%20b&limit=', undefined, { 'X-Standin-Fault': 'connection=reset' }).catch(() => {});
  const made = await s.ask('GET', '/_standin/requests?format=har');
  assert.equal(made.log.entries.length, 4);
  await har(made);
});
