// What can be made to fail, and how it is armed.
import { field, toast } from './dom.js';

const others = { 429: 'Too Many Requests', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout' };

// failures returns what can happen at an operation: its documented failures, other statuses, and what can happen to the connection.
export function failures(o) {
  const where = { operation: o.operation };
  const list = o.statuses.filter((s) => s.fault).map((s) => ({ name: s.fault, what: `${s.status} ${s.reason}`, about: s.description, rule: { use: s.fault } }));
  const known = new Set(o.statuses.map((s) => s.status));
  for (const [status, reason] of Object.entries(others)) {
    if (!known.has(Number(status))) {
      list.push({ name: `${o.operation} ${status}`, what: `${status} ${reason}`, about: 'The contract does not have this status.', rule: { where, what: { status: Number(status) } } });
    }
  }
  const wire = (what, about, rule) => list.push({ name: `${o.operation} ${what}`, what, about, rule: { where, ...rule } });
  wire('lost reply', 'The request is carried out, then the connection is reset.', { phase: 'after', what: { connection: 'reset' } });
  wire('reset', 'The connection is reset, and nothing is done.', { what: { connection: 'reset' } });
  wire('half answer', 'The request is carried out, and the reply ends after half of its body.', { phase: 'after', what: { connection: 'truncate' } });
  wire('slow', 'The reply comes after 5 s.', { what: { delay: '5s' } });
  return list;
}

// details are the fields for how often a failure happens, and for its Retry-After.
export function details() {
  const times = field('Times', { type: 'number', min: 0, value: '1', title: '0: no limit' });
  const retry = field('Retry-After', { placeholder: '2s', title: 'A duration; empty: the documented header, or none', autocomplete: 'off' });
  const value = (label) => label.querySelector('input').value.trim();
  const apply = (rule) => {
    const made = structuredClone(rule);
    if (value(times) !== '1') made.when = { ...made.when, times: Number(value(times)) };
    if (value(retry)) made.what = { ...made.what, retry_after: value(retry) };
    return made;
  };
  return { fields: [times, retry], apply };
}

// arm arms a failure. If its name is taken, it gets another.
export async function arm(api, { name, rule }) {
  const taken = new Set((await api.get('faults')).map((r) => r.name));
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name} ${i}`;
  const [made] = await api.post('faults', { ...rule, name: free });
  toast(`Armed: ${made.name}`);
}
