import { found, noted } from './chains.js';
import { add, button, clock, copied, count, h, ms, pairs, pretty, select, statusClass, table } from './dom.js';
import { arm, details, failures } from './failures.js';

const long = 40000; // characters of a body that are shown

export async function show(page) {
  const { main, arg, link, api, back } = page;
  if (!/^\d+$/.test(arg)) throw new Error(`${arg} is no number of an exchange.`);
  const [entry, why, changes, chains, retries, operations, rules] = await Promise.all([
    api.get('requests/' + arg), api.get(`requests/${arg}/explanation`), api.get(`requests/${arg}/changes`),
    api.get('chains?sequence=' + arg), api.get('reports/retries'), api.all('get', 'operations'), api.get('faults'),
  ]);
  const number = entry.sequence;
  const cut = entry.ended !== 'answered';
  const status = [entry.reply && `${entry.reply.status} ${why.answer.reason || ''}`, cut && entry.ended].filter(Boolean).join(', ');
  const out = h('div');
  const operation = operations.find((o) => o.operation === entry.operation);
  add(main,
    h('div', { class: 'bar' },
      h('a', { href: back }, '← Live'),
      number > 1 && h('a', { href: link('exchange/' + (number - 1)), rel: 'prev' }, 'previous'),
      h('a', { href: link('exchange/' + (number + 1)), rel: 'next' }, 'next')),
    h('h1', {}, `${number}  ${entry.request.method} ${entry.request.path} `, h('span', { class: statusClass(entry.reply?.status, entry.ended) }, status)),
    facts(entry, link),
    h('div', { class: 'bar' },
      button('Copy as curl', async () => copied(await api.get(`requests/${number}?format=curl`), out, 'The command')),
      button('Copy as fault rule', () => copied(ruleOf(entry, rules), out, 'The rule')),
      button('Copy as expectation', () => copied(JSON.stringify(expectationOf(entry), null, 2), out, 'The expectation')),
    ),
    operation && next(page, entry, operation),
    out,
    h('div', { class: 'cols' },
      h('section', {}, h('h2', {}, 'Request'), message(entry.request, `${entry.request.method} ${entry.request.path}${entry.request.query ? '?' + entry.request.query : ''}`)),
      h('section', {}, h('h2', {}, 'Reply'), entry.reply ? [cut && h('p', { class: 'note' }, `The reply was ${entry.ended}. The client did not get all of it.`), message(entry.reply, status)] : h('p', { class: 'bad' }, 'No reply was sent.'))),
    explained(why, link),
    h('h2', {}, 'Records'),
    changed(changes),
    retried(number, chains.chains, retries.rules, link),
  );
}

function facts(e, link) {
  return pairs([
    ['Operation', e.operation ? h('a', { href: link('live', { operation: e.operation }) }, e.operation) : 'none'],
    ['Caller', e.caller], ['Began', clock(e.began).join('')], ['Sandbox clock', e.time && e.time + (e.frozen ? ' (frozen)' : '')], ['Took', ms(e.took_ns / 1e6)],
    ['Ended', e.ended], ['Attempt', e.attempt > 1 && String(e.attempt)],
    ['Connection', e.connection && `${e.connection.id}, ${e.connection.reused ? 'used before' : 'new'}, ${e.connection.protocol}${e.connection.tls ? ', TLS' : ''}`],
    ['Trace', e.trace_id && h('a', { href: link('live', { trace: e.trace_id }) }, e.trace_id)],
    ['Note', e.note], ['Breaks its contract', e.violation && h('span', { class: 'bad' }, e.violation)],
  ]);
}

function message(m, first) {
  const headers = Object.entries(m.headers).sort().flatMap(([name, values]) => values.map((v) => `${name}: ${v}`));
  const text = pretty(m.body || m.body_base64 || '');
  return [
    h('pre', { tabindex: 0 }, first + '\n' + headers.join('\n')),
    text && h('pre', { tabindex: 0 }, text.slice(0, long)),
    (m.sha256 || text.length > long) && h('p', { class: 'dim' }, `The beginning of ${count(m.size, 'byte')}.`),
    m.body_base64 && h('p', { class: 'dim' }, 'The body is no text. It is shown in base64.'),
  ];
}

function explained(why, link) {
  const facts = [
    ['Sandbox', why.sandbox.name + (why.sandbox.by === 'default' ? ', since the request names none' : ', by ' + why.sandbox.by)],
    ['Operation', why.operation && `${why.operation.id}: ${why.operation.summary}`],
    ['Near', why.near && why.near.join('; ')],
    ['Caller', (why.caller.name || 'unknown') + ', by ' + why.caller.by],
    ['Decided by', [why.decision.by, why.decision.name].filter(Boolean).join(': ')],
    ['Comes from', [why.answer.evidence, why.answer.words].filter(Boolean).join(': ')],
    ['Quirks', (why.quirks || []).map((q) => q.name || q).join(', ')],
    ['Not read', (why.unread || []).map((u) => `${u.place} ${u.name}${u.nearest ? `, did you mean ${u.nearest}?` : ''}`).join('; ')],
  ];
  const rules = why.rules || [];
  return h('section', {}, h('h2', {}, 'Why'),
    pairs(facts),
    rules.length > 0 && table(['Rule', 'Match', 'Effect'], rules.map((r) => h('tr', {},
      h('td', {}, h('a', { href: link('faults') }, r.rule)), h('td', {}, String(r.match)),
      h('td', { class: r.fired ? 'warn' : 'dim' }, r.fired ? (r.did || []).join(', ') + (r.undocumented ? ' (the contract does not have this status)' : '') : 'did not fire: ' + r.why)))),
  );
}

// changed shows records before and after, line by line.
export function changed(changes) {
  return h('section', {},
    changes.length === 0 && h('p', { class: 'dim' }, 'No record was changed.'),
    changes.length > 100 && h('p', { class: 'note' }, `The first 100 of ${changes.length}.`),
    changes.slice(0, 100).map((c) => [h('p', {}, h('strong', {}, c.record), ' was ' + c.what), lines(c.before, c.after)]));
}

function lines(before, after) {
  const a = before === undefined ? [] : JSON.stringify(before, null, 2).split('\n');
  const b = after === undefined ? [] : JSON.stringify(after, null, 2).split('\n');
  if (a.length * b.length > 40000) return [h('pre', { tabindex: 0 }, h('span', { class: 'del' }, a.join('\n'))), h('pre', { tabindex: 0 }, h('span', { class: 'add' }, b.join('\n')))];
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1)); // of the ends from i and j on
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  }
  const out = h('pre', { tabindex: 0 });
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.append('  ' + a[i] + '\n'); i++; j++; }
    else if (i < a.length && (j >= b.length || common[i + 1][j] >= common[i][j + 1])) out.append(h('span', { class: 'del' }, '- ' + a[i++]));
    else out.append(h('span', { class: 'add' }, '+ ' + b[j++]));
  }
  return out;
}

function retried(number, chains, rules, link) {
  const [chain] = chains;
  const failed = found(rules, (c) => c.entries.includes(number));
  return h('section', {}, h('h2', {}, 'Retries'),
    !chain && failed.length === 0 && h('p', { class: 'dim' }, 'This request was not sent again.'),
    chain && h('p', {}, 'Attempts: ', chain.attempts.slice(0, 100).map((a, i) => [i > 0 && ', ',
      a.sequence === number ? h('strong', {}, String(number)) : h('a', { href: link('exchange/' + a.sequence) }, String(a.sequence))]),
    chain.attempts.length > 100 && `, and ${chain.attempts.length - 100} more`, '. ', h('a', { href: link('chains') }, 'Show them on a time axis')),
    failed.map(([r, c]) => noted(r, c, h('br'), h('span', { class: 'dim' }, r.norm))));
}

// ruleOf returns a rule as JSON that makes the next request of this kind end as this one: the rule that did so, or a new one.
function ruleOf(e, rules) {
  const fired = (e.faults || []).find((f) => f.fired);
  const rule = fired && rules.find((r) => r.name === fired.rule);
  if (rule) {
    const { matched, fired: n, ...written } = rule;
    return JSON.stringify(written, null, 2);
  }
  const where = whereOf(e);
  if (!e.reply || e.ended === 'cut') return JSON.stringify({ where, what: { connection: 'reset' } }, null, 2);
  const after = e.reply.headers['Retry-After']?.[0];
  const what = { status: e.reply.status, ...(after && { retry_after: /^\d+$/.test(after) ? after + 's' : after }) };
  if (e.reply.body && !e.reply.sha256) what.body = e.reply.body; // a text is sent unchanged
  return JSON.stringify({ where, what }, null, 2);
}

const expectationOf = (e) => ({ ...whereOf(e), status: e.reply ? String(e.reply.status) : 'none', requests: 1 });

// whereOf selects requests of the kind of an exchange.
const whereOf = (e) => (e.operation ? { operation: e.operation } : { method: e.request.method, path: e.request.path });

// next makes the next request to the operation fail.
function next(page, e, operation) {
  const all = failures(operation);
  const chosen = all.find((f) => f.what.startsWith(`${e.reply?.status} `)) || all.find((f) => f.what.startsWith('503')) || all[0];
  const list = select('Fail the next one with', { name: 'failure' }, all.map((f) => [f.name, f.what]), chosen.name);
  const { fields, apply } = details();
  return h('div', { class: 'bar' }, list, fields, button('Arm', async () => {
    const failure = all.find((f) => f.name === list.querySelector('select').value);
    await arm(page.api, { name: failure.name, rule: apply(failure.rule) });
  }));
}
