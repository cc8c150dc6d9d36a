import { api, mayAsk } from './api.js';
import { add, h, toast } from './dom.js';
import * as live from './live.js';
import * as exchange from './exchange.js';
import * as chains from './chains.js';
import * as faults from './faults.js';
import * as world from './world.js';
import * as coverage from './coverage.js';
import * as sandboxes from './sandboxes.js';

const views = { live, exchange, chains, faults, world, coverage, sandboxes };
const tabs = ['live', 'chains', 'faults', 'world', 'coverage', 'sandboxes'];
const main = document.getElementById('main');
const own = decodeURIComponent((location.pathname.match(/\/~([^/]+)\/_standin\//) || ['', ''])[1]);
let current = {}; // the view that is shown, with what the keys do there
let stop = new AbortController();

// link returns the address of a view in the sandbox that is shown.
function link(path, params) {
  const all = new URLSearchParams(params);
  const sandbox = parse().params.get('sandbox');
  if (sandbox && !all.has('sandbox')) all.set('sandbox', sandbox);
  for (const [name, value] of [...all]) if (value === '') all.delete(name);
  const query = all.toString();
  return '#/' + path + (query ? '?' + query : '');
}

function parse() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/');
  let arg = rest.join('/');
  try { arg = decodeURIComponent(arg); } catch { /* a % that is none of an escape */ }
  return { view: Object.hasOwn(views, view) ? view : 'live', arg, params: new URLSearchParams(query) };
}

let listed = '#/live'; // the list that the view of an exchange leads back to

async function show() {
  stop.abort();
  stop = new AbortController();
  mayAsk();
  const route = parse();
  const sandbox = route.params.get('sandbox') || '';
  document.getElementById('nav').replaceChildren(...tabs.map((name) =>
    h('a', { href: link(name), 'aria-current': name === route.view && 'page' }, name[0].toUpperCase() + name.slice(1))));
  document.getElementById('brand').href = link('live');
  const title = route.view + (route.arg ? ' ' + route.arg : '');
  document.title = title[0].toUpperCase() + title.slice(1) + ' · Standin';
  main.className = '';
  main.replaceChildren();
  const signal = stop.signal;
  if (route.view === 'exchange' && new URLSearchParams(listed.split('?')[1]).get('sandbox') !== route.params.get('sandbox')) listed = link('live');
  const page = { ...route, signal, link, api: api(sandbox, signal), main, refresh: show, back: listed, watch: (again) => watch(page, again) };
  current = route.view === 'exchange' ? { back: listed } : {};
  try {
    boxes(page, sandbox);
    const shown = (await views[route.view].show(page)) || {};
    if (!signal.aborted) current = { ...current, ...shown };
  } catch (e) {
    if (signal.aborted) return;
    add(main, h('p', { class: 'note', role: 'alert' }, e.message), h('p', {}, h('a', { href: route.view === 'exchange' ? listed : link('live') }, 'Back to Live')));
  }
}

// leave notes the list of exchanges, with its filter, before another view is shown.
function leave(e) {
  const { hash } = new URL(e.oldURL);
  if (/^#\/(live|\?|$)/.test(hash) || hash === '') listed = hash || '#/live';
}

// watch calls a function when something happens in the sandbox, at most once a second.
function watch({ api, signal }, again) {
  let timer;
  api.events('events?brief=true', {
    open: () => {},
    lost: (why, final) => { if (final) toast(why, true); },
    events: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!signal.aborted) again().catch(() => { /* the next event tries again */ });
      }, 1000);
    },
  }, signal);
}

// boxes fills the list of sandboxes.
async function boxes(page, chosen) {
  const list = document.getElementById('sandbox');
  const first = own || 'default';
  const fill = (names) => list.replaceChildren(...[...new Set([first, chosen || first, ...names])].map((name) =>
    h('option', { value: name === first ? '' : name, selected: name === (chosen || first) }, name)));
  fill([]);
  try {
    const all = await page.api.all('get', 'sandboxes');
    if (!page.signal.aborted) fill(all.slice(0, 500).map((s) => s.name));
  } catch { /* the view reports it */ }
}

document.getElementById('sandbox').addEventListener('focus', () => boxes({ api: api('', stop.signal), signal: stop.signal }, parse().params.get('sandbox')));
document.getElementById('sandbox').addEventListener('change', (e) => {
  const { view, params } = parse();
  params.set('sandbox', e.target.value);
  location.hash = link(view === 'exchange' ? 'live' : view, params);
});

// The theme is that of the system until it is switched.
const dark = matchMedia('(prefers-color-scheme: dark)');
const stored = () => { try { return localStorage.getItem('standin-theme'); } catch { return null; } };
function paint() { document.documentElement.dataset.theme = stored() || (dark.matches ? 'dark' : 'light'); }
dark.addEventListener('change', paint);
document.getElementById('theme').addEventListener('click', () => {
  try { localStorage.setItem('standin-theme', document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'); } catch { /* private mode */ }
  paint();
});
paint();

const keys = document.getElementById('keys');
document.getElementById('help').addEventListener('click', () => keys.showModal());

// move focuses the next or the previous row.
function move(by) {
  if (current.move) return current.move(by);
  const rows = [...main.querySelectorAll('[data-row]')];
  const at = rows.indexOf(document.activeElement.closest('[data-row]'));
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

document.addEventListener('keydown', (e) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);
  if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector('dialog[open]')) return;
  if (e.key === 'Escape') {
    if (typing) {
      e.target.blur();
      e.preventDefault(); // a browser would empty a field for searches
    } else if (current.back) location.hash = current.back;
    return;
  }
  if (typing) return;
  switch (e.key) {
    case 'j': move(1); break;
    case 'k': move(-1); break;
    case 'Enter': if (e.target === document.body || e.target === main || e.target.matches('.scroll')) current.open?.(); return;
    case '/': main.querySelector('input')?.focus(); break;
    case '?': keys.showModal(); break;
    default: return;
  }
  e.preventDefault();
});

addEventListener('hashchange', (e) => { leave(e); show(); });
document.getElementById('skip').addEventListener('click', (e) => { e.preventDefault(); main.focus(); });
addEventListener('unhandledrejection', (e) => {
  e.preventDefault();
  if (e.reason?.name !== 'AbortError') toast(e.reason?.message || String(e.reason), true);
});
show();
