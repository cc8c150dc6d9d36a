import { add, button, field, h, row, select, table, toast } from './dom.js';
import { arm, details, failures } from './failures.js';

const most = 60; // matches that are shown

export async function show(page) {
  const { main, api } = page;
  const place = h('div');
  const again = async () => {
    const all = await api.get('faults');
    place.replaceChildren();
    add(place, rules(page, all, again));
  };
  const [operations, scenarios] = await Promise.all([api.all('get', 'operations'), api.all('get', 'scenarios')]);
  add(main, h('h1', {}, 'Faults'), place, catalogue(page, operations, again), own(page, again), apply(page, scenarios, again));
  await again();
  page.watch(again);
}

function rules(page, all, again) {
  const idle = all.filter((r) => r.fired === 0).length;
  const remove = async (names) => {
    for (const name of names) await page.api.del('faults/' + encodeURIComponent(name));
    await again();
  };
  const over = all.filter(spent).map((r) => r.name);
  return [
    h('div', { class: 'bar' },
      button('Disarm all', () => remove(all.map((r) => r.name)), { disabled: all.length === 0 }),
      button('Disarm spent ones', () => remove(over), { disabled: over.length === 0 }),
      h('span', { class: idle ? 'warn' : 'dim' }, all.length === 0 ? 'No rule is armed.' : idle === 0 ? 'Every rule has fired.' : `${idle} of ${all.length} rules have not fired yet.`)),
    all.length > 0 && table(['Rule', 'Where', 'When', 'What', 'Matched', 'Fired', ''], all.map((r) => h('tr', {},
      h('td', {}, h('a', { href: page.link('live', { fault: r.name }) }, r.name)),
      ...[r.where, r.when, { ...(r.phase && { phase: r.phase }), ...r.what }].map((part) => h('td', {}, code(part))),
      h('td', {}, String(r.matched)),
      h('td', { class: r.fired ? '' : 'warn' }, (r.fired ? String(r.fired) : 'not yet') + (often(r) ? ` of ${often(r)}` : '') + (spent(r) ? ', spent' : '')),
      h('td', {}, button('Disarm', () => remove([r.name]), { 'aria-label': 'Disarm ' + r.name }))))),
  ];
}

// often returns how many times a rule fires; 0 is no limit.
function often(rule) {
  const when = rule.when || {};
  if (when.times !== undefined) return when.times;
  return when.probability !== undefined || when.every || when.calls || when.during || rule.what?.rate_limit ? 0 : 1;
}

const spent = (rule) => often(rule) > 0 && rule.fired >= often(rule);

// code returns JSON without what only a program needs.
const code = (part) => (part && Object.keys(part).length ? h('code', {}, JSON.stringify(part).slice(1, -1).replaceAll('"', '').replaceAll(',', ', ')) : '');

function catalogue(page, operations, again) {
  const last = (o) => o.service === 'keystone'; // its failures are asked for least
  const all = operations.filter((o) => o.service !== 'control').sort((a, b) => last(a) - last(b)).flatMap(failures);
  const place = h('div');
  const { fields, apply } = details();
  const search = field('Search', { type: 'text', class: 'wide', placeholder: 'clients.create 503', oninput: () => find(), autocomplete: 'off', spellcheck: 'false' });
  const find = () => {
    const words = search.querySelector('input').value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? all.filter((f) => words.every((w) => `${f.name} ${f.what} ${f.about}`.toLowerCase().includes(w))) : [];
    place.replaceChildren();
    add(place, words.length === 0 && h('p', { class: 'dim' }, `Type words to search ${all.length.toLocaleString('en')} failures: an operation, a status, lost reply, reset, slow.`),
      words.length > 0 && found.length === 0 && h('p', {}, 'No failure has all of these words. You can write a rule below.'),
      found.length > 0 && table(['Failure', 'What', 'About', ''], found.slice(0, most).map((f) => {
        const go = async () => {
          await arm(page.api, { name: f.name, rule: apply(f.rule) });
          await again();
        };
        return row((e) => { if (e.type === 'keydown') go(); }, h('code', {}, f.name), f.what, f.about, button('Arm', go, { 'aria-label': 'Arm ' + f.name }));
      })),
      found.length > most && h('p', { class: 'dim' }, `${most} of ${found.length} failures. Search for more words.`));
  };
  find();
  return [h('h2', {}, 'Arm a failure'), h('div', { class: 'bar' }, search, fields), place];
}

function own(page, again) {
  const wrong = h('p', { class: 'bad', role: 'alert' });
  const text = h('textarea', { rows: 4, spellcheck: 'false', 'aria-label': 'A rule, or a list of rules, in YAML or JSON', placeholder: '{where: {operation: freezer.*}, what: {status: 503, retry_after: 2s}}' });
  return [h('h2', {}, 'Write a rule'), text, wrong, h('div', { class: 'bar' }, button('Arm rule', async () => {
    wrong.textContent = '';
    try {
      const made = await page.api.post('faults', text.value);
      toast('Armed: ' + made.map((r) => r.name).join(', '));
    } catch (e) {
      wrong.textContent = e.message;
    }
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
    if (!confirm('World, faults, journal and clock of the sandbox start again with the scenario. A later reset starts with it too. Apply it?')) return;
    await page.api.put('scenario', { name: chosen.value });
    toast(`The sandbox starts again with ${chosen.value}`);
    await again();
  }), button('Take back', async () => {
    if (!confirm('World, faults, journal and clock of the sandbox start again as they first did, without the scenarios that were applied. Take them back?')) return;
    await page.api.del('scenario');
    toast('The sandbox starts again as it first did');
    await again();
  })), about];
}
