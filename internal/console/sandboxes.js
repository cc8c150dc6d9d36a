import { add, button, field, h, select, table, toast } from './dom.js';

export async function show(page) {
  const { main, api, refresh } = page;
  const [all, scenarios, clock] = await Promise.all([api.all('get', 'sandboxes'), api.all('get', 'scenarios'), api.get('clock')]);
  add(main, h('h1', {}, 'Sandboxes'), list(page, all), create(page, scenarios), time(api, clock, refresh));
}

function list({ api, link, refresh }, all) {
  const act = (text, name, question, go) => button(text, async () => {
    if (question && !confirm(question)) return;
    toast(await go());
    await refresh();
  }, { 'aria-label': `${text} ${name}` });
  const path = (name) => 'sandboxes/' + encodeURIComponent(name);
  return h('div', {},
    all.length > 500 && h('p', { class: 'note' }, `The first 500 of ${all.length} sandboxes.`),
    table(['Name', 'Starts with', 'Requests', 'Faults', 'Clock', ''], all.slice(0, 500).map((s, i) => h('tr', {},
      h('td', {}, h('a', { href: link('live', { sandbox: s.name }) }, s.name)),
      h('td', {}, [s.scenario && 'scenario ' + s.scenario, 'profile ' + s.profile, 'seed ' + s.seed].filter(Boolean).join(', ')),
      h('td', {}, String(s.requests)), h('td', {}, String(s.faults)), h('td', {}, s.clock.now.replace(/\.\d+/, '') + (s.clock.mode === 'frozen' ? ' (frozen)' : '')),
      h('td', {}, h('div', { class: 'chips' },
        act('Reset', s.name, `World, faults, journal and clock of ${s.name} start again. Reset it?`, async () => {
          await api.all('post', path(s.name) + '/reset');
          return `${s.name} starts again`;
        }),
        act('Fork', s.name, '', async () => {
          const made = await api.all('post', 'sandboxes', { fork: s.name });
          return `${made.name} has the records of ${s.name}, and no faults`;
        }),
        i > 0 && act('Delete', s.name, `Delete the sandbox ${s.name} with its records and its journal?`, async () => {
          await api.all('del', path(s.name));
          return `${s.name} is deleted`;
        })))))));
}

function create({ api, refresh }, scenarios) {
  const name = field('Name', { placeholder: 'made up if empty' });
  const fixture = select('Fixture', {}, [['', 'as the emulator'], ['default', 'default'], ['empty', 'empty'], ['documented', 'documented']]);
  const scenario = select('Scenario', {}, [['', 'none'], ...scenarios.map((s) => [s.name, s.name])]);
  const profile = select('Profile', {}, [['', 'as the emulator'], ['documented', 'documented'], ['observed', 'observed']]);
  const seed = field('Seed', { type: 'number' });
  const go = button('Create', async () => {
    const spec = { name, fixture, scenario, profile, seed };
    for (const [key, label] of Object.entries(spec)) {
      const value = label.querySelector('input, select').value;
      if (value === '') delete spec[key];
      else spec[key] = key === 'seed' ? Number(value) : value;
    }
    const made = await api.all('post', 'sandboxes', spec);
    toast(`${made.name} is at ${made.url}`);
    await refresh();
  });
  return [h('h2', {}, 'New sandbox'), h('div', { class: 'bar' }, name, fixture, scenario, profile, seed, go)];
}

function time(api, clock, refresh) {
  const set = (change) => async () => { await api.put('clock', change()); await refresh(); };
  const by = field('by', { placeholder: '90s', value: '1h' });
  return [h('h2', {}, 'Clock of the sandbox that is shown'),
    h('p', {}, `${clock.now.replace(/\.\d+/, '')}, ${clock.mode}`),
    h('div', { class: 'bar' }, button('Freeze', set(() => ({ freeze: true }))), button('Resume', set(() => ({ resume: true }))),
      button('Advance', set(() => ({ advance: by.querySelector('input').value }))), by)];
}
