import { add, button, clock, count, field, h, ms, statusClass, toast } from './dom.js';

const kept = 1000; // rows
const height = 28; // of a row in pixels, as in the style
const filters = ['operation', 'status', 'path'], rare = ['method', 'fault', 'ended', 'trace'];
const hints = { operation: 'freezer.*', status: '5xx', method: 'POST', path: '/v1/*', fault: '*', ended: 'cut', trace: '32 hex digits' };
const columns = [
  ['Time', 'time'], ['No.', 'num'], ['Method', 'method'], ['Path', 'path'], ['Operation', 'op'], ['Status', 'status'],
  ['Caller', 'who'], ['Fault', 'fault'], ['Attempt', 'try'], ['Took', 'took'],
];

export async function show(page) {
  const { main, params, link } = page;
  main.className = 'fixed';
  let rows = []; // the newest is the last
  let known = new Map(); // sequence → row, of rows
  let missed = 0, paused = false, waiting = 0, selected = 0, problem = '', stop = new AbortController();
  page.signal.addEventListener('abort', () => stop.abort());

  const state = h('span', { class: 'dim', role: 'status' });
  const gaps = h('p', { class: 'note', role: 'alert', hidden: true });
  const pause = button('Pause', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', paused);
    pause.textContent = paused ? 'Resume' : 'Pause';
    if (!paused) { waiting = 0; restart(); } else report();
  }, { 'aria-pressed': 'false' });
  const input = (name) => field(name, {
    type: 'search', name, value: params.get(name) || '', placeholder: hints[name], autocomplete: 'off', onchange: filter, onsearch: filter,
  });
  const more = h('details', { open: rare.some((name) => params.has(name)) }, h('summary', {}, 'More filters'), h('div', { class: 'bar' }, rare.map(input)));
  const body = h('tbody');
  const head = h('tr', {}, columns.map(([text, name]) => h('th', { scope: 'col', class: `w-${name} c-${name}` }, text)));
  const list = h('table', { class: 'rows', 'aria-label': 'Exchanges, newest first' }, h('thead', {}, head), body);
  const scroll = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Exchanges', onscroll: () => draw() }, list);
  const clear = button('Clear', async () => { await page.api.del('requests'); }, { title: 'Empty the journal of the sandbox' });
  const form = h('form', { class: 'bar', role: 'search', onsubmit: (e) => { e.preventDefault(); filter(); } },
    filters.map(input), pause, clear, state, more, h('button', { hidden: true }));
  add(main, h('h1', { class: 'unseen' }, 'Live'), form, gaps, scroll);

  function query() {
    const all = new URLSearchParams();
    for (const input of form.querySelectorAll('input')) if (input.value.trim()) all.set(input.name, input.value.trim());
    return all;
  }

  function filter() {
    const wanted = query();
    const was = location.hash;
    history.replaceState(null, '', link('live', wanted));
    if (location.hash !== was) restart();
  }

  function report() {
    state.className = problem ? 'bad' : 'dim';
    state.textContent = problem ? problem : paused ? `paused, ${waiting} new` : count(rows.length, 'exchange') + (rows.length === kept ? ', older ones are not shown' : '');
    gaps.hidden = missed === 0;
    gaps.textContent = `${count(missed, 'event')} came faster than this page could read, and are missing from the list.`;
  }

  function put(entry) {
    const old = known.get(entry.sequence);
    if (old) {
      Object.assign(old, entry);
      return 0;
    }
    known.set(entry.sequence, entry);
    return rows.push(entry) && 1;
  }

  function trim() {
    if (rows.length <= kept) return;
    for (const gone of rows.splice(0, rows.length - kept)) known.delete(gone.sequence);
  }

  async function fetchAll() {
    const q = query();
    q.set('brief', 'true');
    q.set('newest', kept);
    const found = await page.api.get('requests?' + q);
    rows = [];
    known = new Map();
    for (const entry of found.requests) if (entry.ended !== 'open') put(entry);
    rows.sort((a, b) => a.sequence - b.sequence);
    draw();
  }

  function restart() {
    stop.abort();
    stop = new AbortController();
    const q = query();
    q.set('brief', 'true');
    missed = 0;
    follow(page.api, 'events?' + q, stop.signal);
  }

  function follow(api, path, signal) {
    // Batches are drawn four times a second, however many come.
    let queue = [], timer;
    const flush = () => {
      timer = undefined;
      if (signal.aborted || page.signal.aborted) return;
      const top = scroll.scrollTop;
      let fresh = false, added = 0;
      for (const { kind, data } of queue) {
        if (kind === 'exchange') added += put(data);
        else if (kind === 'missed') missed += parseInt(data.what, 10) || 1;
        else if (['reset', 'scenario', 'reload'].includes(kind)) fresh = true;
      }
      queue = [];
      trim();
      if (top > 0) scroll.scrollTop = top + added * height; // what is read stays where it is
      if (fresh) fetchAll().catch((e) => toast(e.message, true));
      else draw();
    };
    api.events(path, {
      open: () => { problem = ''; return fetchAll(); },
      lost: (why) => { problem = why; report(); },
      events: (batch) => {
        if (signal.aborted) return;
        if (paused) {
          waiting += batch.filter((e) => e.kind === 'exchange').length;
          return report();
        }
        queue.push(...batch);
        if (queue.length > 2 * kept) { // only the newest are kept anyway
          const notes = queue.slice(0, -kept).filter((e) => e.kind !== 'exchange');
          queue = [...notes, ...queue.slice(-kept)];
        }
        timer ??= setTimeout(flush, 250);
      },
    }, signal);
  }

  // draw makes the rows that can be seen. The others are two gaps of their height.
  function draw() {
    const first = Math.max(0, Math.floor(scroll.scrollTop / height) - 5);
    const last = Math.min(rows.length, first + Math.ceil(scroll.clientHeight / height) + 10);
    const focused = body.contains(document.activeElement);
    const gap = (n) => n > 0 && h('tr', { 'aria-hidden': 'true' }, tall(h('td', { class: 'gap', colspan: columns.length }), n * height));
    const shown = [];
    for (let i = first; i < last; i++) shown.push(line(rows[rows.length - 1 - i], i));
    if (rows.length === 0) shown.push(h('tr', {}, h('td', { colspan: columns.length, class: 'dim' }, 'No exchanges yet. Send a request, or change the filter.')));
    list.setAttribute('aria-rowcount', rows.length);
    body.replaceChildren(...[gap(first), ...shown, gap(rows.length - last)].filter(Boolean));
    if (focused) body.querySelector('.selected')?.focus({ preventScroll: true });
    report();
  }

  function line(e, i) {
    const open = () => { location.hash = link('exchange/' + e.sequence); };
    const fault = (e.faults || []).filter((f) => f.fired).map((f) => f.rule).join(', ');
    const status = e.reply ? e.reply.status : e.ended;
    const cells = [
      time(e), e.sequence, e.request.method, e.request.path + (e.request.query ? '?' + e.request.query : ''), e.operation || 'none',
      status, e.caller || '', fault, e.attempt > 1 ? e.attempt : '', ms(e.took_ns / 1e6),
    ];
    const tr = h('tr', {
      'data-row': true, class: e.sequence === selected && 'selected', tabindex: -1, 'aria-rowindex': i + 1, onclick: open,
      onkeydown: (k) => { if (k.key === 'Enter') open(); },
    }, cells.map((text, c) => h('td', { class: `c-${columns[c][1]}` }, text)));
    const at = tr.children[5];
    at.classList.add(e.violation ? 'bad' : statusClass(e.reply?.status));
    if (e.ended !== 'answered') at.title = 'ended: ' + e.ended;
    if (fault) tr.children[7].classList.add('warn');
    tr.children[3].replaceChildren(h('a', { href: link('exchange/' + e.sequence), tabindex: -1 }, cells[3]));
    return tr;
  }

  function move(by) {
    let i = rows.length - 1 - rows.findIndex((r) => r.sequence === selected);
    i = i >= rows.length ? 0 : Math.max(0, Math.min(rows.length - 1, i + by));
    if (!rows.length) return;
    selected = rows[rows.length - 1 - i].sequence;
    const top = i * height;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (top + 3 * height > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + 3 * height - scroll.clientHeight;
    draw();
    body.querySelector('.selected')?.focus({ preventScroll: true });
  }

  const resized = new ResizeObserver(() => draw());
  resized.observe(scroll);
  page.signal.addEventListener('abort', () => resized.disconnect());
  restart();
  return { move };
}

function time(e) {
  const [seconds, rest] = clock(e.began);
  return [seconds, h('span', { class: 'c-rest' }, rest)];
}

function tall(element, pixels) {
  element.style.height = pixels + 'px';
  return element;
}
