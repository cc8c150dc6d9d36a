import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as listenOn } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, start, Refused, StartError, Unreachable, VerificationError } from 'standin';

const create = 'freezer.clients.create';
let server;
before(async () => { server = await start(); });
after(() => server.stop());

// boxed is a test with a sandbox of its own.
const boxed = (name, options, body) => test(name, async (t) => {
  const box = await server.sandbox(t.name, { fixture: 'default', ...options });
  t.after(() => box.delete());
  await body(box, t);
});

const send = (box, method, path, body) =>
  fetch(box.url + path, { method, body: body && JSON.stringify(body), headers: { 'X-Auth-Token': box.token, 'Content-Type': 'application/json' } });
const register = async (box, id = 'node7') => (await send(box, 'POST', '/v1/clients', { client_id: id, hostname: 'h' })).status;

// patient registers a machine. It waits as it is told after a 503.
async function patient(box) {
  for (let attempt = 0; attempt < 3; attempt++) {
    const response = await send(box, 'POST', '/v1/clients', { client_id: 'node7', hostname: 'h' });
    if (response.status !== 503) return response.status;
    await new Promise((done) => setTimeout(done, 1000 * Number(response.headers.get('Retry-After'))));
  }
  return 503;
}

boxed('arm', {}, async (box) => {
  assert.equal(await box.arm(create + '/753', { times: 2 }), create + '/753');
  assert.deepEqual([await register(box), await register(box), await register(box)], [753, 753, 201]);
  const name = await box.arm({ where: { operation: 'freezer.*' }, what: { status: 503 } });
  assert.deepEqual((await box.faults()).map((f) => f.fired), [2, 0]);
  await box.disarm(name);
  assert.equal(await register(box, 'node8'), 201);
});

boxed('a lost reply', {}, async (box) => {
  await box.loseReply(create);
  await assert.rejects(register(box));
  assert.equal(await register(box), 409);
  const [first, second] = await box.requests({ operation: create });
  assert.deepEqual([first.ended, second.attempt], ['cut', 2]);
});

boxed('a client that waits as it is told', { scenario: 'fails-twice-then-works' }, async (box) => {
  assert.equal(await patient(box), 201);
  await box.verify({ retries: 'good' }, { operation: create, status: 201, requests: 1 });
});

boxed('verify', {}, async (box) => {
  await register(box);
  await box.verify({ operation: create, requests: 1 });
  await assert.rejects(box.verify({ operation: create, requests: 2 }), (e) =>
    e instanceof VerificationError && /freezer.clients.create: 2 requests: 1\nthe requests were:\n.*POST/s.test(e.message) && !e.judgements[0].met);
  await box.arm(create + '/503');
  await assert.rejects(box.verify(), /the rule freezer.clients.create\/503 fires/);
  await assert.rejects(box.verify({ operation: 'freezer.clients.creat' }), (e) => e instanceof Refused && /did you mean freezer.clients.create/.test(e.message));
});

boxed('wait, retries, clock, state', {}, async (box) => {
  setTimeout(() => register(box), 200);
  assert.equal((await box.waitFor({ operation: create }))[0].reply.status, 201);
  await assert.rejects(box.waitFor({ operation: create }, { atLeast: 2, timeout: 0.1 }), /1 of 2 requests matched.*POST/s);
  await box.arm({ where: { operation: 'freezer.clients.list' }, what: { status: 503, retry_after: '30s' } });
  for (const status of [503, 200]) assert.equal((await send(box, 'GET', '/v1/clients')).status, status);
  assert.deepEqual((await box.retries()).filter((r) => r.verdict === 'failed').map((r) => r.rule), ['ignores-retry-after']);
  await box.freeze(new Date('2026-01-01T00:00:00Z'));
  await box.advance('1h');
  await box.advance(0.5);
  await register(box, 'node8');
  assert.equal((await box.requests()).at(-1).time, '2026-01-01T01:00:00.5Z');
  await box.snapshot('before');
  await box.load({ freezer: { clients: [] } });
  assert.deepEqual((await box.state('freezer')).freezer.clients, []);
  await box.reset({ only: ['world'], to: 'before' });
  assert.equal((await box.state()).freezer.clients.length, 5);
  await assert.rejects(box.load('freezer: {clientes: []}'), /unknown key "clientes"/);
  assert.match(await box.lines({ status: 503 }), /503/);
  assert.equal(box.environ().OS_AUTH_URL, box.url + '/identity/v3');
});

test('many sandboxes at once', async () => {
  const statuses = await Promise.all(Array.from({ length: 50 }, async (_, n) => {
    const box = await server.sandbox('many');
    if (n % 2) await box.arm(create + '/753');
    const status = await register(box);
    await box.delete();
    return status;
  }));
  assert.deepEqual(statuses, statuses.map((_, n) => (n % 2 ? 753 : 201)));
});

test('options, and a server that runs', async (t) => {
  const other = await start({ scenario: 'unavailable', fixture: ['default'], controlToken: 'sesame', sandboxTtl: '1m' });
  t.after(() => other.stop());
  assert.equal((await send(await other.default(), 'GET', '/v1/clients')).status, 503);
  await assert.rejects((await connect(other.url, { token: 'wrong' })).sandboxes(), /needs its token/);
  assert.deepEqual(await (await connect(other.url + '/', { token: 'sesame' })).sandboxes(), ['default']);
  assert.match(await other.coverage(), /"report":"coverage"/);
});

describe('bad use', () => {
  const fails = (promise, kind, text) => assert.rejects(promise, (e) => e instanceof kind && text.test(e.message) || assert.fail(String(e)));

  test('no binary', async (t) => {
    await fails(start({ binary: '/nowhere/standin' }), StartError, /cannot run \/nowhere\/standin: ENOENT; set STANDIN_BINARY/);
    const { PATH, STANDIN_BINARY } = process.env;
    t.after(() => Object.assign(process.env, { PATH, STANDIN_BINARY }));
    delete process.env.STANDIN_BINARY;
    process.env.PATH = '/nowhere';
    await fails(start(), StartError, /go install .\/cmd\/standin/);
  });
  test('an unknown option', () => fails(start({ fixtrue: 'default' }), StartError, /unknown flag --fixtrue, did you mean/));
  test('a port that is taken', async (t) => {
    const taken = listenOn().listen(0, '127.0.0.1');
    t.after(() => taken.close());
    await new Promise((done) => taken.once('listening', done));
    await fails(start({ listen: `127.0.0.1:${taken.address().port}` }), StartError, /address already in use/);
  });
  test('another program', () => fails(start({ binary: process.execPath }), StartError, /ended with exit code/));
  test('a server that ends', async () => {
    const other = await start();
    const box = await other.sandbox('x');
    await other.stop();
    await fails(box.requests(), Unreachable, /the emulator ended with exit code 0/);
  });
  test('nothing runs', () => fails(connect('http://127.0.0.1:1'), Unreachable, /no emulator answers at http:\/\/127.0.0.1:1; start one with: standin/));
  test('no emulator', async (t) => {
    const other = createServer((_, w) => w.end('hello')).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await new Promise((done) => other.once('listening', done));
    await fails(connect(`http://127.0.0.1:${other.address().port}`), Unreachable, /answers, but it is no emulator/);
  });
});
