// Standin for Node: start an emulator or connect to one, and give each test a sandbox.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const callTime = 30_000; // milliseconds that a call may take, beyond the time for which it waits on purpose

export class StandinError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

export class StartError extends StandinError {}
export class Unreachable extends StandinError {}

export class Refused extends StandinError {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export class VerificationError extends StandinError {
  constructor(message, judgements) {
    super(message);
    this.judgements = judgements;
  }
}

class Control {
  constructor(url, token, gone) {
    Object.assign(this, { url, token, gone });
  }

  below(path) {
    return new Control(this.url + path, this.token, this.gone);
  }

  async text(method, path, body, query, wait = 0) {
    const url = new URL(this.url + path);
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== null) url.searchParams.set(name, value);
    let response, text;
    try {
      response = await fetch(url, {
        method,
        headers: { 'Content-Type': 'application/json', ...(this.token && { Authorization: `Bearer ${this.token}` }) },
        body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
        signal: AbortSignal.timeout(callTime + wait),
      });
      text = await response.text();
    } catch (error) {
      throw new Unreachable(`${this.gone()} (${error.cause?.message ?? error.message})`, { cause: error });
    }
    if (!response.ok) throw new Refused(response.status, problemOf(text));
    return text;
  }

  async json(...call) {
    const text = await this.text(...call);
    return text ? JSON.parse(text) : undefined;
  }
}

function problemOf(text) {
  try {
    const problem = JSON.parse(text);
    if (problem && typeof problem === 'object') return problem;
  } catch { /* not a problem document */ }
  return { detail: text.slice(0, 300) };
}

const duration = (value) => (typeof value === 'number' ? `${value}s` : value);

export class Sandbox {
  #control;
  #environment;

  constructor(control, info) {
    this.#control = control.below('/sandboxes/' + encodeURIComponent(info.name));
    this.#environment = info.environment;
    this.name = info.name;
    this.url = info.url;
    this.token = info.token ?? '';
  }

  environ() {
    return { ...this.#environment };
  }

  async arm(rule, when) {
    const body = typeof rule === 'string' ? { use: rule } : { ...rule };
    if (when) body.when = { ...body.when, ...when };
    const [armed] = await this.#control.json('POST', '/faults', body);
    return armed.name;
  }

  loseReply(operation, when) {
    return this.arm({ where: { operation }, phase: 'after', what: { connection: 'reset' } }, when);
  }

  async disarm(name) {
    await this.#control.text('DELETE', '/faults/' + encodeURIComponent(name));
  }

  faults() {
    return this.#control.json('GET', '/faults');
  }

  async requests(filter) {
    return (await this.#control.json('GET', '/requests', undefined, filter)).requests;
  }

  lines(filter) {
    return this.#control.text('GET', '/requests', undefined, { ...filter, format: 'text' });
  }

  async waitFor(filter, { atLeast = 1, timeout = 10 } = {}) {
    const query = { ended: 'answered', ...filter, at_least: atLeast, wait: duration(timeout) };
    const { requests } = await this.#control.json('GET', '/requests', undefined, query, timeout * 1000);
    if (requests.length >= atLeast) return requests;
    throw new StandinError(`${requests.length} of ${atLeast} requests matched ${JSON.stringify(filter)} after ${timeout} s; the requests were:\n${await this.lines()}`);
  }

  async verify(...expectations) {
    try {
      await this.#control.text('POST', '/verify', expectations.length ? expectations : undefined);
    } catch (error) {
      const judgements = error.problem?.judgements;
      if (!judgements) throw error;
      const unmet = judgements.filter((j) => !j.met).map((j) => `${j.expectation}: ${j.found}`);
      throw new VerificationError([...unmet, 'the requests were:', (await this.lines()) || 'none'].join('\n'), judgements);
    }
  }

  async retries(grading) {
    const { rules } = await this.#control.json('GET', '/reports/retries', undefined, grading);
    return rules.map((r) => ({ rule: r.id, verdict: r.verdict, why: (r.chains ?? []).map((c) => c.why) }));
  }

  async advance(by) {
    await this.#control.text('PUT', '/clock', { advance: duration(by) });
  }

  async freeze(at) {
    await this.#control.text('PUT', '/clock', { freeze: at ? at.toISOString() : true });
  }

  state(service) {
    return this.#control.json('GET', '/state' + (service ? '/' + service : ''));
  }

  async load(fixture) {
    if (typeof fixture === 'string') {
      await this.#control.text('PUT', '/state', fixture);
      return;
    }
    for (const [service, records] of Object.entries(fixture)) {
      await this.#control.text('PUT', '/state/' + encodeURIComponent(service), { [service]: records });
    }
  }

  async snapshot(name) {
    await this.#control.text('POST', '/snapshots', { name });
  }

  async reset({ only, to } = {}) {
    await this.#control.text('POST', '/reset', undefined, { only: only?.join(','), to });
  }

  async delete() {
    try {
      await this.#control.text('DELETE', '');
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
}

export class Server {
  #control;
  #child;

  constructor(url, token, child) {
    this.url = url.replace(/\/$/, '');
    this.#child = child;
    this.#control = new Control(this.url + '/_standin', token, () => this.#gone());
  }

  #gone() {
    if (!this.#child) return `no emulator answers at ${this.url}; start one with: standin`;
    const { exitCode, signalCode, said } = this.#child;
    if (exitCode === null && signalCode === null) return `the emulator at ${this.url} does not answer`;
    return `the emulator ended with ${signalCode ?? `exit code ${exitCode}`}${said ? ': ' + said.trim() : ''}`;
  }

  async sandbox(name, { exactName, ...start } = {}) {
    const info = await this.#control.json('POST', '/sandboxes', { for: name, name: exactName, ...start });
    return new Sandbox(this.#control, info);
  }

  async default() {
    return new Sandbox(this.#control, await this.#control.json('GET', '/sandboxes/default'));
  }

  async sandboxes() {
    return (await this.#control.json('GET', '/sandboxes')).map((s) => s.name);
  }

  health() {
    return this.#control.json('GET', '/health');
  }

  coverage() {
    return this.#control.text('GET', '/reports/coverage');
  }

  async stop() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill();
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  }
}

export async function connect(url = process.env.STANDIN_URL || 'http://127.0.0.1:9311', { token = process.env.STANDIN_CONTROL_TOKEN } = {}) {
  const server = new Server(url, token);
  let health;
  try {
    health = await server.health();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof SyntaxError)) throw error;
  }
  if (!health?.version) throw new Unreachable(`${server.url} answers, but it is no emulator`);
  return server;
}

export async function start({ binary, timeout = 20, listen = '127.0.0.1:0', ...options } = {}) {
  const program = binary || process.env.STANDIN_BINARY || inPath('standin');
  if (!program) {
    throw new StartError('there is no program standin: install it with `go install ./cmd/standin` in a checkout, ' +
      'set STANDIN_BINARY to its path, or set STANDIN_URL to an emulator that runs');
  }
  const args = ['serve', '--listen', listen, ...flags(options)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { child.said = (child.said + text).slice(-2000); });
  const url = await new Promise((found, failed) => {
    const fail = (why) => { child.kill(); failed(new StartError(why)); };
    const late = setTimeout(() => fail(`\`${[program, ...args].join(' ')}\` was not ready after ${timeout} s`), timeout * 1000);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      const match = out.match(/(https?:\/\/\S+?)\/?\s/);
      if (match) { clearTimeout(late); found(match[1]); }
    });
    child.once('error', (error) => { clearTimeout(late); fail(`cannot run ${program}: ${error.code}; set STANDIN_BINARY to the path of standin`); });
    child.once('close', (code) => { clearTimeout(late); fail(`\`${[program, ...args].join(' ')}\` ended with exit code ${code}: ${child.said.trim()}`); });
  });
  child.stdout.resume();
  for (const handle of [child, child.stdout, child.stderr]) handle.unref(); // a forgotten stop does not keep the process
  const kill = () => child.kill();
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  return new Server(url, options.controlToken ?? process.env.STANDIN_CONTROL_TOKEN, child);
}

// flags returns the flags of the command line for options: sandboxTtl is --sandbox-ttl.
function flags(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = '--' + name.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase());
    return [value].flat().flatMap((v) => (v === true ? [flag] : v === undefined || v === null || v === false ? [] : [`${flag}=${v}`]));
  });
}

function inPath(name) {
  const names = process.platform === 'win32' ? [name + '.exe'] : [name];
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean).flatMap((dir) => names.map((n) => join(dir, n))).find(existsSync);
}
