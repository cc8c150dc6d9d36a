import { add, button, field, h, table } from './dom.js';

export async function show(page) {
  const { main, api, link, params } = page;
  const [report, operations] = await Promise.all([api.get('reports/coverage'), api.all('get', 'operations')]);
  const cells = new Map();
  for (const c of report.cells) cells.set(c.operation, [...(cells.get(c.operation) || []), c]);
  const all = operations.filter((o) => o.service !== 'control');
  const place = h('div');
  const search = field('Operation', { type: 'search', value: params.get('operation') || '', autocomplete: 'off', oninput: () => draw(true) });
  const { used_operations: used, cells: number, provoked, injected, never } = report.summary;
  add(main, h('h1', {}, 'Coverage'),
    h('p', { class: 'dim' }, report.sandbox ? 'Of the sandbox ' + report.sandbox : 'Of all sandboxes, since Standin started'),
    h('p', {}, `${used} of ${all.length} operations were used. Of their ${number} documented answers, the service gave ${provoked}, fault rules gave ${injected}, and ${never} were never met.`),
    h('div', { class: 'bar' }, search, button('Refresh', page.refresh)), place);

  function draw(typed) {
    const text = search.querySelector('input').value.trim();
    if (typed) history.replaceState(null, '', link('coverage', { operation: text }));
    const shown = all.filter((o) => o.operation.includes(text)).sort((a, b) => cells.has(b.operation) - cells.has(a.operation));
    place.replaceChildren(table(['Operation', 'Answers'], shown.map((o) => h('tr', {},
      h('td', {}, h('a', { href: link('live', { operation: o.operation }) }, o.operation), h('div', { class: 'dim' }, `${o.method} ${o.path}`)),
      h('td', {}, h('div', { class: 'chips' }, (cells.get(o.operation) || o.statuses.map((s) => ({ answer: String(s.status), provoked: 0, injected: 0, documented: true }))).map((c) => chip(o, c))))))));
  }

  function chip(o, c) {
    const met = c.provoked + c.injected;
    const tone = c.provoked ? 'good' : c.injected ? 'warn' : '';
    const title = (c.documented ? '' : 'not in the contract; ') + (met ? `from the service ${c.provoked}, from rules ${c.injected}` : 'never met');
    const text = c.answer + (met ? ' × ' + met : '') + (c.documented ? '' : ' (undocumented)');
    return met
      ? h('a', { class: 'chip ' + tone, title, href: link('live', { operation: o.operation, status: c.answer.split('/')[0] }) }, text)
      : h('span', { class: 'chip', title }, text);
  }
  draw(false);
}
