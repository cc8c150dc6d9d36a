import { add, button, clock, copied, count, h, ms, pretty, select, statusClass, table, toast } from './dom.js';

const long = 40000; // characters of a body that are shown

export async function show(page) {
  const { main, arg, link, api } = page;
  const [entry, why, changes, chains, retries, operations] = await Promise.all([
    api.get('requests/' + arg), api.get(`requests/${arg}/explanation`), api.get(`requests/${arg}/changes`),
    api.get('chains'), api.get('reports/retries'), page.api.all('get', 'operations'),
  ]);
  const number = entry.sequence;
  const status = entry.reply ? `${entry.reply.status} ${why.answer.reason || ''}` : entry.ended;
  const out = h('div');
  const operation = operations.find((o) => o.operation === entry.operation);
  add(main, 
    h('div', { class: 'bar' },
      h('a', { href: link('live') }, '← Live'),
      number > 1 && h('a', { href: link('exchange/' + (number - 1)), rel: 'prev' }, 'previous'),
      h('a', { href: link('exchange/' + (number + 1)), rel: 'next' }, 'next')),
    h('h1', {}, `${number}  ${entry.request.method} ${entry.request.path} `, h('span', { class: statusClass(entry.reply?.status) }, status)),
    facts(entry, link),
    h('div', { class: 'bar' },
      button('Copy as curl', async () => copied(await api.get(`requests/${number}?format=curl`), out, 'The command')),
      button('Copy as fault rule', () => copied(JSON.stringify(ruleOf(entry, why), null, 2), out, 'The rule')),
      button('Copy as expectation', () => copied(JSON.stringify(expectationOf(entry), null, 2), out, 'The expectation')),
      operation && arm(page, entry, operation)),
    out,
    h('div', { class: 'cols' },
      h('section', {}, h('h2', {}, 'Request'), message(entry.request, `${entry.request.method} ${entry.request.path}${entry.request.query ? '?' + entry.request.query : ''}`)),
      h('section', {}, h('h2', {}, 'Reply'), entry.reply ? message(entry.reply, status) : h('p', { class: 'bad' }, 'No reply was sent.'))),
    explained(why, link),
    h('h2', {}, 'Records'),
    changed(changes),
    retried(number, chains.chains, retries.rules, link),
  );
  return { back: link('live') };
}

function facts(e, link) {
  const list = [
    ['Operation', e.operation ? h('a', { href: link('live', { operation: e.operation }) }, e.operation) : 'none'],
    ['Caller', e.caller], ['Began', clock(e.began).join('')], ['Sandbox clock', e.time && e.time + (e.frozen ? ' (frozen)' : '')], ['Took', ms(e.took_ns / 1e6)],
    ['Ended', e.ended], ['Attempt', e.attempt > 1 && String(e.attempt)],
    ['Connection', e.connection && `${e.connection.id}, ${e.connection.reused ? 'used before' : 'new'}, ${e.connection.protocol}${e.connection.tls ? ', TLS' : ''}`],
    ['Trace', e.trace_id && h('a', { href: link('live', { trace: e.trace_id }) }, e.trace_id)],
    ['Note', e.note], ['Breaks its contract', e.violation && h('span', { class: 'bad' }, e.violation)],
  ];
  return h('dl', {}, list.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
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
  const d = why.decision;
  const by = d.by + (d.name ? ': ' + d.name : '');
  const list = [
    ['Sandbox', why.sandbox.name + (why.sandbox.by === 'default' ? ', since the request names none' : ', by ' + why.sandbox.by)],
    ['Operation', why.operation && `${why.operation.id}: ${why.operation.summary}`],
    ['Near', why.near && why.near.join('; ')],
    ['Caller', (why.caller.name || 'unknown') + ', by ' + why.caller.by],
    ['Decided by', by],
    ['Comes from', [why.answer.evidence, why.answer.words].filter(Boolean).join(': ')],
    ['Quirks', (why.quirks || []).map((q) => q.name || q).join(', ')],
    ['Not read', (why.unread || []).map((u) => `${u.place} ${u.name}${u.nearest ? `, did you mean ${u.nearest}?` : ''}`).join('; ')],
  ];
  const rules = why.rules || [];
  return h('section', {}, h('h2', {}, 'Why'),
    h('dl', {}, list.filter(([, v]) => v).map(([name, v]) => [h('dt', {}, name), h('dd', {}, v)])),
    rules.length > 0 && table(['Rule', 'Match', 'Effect'], rules.map((r) => h('tr', {},
      h('td', {}, h('a', { href: link('faults') }, r.rule)), h('td', {}, String(r.match)),
      h('td', { class: r.fired ? 'warn' : 'dim' }, r.fired ? (r.did || []).join(', ') + (r.undocumented ? ' (the contract does not have this status)' : '') : 'did not fire: ' + r.why)))),
  );
}

// changed shows records before and after, line by line.
export function changed(changes) {
  return h('section', {},
    changes.length === 0 && h('p', { class: 'dim' }, 'No record was changed.'),
    changes.map((c) => [h('p', {}, h('strong', {}, c.record), ' was ' + c.what), lines(c.before, c.after)]));
}

function lines(before, after) {
  const a = before === undefined ? [] : JSON.stringify(before, null, 2).split('\n');
  const b = after === undefined ? [] : JSON.stringify(after, null, 2).split('\n');
  if (a.length * b.length > 1e6) return h('pre', { tabindex: 0 }, b.join('\n'));
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
  const chain = chains.find((c) => c.attempts.some((a) => a.sequence === number));
  const failed = rules.flatMap((r) => (r.chains || []).filter((c) => c.entries.includes(number)).map((c) => [r, c]));
  return h('section', {}, h('h2', {}, 'Retries'),
    !chain && failed.length === 0 && h('p', { class: 'dim' }, 'This request was not sent again.'),
    chain && h('p', {}, 'Attempts: ', chain.attempts.map((a, i) => [i > 0 && ', ',
      a.sequence === number ? h('strong', {}, String(number)) : h('a', { href: link('exchange/' + a.sequence) }, String(a.sequence))]),
    '. ', h('a', { href: link('chains') }, 'Show them on a time axis')),
    failed.map(([r, c]) => h('p', { class: 'note' }, h('strong', {}, `${r.id} ${r.verdict}: `), c.why, h('br'), h('span', { class: 'dim' }, r.norm))));
}

// ruleOf is a rule that makes the next such request end as this one.
function ruleOf(e, why) {
  const where = e.operation ? { operation: e.operation } : { method: e.request.method, path: e.request.path };
  if (!e.reply || e.ended === 'cut') return { where, what: { connection: 'reset' } };
  const known = (why.others || []).concat(why.answer).find((o) => o.status === e.reply.status);
  if (e.operation && e.reply.status >= 400 && known?.fault) return { use: known.fault };
  const what = { status: e.reply.status };
  if (e.reply.body && !e.reply.sha256) {
    try { what.body = JSON.parse(e.reply.body); } catch { what.body = e.reply.body; }
  }
  return { where, what };
}

const expectationOf = (e) => ({
  ...(e.operation ? { operation: e.operation } : { method: e.request.method, path: e.request.path }),
  status: e.reply ? String(e.reply.status) : 'none', requests: 1,
});

// arm makes the next request to the operation fail.
function arm(page, e, operation) {
  const failures = operation.statuses.filter((s) => s.fault);
  if (failures.length === 0) return undefined;
  const chosen = failures.find((s) => s.status === e.reply?.status) || failures.find((s) => s.status === 503) || failures[0];
  const list = select('Fail the next one with', { name: 'failure' }, failures.map((s) => [s.fault, `${s.status} ${s.reason}`]), chosen.fault);
  return h('span', {}, list, ' ', button('Arm', async () => {
    await armed(page.api, { use: list.querySelector('select').value });
  }));
}

// armed arms a rule. If its name is taken, it gets another.
export async function armed(api, rule) {
  const taken = new Set((await api.get('faults')).map((r) => r.name));
  const name = rule.name || rule.use;
  let free = name;
  for (let i = 2; name && taken.has(free); i++) free = `${name}-${i}`;
  const [made] = await api.post('faults', name ? { ...rule, name: free } : rule);
  toast(`Armed: ${made.name}`);
  return made;
}

