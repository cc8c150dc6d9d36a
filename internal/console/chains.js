import { add, h, ms, row, statusClass, statusText, svg, table } from './dom.js';

const most = 100; // chains, and attempts of each, that are shown

export async function show(page) {
  const { main, api, link } = page;
  const place = h('div');
  add(main, h('h1', {}, 'Chains'),
    h('p', { class: 'dim' }, 'A chain is one request with its repetitions after failures. A bar is an attempt. A dashed line is the end of the time that Retry-After gave.'), place);
  let drawn = [];
  const draw = () => { for (const [at, c] of drawn) at.replaceChildren(axis(c, at.clientWidth || 600)); };
  const again = async () => {
    const [all, report] = await Promise.all([api.get('chains?newest=' + most), api.get('reports/retries')]);
    const made = [];
    place.replaceChildren();
    add(place, all.evicted > 0 && h('p', { class: 'note' }, `${all.evicted} exchanges were evicted from the journal. Attempts may be missing.`),
      verdicts(report.rules, link), h('h2', {}, 'Attempts'),
      all.chains.length === 0 && h('p', { class: 'dim' }, 'No request was sent again.'),
      all.chains.length === most && h('p', { class: 'note' }, `The newest ${most} chains.`),
      all.chains.reverse().map((c) => chain(c, report.rules, link, made)));
    drawn = made;
    draw();
  };
  const resized = new ResizeObserver(draw);
  resized.observe(main);
  page.signal.addEventListener('abort', () => resized.disconnect());
  await again();
  page.watch(again);
}

function chain(c, rules, link, drawn) {
  const numbers = new Set(c.attempts.map((a) => a.sequence));
  const failed = found(rules, (x) => x.entries.some((n) => numbers.has(n)));
  const left = c.attempts.length - most;
  const shown = { ...c, attempts: c.attempts.slice(0, most) };
  const at = h('div');
  drawn.push([at, shown]);
  return h('section', { class: 'chain', 'aria-label': c.operation }, h('strong', {}, c.operation), h('span', { class: 'dim' }, c.caller ? '  ' + c.caller : ''),
    at, list(shown, link), left > 0 && h('p', { class: 'note' }, `${left} more attempts.`),
    failed.map(([r, x]) => noted(r, x)));
}

// found returns what rules found, as pairs of the rule and the place that fits.
export const found = (rules, fits) => rules.flatMap((r) => (r.chains || []).filter(fits).map((c) => [r, c]));

// noted says what a rule found.
export const noted = (rule, place, ...more) => h('p', { class: 'note' }, h('strong', {}, `${rule.id} ${rule.verdict}: `), place.why, more);

function verdicts(rules, link) {
  const tone = { passed: 'good', failed: 'bad', warning: 'warn' };
  const untested = rules.filter((r) => r.verdict === 'not-tested');
  const tested = rules.filter((r) => r.verdict !== 'not-tested');
  const shown = found(rules, () => true).slice(0, most);
  return [h('h2', {}, 'Rules'),
    h('div', { class: 'chips' }, tested.map((r) => h('span', { class: 'chip ' + tone[r.verdict], title: r.norm }, `${r.id}: ${r.verdict}`))),
    untested.length > 0 && h('p', { class: 'dim' }, `Not tested, since the situation did not come: ${untested.map((r) => r.id).join(', ')}.`),
    shown.length > 0 && table(['Rule', 'Requests', 'What was wrong'], shown.map(([r, c]) =>
      h('tr', {}, h('td', { class: tone[r.verdict] }, r.id),
        h('td', {}, h('a', { href: link('exchange/' + c.entries[0]) }, `${c.operation} ${c.entries.slice(0, 10).join(', ')}${c.entries.length > 10 ? '…' : ''}`)), h('td', {}, c.why))))];
}

// times returns the times of an attempt in milliseconds from the beginning of the chain.
function times(c) {
  const zero = Date.parse(c.attempts[0].began);
  let end = 0;
  return c.attempts.map((a, i) => {
    // The pause is more exact than the difference of two times, which have milliseconds in JavaScript.
    const from = i > 0 && a.pause_ms !== undefined ? end + a.pause_ms : Math.max(end, Date.parse(a.began) - zero);
    end = from + (a.took_ns || 0) / 1e6;
    return { from, end, deadline: a.retry_after_ms === undefined ? undefined : end + a.retry_after_ms };
  });
}

function axis(c, width) {
  const at = times(c);
  const last = Math.max(...at.map((t) => Math.max(t.end, t.deadline || 0)), 1);
  const x = (time) => 4 + (time / last) * (width - 70);
  const picture = svg('svg', { viewBox: `0 0 ${width} 88`, role: 'img', 'aria-label': c.attempts.length + ' attempts at ' + c.operation },
    svg('line', { class: 'axis', x1: 0, x2: width, y1: 48, y2: 48 }));
  let labelled = -100;
  c.attempts.forEach((a, i) => {
    const t = at[i];
    picture.append(svg('rect', { class: statusClass(a.status, a.ended) === 'good' ? 'bar-good' : 'bar-bad', x: x(t.from), y: 20, width: Math.max(4, x(t.end) - x(t.from)), height: 28 },
      svg('title', {}, `${a.sequence}: ${a.status || a.ended}, took ${ms(a.took_ns / 1e6)}`)));
    if (x(t.from) - labelled > 62) picture.append(svg('text', { x: labelled = x(t.from), y: 14 }, `${a.sequence} ${a.status || a.ended}`));
    if (i > 0) {
      const from = x(at[i - 1].end), to = x(t.from);
      if (to - from > 60) picture.append(svg('text', { x: (from + to) / 2, y: 62, 'text-anchor': 'middle' }, ms(a.pause_ms)));
    }
    if (t.deadline !== undefined) {
      picture.append(svg('line', { class: 'deadline', x1: x(t.deadline), x2: x(t.deadline), y1: 16, y2: 52 }),
        i === c.attempts.length - 1 || x(at[i + 1].deadline ?? 1e9) - x(t.deadline) > 70
          ? svg('text', { class: 'until', x: Math.min(x(t.deadline), width - 66), y: 78, 'text-anchor': 'middle' }, ms(t.deadline)) : '');
    }
  });
  return picture;
}

function list(c, link) {
  return table(['Request', 'Status', 'Pause before', 'Retry-After'], c.attempts.map((a, i) => {
    const asked = i > 0 ? c.attempts[i - 1].retry_after_ms : undefined;
    const early = asked !== undefined && a.pause_ms < asked;
    return row(() => { location.hash = link('exchange/' + a.sequence); },
      h('a', { href: link('exchange/' + a.sequence) }, String(a.sequence)),
      h('td', { class: statusClass(a.status, a.ended) }, statusText(a.status, a.ended)),
      h('td', { class: early ? 'bad' : '' }, ms(a.pause_ms) + (early ? `, ${ms(asked - a.pause_ms)} before the deadline` : '')),
      ms(a.retry_after_ms));
  }));
}
