import { changed } from './exchange.js';
import { add, button, count, field, h, select, toast } from './dom.js';

const size = 50; // records on a page

export async function show(page) {
  const { main, api, arg, link } = page;
  const [collections, snapshots] = await Promise.all([api.get('records'), api.get('snapshots')]);
  const compares = arg === 'differences';
  const chosen = arg || (collections.find((c) => c.records > 0 && !c.collection.startsWith('identity.')) || collections[0]).collection;
  const right = h('div');
  add(main, h('h1', {}, 'World'), h('div', { class: 'side' },
    h('nav', { 'aria-label': 'Collections' }, h('ul', {},
      h('li', {}, h('a', { href: link('world/differences'), 'aria-current': compares && 'page' }, 'Differences')),
      collections.map((c) => h('li', {}, h('a', { href: link('world/' + c.collection), 'aria-current': c.collection === chosen && 'page', 'data-row': true },
        c.collection, h('span', { class: 'dim' }, c.records.toLocaleString('en'))))))),
    right));
  await (compares ? differences(page, right, snapshots) : records(page, right, chosen));
}

async function records({ api, params, link, refresh }, right, name) {
  const offset = Number(params.get('offset')) || 0;
  const found = await api.get(`records/${encodeURIComponent(name)}?offset=${offset}&limit=${size}`);
  const end = offset + found.records.length;
  add(right, h('h2', {}, name), h('div', { class: 'bar' },
    h('span', { class: 'dim' }, found.total === 0 ? 'no records' : `${offset + 1} to ${end} of ${count(found.total, 'record')}`),
    offset > 0 && h('a', { href: link('world/' + name, { offset: Math.max(0, offset - size) }) }, 'previous page'),
    end < found.total && h('a', { href: link('world/' + name, { offset: end }) }, 'next page'),
    button('Refresh', refresh)));
  for (const record of found.records) add(right, h('pre', { tabindex: 0 }, JSON.stringify(record, null, 2)));
}

async function differences({ api, params, link, refresh }, right, snapshots) {
  const from = params.get('from') || '', to = params.get('to') || '';
  const found = await api.get('differences?' + new URLSearchParams({ ...(from && { from }), ...(to && { to }) }));
  const names = snapshots.map((s) => [s, s]);
  const choose = () => { location.hash = link('world/differences', { from: first.value, to: second.value }); };
  const a = select('From', { onchange: choose }, [['', 'the start'], ...names], from);
  const b = select('to', { onchange: choose }, [['', 'now'], ...names], to);
  const [first, second] = [a.querySelector('select'), b.querySelector('select')];
  const name = field('Snapshot', { placeholder: 'before' });
  add(right, h('h2', {}, 'Differences'),
    h('div', { class: 'bar' }, a, b, button('Refresh', refresh), name, button('Take', async () => {
      await api.post('snapshots', { name: name.querySelector('input').value });
      toast(`The snapshot ${name.querySelector('input').value} is taken`);
      await refresh();
    })),
    found.more && h('p', { class: 'note' }, `The first ${found.differences.length} differences.`),
    changed(found.differences));
}
