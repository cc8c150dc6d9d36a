import { add, button, clock, count, field, h, ms, statusClass, statusText, toast } from './dom.js';

const kept = 1000; // rows
const height = 28; // of a row in pixels, as in the style
const filters = ['operation', 'status', 'path'], rare = ['method', 'fault', 'ended', 'trace'];
const hints = { operation: 'freezer.*', status: '5xx', method: 'POST', path: '/v1/*', fault: '*', ended: 'cut', trace: '32 hex digits' };
const columns = [
  ['Time', 'time'], ['No.', 'num'], ['Method', 'method'], ['Path', 'path'], ['Operation', 'op'], ['Status', 'status'],
  ['Caller', 'caller'], ['Fault', 'fault'], ['Attempt', 'try'], ['Took', 'took'],
];

let remembered = 0; // the exchange that was selected last

export async function show(page) {
  const { main, params, link } = page;
  main.className = 'fixed';
  let rows = []; // by sequence; the newest is the last
  let known = new Map(); // sequence → row, of rows
  let missed = false, paused = false, waiting = 0, selected = remembered, problem = '', placed = false, stop = new AbortController();
  page.signal.addEventListener('abort', () => stop.abort());

  const state = h('span', { class: 'dim', role: 'status' });
  const gaps = h('p', { class: 'note', role: 'alert', hidden: true }, 'Events came faster than this page could read them. Some exchanges may be missing from the list.');
  const pause = button('Pause', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', paused);
    pause.textContent = paused ? 'Resume' : 'Pause';
    waiting = 0;
    if (paused) report();
    else restart();
  }, { 'aria-pressed': 'false' });
  const input = (name) => field(name, {
    type: 'text', name, value: params.get(name) || '', placeholder: hints[name], autocomplete: 'off', spellcheck: 'false', onchange: filter,
  });
  const more = h('details', { open: rare.some((name) => params.has(name)) }, h('summary', {}, 'More filters'), h('div', { class: 'bar' }, rare.map(input)));
  const clear = button('Clear', async () => {
    if (confirm('Empty the journal of the sandbox? Its exchanges are gone then.')) await page.api.del('requests');
  });
  const body = h('tbody');
  const above = h('td', { class: 'gap', colspan: columns.length }), below = h('td', { class: 'gap', colspan: columns.length });
  const edges = [h('tr', { 'aria-hidden': 'true' }, above), h('tr', { 'aria-hidden': 'true' }, below)];
  const nothing = h('tr', {}, h('td', { colspan: columns.length, class: 'dim' }, 'No exchanges yet. Send a request, or change the filter.'));
  const head = h('tr', {}, columns.map(([text, name]) => h('th', { scope: 'col', class: `w-${name} c-${name}` }, text)));
  const list = h('table', { class: 'rows', 'aria-label': 'Exchanges, newest first' }, h('thead', {}, head), body);
  const scroll = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Exchanges', onscroll: () => draw() }, list);
  const submit = (e) => {
    e.preventDefault();
    filter();
    scroll.focus(); // so that j and k reach the rows
  };
  const form = h('form', { class: 'bar', role: 'search', onsubmit: submit }, filters.map(input), pause, clear, state, more, h('button', { hidden: true }));
  add(main, h('h1', { class: 'unseen' }, 'Live'), form, gaps, scroll);

  function query() {
    const all = new URLSearchParams();
    for (const input of form.querySelectorAll('input')) if (input.value.trim()) all.set(input.name, input.value.trim());
    return all;
  }

  function filter() {
    const was = location.hash;
    history.replaceState(null, '', link('live', query()));
    if (location.hash !== was) restart();
  }

  function report() {
    state.className = problem ? 'bad' : 'dim';
    state.textContent = problem || (paused ? `paused, ${waiting} new` : count(rows.length, 'exchange') + (rows.length === kept ? ', older ones are not shown' : ''));
    gaps.hidden = !missed;
  }

  // put adds an entry in the order of sequences. Exchanges end in nearly this order. It returns how many rows it added.
  function put(entry) {
    const old = known.get(entry.sequence);
    if (old) {
      old.entry = entry;
      old.tr = undefined;
      return 0;
    }
    if (rows.length === kept && entry.sequence < rows[0].entry.sequence) return 0;
    const row = { entry };
    known.set(entry.sequence, row);
    let at = rows.length;
    while (at > 0 && rows[at - 1].entry.sequence > entry.sequence) at--;
    rows.splice(at, 0, row);
    return 1;
  }

  function trim() {
    if (rows.length > kept) for (const gone of rows.splice(0, rows.length - kept)) known.delete(gone.entry.sequence);
  }

  async function fetchAll(signal) {
    const q = query();
    q.set('brief', 'true');
    q.set('newest', kept);
    const found = await page.api.get('requests?' + q, signal);
    if (signal.aborted) return;
    rows = rows.filter((r) => r.fresh === signal); // they ended meanwhile
    known = new Map(rows.map((r) => [r.entry.sequence, r]));
    missed = false;
    for (const entry of found.requests) if (entry.ended !== 'open') put(entry);
    trim();
    if (!placed) { // back from an exchange, the list is where it was
      placed = true;
      const at = rows.findIndex((r) => r.entry.sequence === selected);
      draw();
      if (at >= 0) scroll.scrollTop = Math.max(0, (rows.length - at) * height - scroll.clientHeight / 2);
    }
    draw();
  }

  function restart() {
    stop.abort();
    stop = new AbortController();
    follow(stop.signal);
  }

  function follow(signal) {
    const q = query();
    q.set('brief', 'true');
    // Batches are drawn four times a second, however many come.
    let queue = [], timer;
    const flush = () => {
      timer = undefined;
      if (signal.aborted) return;
      const top = scroll.scrollTop;
      let again = false, added = 0;
      for (const { kind, data } of queue) {
        if (kind === 'exchange' || kind === 'amended') {
          added += put(data);
          const row = known.get(data.sequence);
          if (row) row.fresh = signal;
        } else if (kind === 'missed') {
          missed = again = true;
        } else if (['reset', 'scenario', 'reload'].includes(kind)) {
          rows = [];
          known = new Map();
          again = true;
        }
      }
      queue = [];
      trim();
      if (top > 0) scroll.scrollTop = top + added * height; // what is read stays where it is
      draw();
      if (again) fetchAll(signal).catch(fail);
    };
    const fail = (e) => { if (!signal.aborted) toast(e.message, true); };
    page.api.events('events?' + q, {
      open: () => {
        problem = '';
        for (const r of rows) r.fresh = undefined;
        return paused ? report() : fetchAll(signal);
      },
      lost: (why, final) => {
        problem = why;
        if (final) {
          rows = [];
          known = new Map();
          draw();
        }
        report();
      },
      events: (batch) => {
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

  // draw makes the rows that can be seen. The others are two gaps of their height. Rows stay where they are in the document, so
  // that a click or a selection is not lost when others come.
  function draw() {
    const first = Math.max(0, Math.floor(scroll.scrollTop / height) - 5);
    const last = Math.min(rows.length, first + Math.ceil(scroll.clientHeight / height) + 10);
    above.style.height = first * height + 'px';
    below.style.height = (rows.length - last) * height + 'px';
    const wanted = [edges[0]];
    for (let i = first; i < last; i++) {
      const row = rows[rows.length - 1 - i];
      row.tr ??= line(row.entry);
      row.tr.setAttribute('aria-rowindex', i + 1);
      row.tr.classList.toggle('selected', row.entry.sequence === selected);
      wanted.push(row.tr);
    }
    if (rows.length === 0) wanted.push(nothing);
    wanted.push(edges[1]);
    const focused = body.contains(document.activeElement);
    const stays = new Set(wanted);
    for (const tr of [...body.children]) if (!stays.has(tr)) tr.remove();
    wanted.forEach((tr, i) => { if (body.children[i] !== tr) body.insertBefore(tr, body.children[i] || null); });
    if (focused && !body.contains(document.activeElement)) body.querySelector('.selected')?.focus({ preventScroll: true });
    list.setAttribute('aria-rowcount', rows.length);
    report();
  }

  function line(e) {
    const address = link('exchange/' + e.sequence);
    const open = () => {
      remembered = e.sequence;
      location.hash = address;
    };
    const fault = (e.faults || []).filter((f) => f.fired).map((f) => f.rule).join(', ');
    const cells = [
      time(e), e.sequence, e.request.method, h('a', { href: address, tabindex: -1 }, e.request.path + (e.request.query ? '?' + e.request.query : '')),
      e.operation || 'none', statusText(e.reply?.status, e.ended), e.caller || '', fault, e.attempt > 1 ? e.attempt : '', ms(e.took_ns / 1e6),
    ];
    const tr = h('tr', {
      'data-row': true, tabindex: -1, onclick: (c) => { if (!c.target.closest('a') && !getSelection().toString()) open(); },
      onkeydown: (k) => { if (k.key === 'Enter') open(); }, onfocus: () => { selected = remembered = e.sequence; },
    }, cells.map((text, c) => h('td', { class: `c-${columns[c][1]}` }, text)));
    tr.children[5].classList.add(e.violation ? 'bad' : statusClass(e.reply?.status, e.ended));
    if (fault) {
      tr.children[7].classList.add('warn');
      tr.children[7].title = fault;
    }
    return tr;
  }

  function move(by) {
    if (!rows.length) return;
    const at = rows.findIndex((r) => r.entry.sequence === selected);
    const i = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, rows.length - 1 - at + by));
    selected = rows[rows.length - 1 - i].entry.sequence;
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
  return { move, open: () => { if (rows.some((r) => r.entry.sequence === selected)) location.hash = link('exchange/' + selected); } };
}

function time(e) {
  const [seconds, rest] = clock(e.began);
  return [seconds, h('span', { class: 'c-rest' }, rest)];
}
