import { add, field, h, table } from './dom.js';

export async function show(page) {
  const { main, api, link, params } = page;
  const place = h('div'), summary = h('p');
  const search = field('Operation', { type: 'text', value: params.get('operation') || '', autocomplete: 'off', spellcheck: 'false', oninput: () => draw(true) });
  const all = (await api.all('get', 'operations')).filter((o) => o.service !== 'control');
  let cells = new Map();
  const again = async () => {
    const report = await api.get('reports/coverage');
    cells = new Map();
    for (const c of report.cells) cells.set(c.operation, [...(cells.get(c.operation) || []), c]);
    const { used_operations: used, cells: number, provoked, injected, never } = report.summary;
    summary.textContent = `${report.sandbox ? 'In the sandbox ' + report.sandbox : 'In all sandboxes, since Standin started'}: ${used} of ${all.length} operations were used. ` +
      `Of their ${number} documented answers, the service gave ${provoked}, fault rules gave ${injected}, and ${never} were never met.`;
    draw(false);
  };
  add(main, h('h1', {}, 'Coverage'), summary, h('div', { class: 'bar' }, search), place);

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
  await again();
  page.watch(again);
}
