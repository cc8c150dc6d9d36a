import { armed } from './exchange.js';
import { add, button, field, h, row, select, table, toast } from './dom.js';

const most = 60; // matches that are shown

export async function show(page) {
  const { main, api } = page;
  const place = h('div');
  const again = async () => place.replaceChildren(...rules(page, await api.get('faults'), again));
  const [operations, scenarios] = await Promise.all([api.all('get', 'operations'), api.all('get', 'scenarios')]);
  add(main, h('h1', {}, 'Faults'), place, ...catalogue(page, operations, again), ...own(page, again), ...apply(page, scenarios, again));
  await again();
}

function rules(page, all, again) {
  const idle = all.filter((r) => r.fired === 0).length;
  return [
    h('div', { class: 'bar' }, button('Refresh', again),
      button('Disarm all', async () => { await page.api.del('faults'); await again(); }, { disabled: all.length === 0 })),
    h('p', { class: idle ? 'warn' : 'dim' }, all.length === 0 ? 'No rule is armed.' : idle === 0 ? 'Every rule has fired.' : `${idle} of ${all.length} rules have not fired yet.`),
    all.length > 0 && table(['Rule', 'Where', 'When', 'What', 'Matched', 'Fired', ''], all.map((r) => h('tr', {},
      h('td', {}, h('a', { href: page.link('live', { fault: r.name }) }, r.name)),
      ...[r.where, r.when, { ...(r.phase && { phase: r.phase }), ...r.what }].map((part) => h('td', { class: 'mono' }, brief(part))),
      h('td', {}, String(r.matched)), h('td', { class: r.fired ? '' : 'warn' }, r.fired ? String(r.fired) : 'not yet'),
      h('td', {}, button('Disarm', async () => { await page.api.del('faults/' + encodeURIComponent(r.name)); await again(); }, { 'aria-label': 'Disarm ' + r.name }))))),
  ].filter(Boolean);
}

// brief returns JSON without the braces and quotes that only a program needs.
const brief = (part) => (part && Object.keys(part).length ? JSON.stringify(part).slice(1, -1).replaceAll('"', '') : '');

// failures are the documented failures of an operation, and what can happen to its connection.
function failures(o) {
  const where = { operation: o.operation };
  return [
    ...o.statuses.filter((s) => s.fault).map((s) => [s.fault, `${s.status} ${s.reason}`, s.description, { use: s.fault }]),
    [o.operation + '/lost-reply', 'lost reply', 'The request is carried out, then the connection is reset.', { name: o.operation + '/lost-reply', where, phase: 'after', what: { connection: 'reset' } }],
    [o.operation + '/reset', 'reset', 'The connection is reset, and nothing is done.', { name: o.operation + '/reset', where, what: { connection: 'reset' } }],
    [o.operation + '/half-answer', 'half answer', 'The reply ends after half of its body.', { name: o.operation + '/half-answer', where, phase: 'after', what: { connection: 'truncate' } }],
    [o.operation + '/slow', 'slow', 'The reply comes after 5 s.', { name: o.operation + '/slow', where, what: { delay: '5s' } }],
  ];
}

function catalogue(page, operations, again) {
  const last = (o) => o.service === 'keystone'; // its failures are asked for least
  const all = operations.filter((o) => o.service !== 'control').sort((a, b) => last(a) - last(b)).flatMap(failures);
  const place = h('div');
  const times = field('Times', { type: 'number', min: 0, value: '1', title: '0: no limit' });
  const search = field('Search', { type: 'search', class: 'wide', placeholder: 'clients.create 503', oninput: () => find(), autocomplete: 'off' });
  const find = () => {
    const words = search.querySelector('input').value.toLowerCase().split(/\s+/);
    const found = all.filter(([name, what, about]) => words.every((w) => `${name} ${what} ${about}`.toLowerCase().includes(w)));
    place.replaceChildren(table(['Failure', 'Status', 'About', ''], found.slice(0, most).map(([name, what, about, rule]) => {
      const go = async () => {
        const n = Number(times.querySelector('input').value);
        await armed(page.api, { ...rule, ...(n !== 1 && { when: { times: n } }) });
        await again();
      };
      return row((e) => { if (e.type === 'keydown') go(); }, h('span', { class: 'mono' }, name), what, about, button('Arm', go, { 'aria-label': 'Arm ' + name }));
    })), found.length > most ? h('p', { class: 'dim' }, `${most} of ${found.length} failures. Search for more words.`) : '');
  };
  find();
  return [h('h2', {}, 'Arm a failure'), h('div', { class: 'bar' }, search, times), place];
}

function own(page, again) {
  const text = h('textarea', { rows: 4, spellcheck: 'false', 'aria-label': 'A rule, or a list of rules, in YAML or JSON', placeholder: '{where: {operation: freezer.*}, what: {status: 503, retry_after: 2s}}' });
  return [h('h2', {}, 'Write a rule'), text, h('div', { class: 'bar' }, button('Arm rule', async () => {
    const made = await page.api.post('faults', text.value);
    toast('Armed: ' + made.map((r) => r.name).join(', '));
    await again();
  }))];
}

function apply(page, scenarios, again) {
  const about = h('p', { class: 'dim' });
  const list = select('Scenario', {}, scenarios.map((s) => [s.name, s.name]));
  const chosen = list.querySelector('select');
  const describe = () => { about.textContent = scenarios.find((s) => s.name === chosen.value)?.about || ''; };
  chosen.addEventListener('change', describe);
  describe();
  return [h('h2', {}, 'Apply a scenario'), h('div', { class: 'bar' }, list, button('Apply', async () => {
    await page.api.put('scenario', { name: chosen.value });
    toast(`The sandbox starts again with ${chosen.value}`);
    await again();
  })), about, h('p', { class: 'dim' }, 'World, faults, journal and clock of the sandbox start again.')];
}
