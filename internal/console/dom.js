// Elements are made here, and texts become text nodes: nothing that a client sent is ever read as HTML.

function build(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  return add(element, ...children);
}

// add appends children, which may be in lists. It leaves out undefined, null, false and ''.
export function add(element, ...children) {
  element.append(...children.flat(Infinity).filter((c) => c || c === 0));
  return element;
}

export const h = (tag, props, ...children) => build(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) => build(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);

export const button = (text, onclick, props) => h('button', { type: 'button', onclick, ...props }, text);

export const field = (label, props) => h('label', {}, label, ' ', h('input', props));

export const select = (label, props, options, chosen) =>
  h('label', {}, label, ' ', h('select', props, options.map(([value, text]) => h('option', { value, selected: value === chosen }, text))));

// table is a list of records. On a narrow window, each cell is a line with the text of its head.
export function table(head, rows) {
  for (const r of rows) [...r.cells].forEach((cell, i) => { cell.dataset.label = head[i]; });
  return h('table', { class: 'list' }, h('thead', {}, h('tr', {}, head.map((t) => (t ? h('th', { scope: 'col' }, t) : h('td'))))), h('tbody', {}, rows));
}

// row is a row of a table that a click, Enter or the keys j and k reach.
export const row = (open, ...cells) =>
  h('tr', { 'data-row': true, tabindex: 0, onclick: (e) => { if (!e.target.closest('a, button')) open(e); }, onkeydown: (e) => { if (e.key === 'Enter' && e.target === e.currentTarget) open(e); } },
    cells.map((c) => (c instanceof HTMLTableCellElement ? c : h('td', {}, c))));

export function toast(text, bad) {
  const box = h('div', { class: bad ? 'bad' : undefined }, text);
  document.getElementById('toasts').append(box);
  setTimeout(() => box.remove(), bad ? 8000 : 4000);
}

// clock returns the local time of day, and its milliseconds.
export function clock(time) {
  const d = new Date(time);
  return [d.toLocaleTimeString('en-GB'), '.' + String(d.getMilliseconds()).padStart(3, '0')];
}

export function ms(value) {
  if (value === undefined || value === null) return '';
  if (value < 10) return value.toFixed(value < 1 ? 2 : 1) + ' ms';
  return Math.round(value).toLocaleString('en') + ' ms';
}

export const count = (n, one) => n.toLocaleString('en') + ' ' + one + (n === 1 ? '' : 's');

// pretty returns JSON with line breaks, and any other text as it is. Numbers and members stay as they were sent.
export function pretty(text) {
  try { JSON.parse(text); } catch { return text; }
  const line = (depth) => '\n' + '  '.repeat(depth);
  let out = '', depth = 0, opened = false; // opened: the last token was { or [
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (opened !== closes) out += line(depth);
    out += token === ':' ? ': ' : token;
    if (token === ',') out += line(depth);
    opened = token === '{' || token === '[';
    if (opened) depth++;
  }
  return out;
}

// statusText returns the status of an exchange, and how it ended if the reply was not sent whole.
export const statusText = (status, ended) => [status, ended !== 'answered' && ended].filter(Boolean).join(' ');

// statusClass returns the class for the colour of statusText. No whole reply is a failure.
export const statusClass = (status, ended) => (ended !== 'answered' || !status || status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good');

// pairs is a list of names with values. It leaves out those without a value.
export const pairs = (list) => h('dl', {}, list.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));

// copied copies a text if the browser lets pages do so, and shows it in any case.
export async function copied(text, into, what) {
  into.replaceChildren(h('pre', { tabindex: 0 }, text));
  try {
    await navigator.clipboard.writeText(text);
    toast(what + ' is copied');
  } catch {
    toast(what + ' is shown below; the browser does not let this page copy');
  }
}
