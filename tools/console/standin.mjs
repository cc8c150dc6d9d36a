// Starts Standin and Chromium for the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const binary = process.env.STANDIN_BIN;
const browserPath = process.env.CHROMIUM;
if (!binary || !browserPath) throw new Error('set STANDIN_BIN and CHROMIUM; .ci/console does');

const ends = new WeakMap();

// later calls a function at the end of a test. What was started last ends first.
export function later(t, end) {
  if (!ends.has(t)) {
    ends.set(t, []);
    t.after(async () => { for (const e of ends.get(t).reverse()) await e(); });
  }
  ends.get(t).push(end);
}

// standin starts the emulator on a free port, and stops it at the end of the test.
export async function standin(t, ...args) {
  const child = spawn(binary, ['--listen', '127.0.0.1:0', '--log', 'off', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  later(t, () => child.kill());
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
  }
  const url = await new Promise((found, failed) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => { const m = line.match(/https?:\/\/[^\s]+/); if (m) found(m[0].replace(/\/$/, '')); });
    once(child, 'exit').then(() => failed(new Error('Standin ended')));
  });
  return new Standin(url);
}

// A Standin sends requests as clients do.
export class Standin {
  constructor(url) { this.url = url; }

  send(method, path, body, headers) {
    return fetch(this.url + path, {
      method, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'X-Auth-Token': 'demo-token', ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    });
  }

  async ask(method, path, body, headers) {
    const response = await this.send(method, path, body, headers);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.headers.get('Content-Type') || '').includes('json') ? response.json() : response.text();
  }
}

let shared;

// open opens a view in a new window. A message in its console, an error and a request to another
// address fail the test.
export async function open(t, url, view, options) {
  shared ??= chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
  const browser = await shared;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('console', (m) => { if (!(options?.expected || /^$/).test(m.text())) problems.push(m.text()); });
  page.on('pageerror', (e) => problems.push(e.message));
  page.on('request', (r) => { if (!options?.elsewhere && !r.url().startsWith(new URL(url).origin + '/')) problems.push('requested ' + r.url()); });
  later(t, async () => {
    await context.close();
    if (problems.length) throw new Error(problems.join('\n'));
  });
  await page.goto(`${url}/_standin/ui#/${view}`);
  return page;
}

// script runs a function outside of the tests. What it starts ends with it.
export async function script(run) {
  const ends = [];
  await run({ after: (end) => ends.push(end) });
  for (const end of ends) await end();
  await closeBrowser();
}

export async function closeBrowser() {
  if (shared) await (await shared).close();
}
