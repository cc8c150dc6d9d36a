// The control API. Its address is relative to this file, so that the page works after any prefix.
const base = new URL('../', import.meta.url);
const key = 'standin-token';
let asking; // while the dialog for the token is open
let declined = false; // the dialog was closed without a token

// mayAsk makes calls ask for the token again, although somebody gave none.
export function mayAsk() { declined = false; }

export class Refused extends Error {
  constructor(status, problem, text) {
    super((problem && (problem.detail || problem.title)) || text || 'status ' + status);
    this.status = status;
  }
}

// askForToken asks once, however many calls need the token. Without an answer, the calls are refused.
function askForToken(wrong) {
  asking ??= new Promise((done) => {
    const dialog = document.getElementById('token');
    const input = document.getElementById('token-value');
    document.getElementById('token-wrong').textContent = wrong ? 'Standin does not accept this token.' : '';
    input.value = '';
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      const given = dialog.returnValue === 'continue' ? input.value : '';
      if (given) sessionStorage.setItem(key, given);
      declined = !given;
      input.value = '';
      asking = undefined;
      done(given !== '');
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

async function send(url, options) {
  for (;;) {
    const token = sessionStorage.getItem(key);
    const headers = { ...options.headers, ...(token && /^[\x21-\xff]*$/.test(token) ? { Authorization: 'Bearer ' + token } : {}) };
    let response;
    try {
      response = await fetch(url, { ...options, headers });
    } catch (e) {
      throw e.name === 'AbortError' ? e : new Error('Standin does not answer.');
    }
    if (response.status !== 401) return response;
    if (token === sessionStorage.getItem(key) && (declined || !await askForToken(token !== null))) return response;
  }
}

async function refusal(response) {
  const text = await response.text();
  let problem;
  try { problem = JSON.parse(text); } catch { /* not a problem document */ }
  return new Refused(response.status, problem, text);
}

// api returns the calls for a sandbox; an empty name is the sandbox of the page's own address.
export function api(sandbox, signal) {
  // The path may have a text of the address of the page. It must not lead out of the control API, since calls carry the token.
  const url = (path) => {
    const to = new URL((sandbox ? 'sandboxes/' + encodeURIComponent(sandbox) + '/' : '') + path, base);
    if (/^\.{1,2}$/.test(sandbox) || !to.href.startsWith(base.href) || path.split('?')[0].split('/').includes('..')) throw new Error('This is no address of a view.');
    return to;
  };
  const call = async (method, path, body, own) => {
    const response = await send(url(path), {
      method, signal: own || signal, headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    if (!response.ok) throw await refusal(response);
    const type = response.headers.get('Content-Type') || '';
    return type.includes('json') ? response.json() : response.text();
  };
  return {
    get: (path, own) => call('GET', path, undefined, own),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    del: (path) => call('DELETE', path),
    all: (method, path, body) => api('', signal)[method](path, body), // about all sandboxes
    events: (path, on, until) => events(url(path), until, on),
  };
}

// events follows server-sent events until the signal ends. After a lost connection it goes on where
// it was. It is no EventSource, since that sends no token.
async function events(url, signal, on) {
  let last = '';
  for (let pause = 250; !signal.aborted; pause = Math.min(5000, pause * 2)) {
    try {
      const response = await send(url, { signal, headers: last ? { 'Last-Event-ID': last } : {} });
      if (!response.ok) throw await refusal(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      await on.open();
      pause = 250;
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        const batch = [];
        for (const part of parts) {
          const event = { kind: 'message', data: '' };
          for (const line of part.split('\n')) {
            if (line.startsWith('id: ')) last = line.slice(4);
            else if (line.startsWith('event: ')) event.kind = line.slice(7);
            else if (line.startsWith('data: ')) event.data = line.slice(6);
          }
          if (event.data) batch.push({ kind: event.kind, data: JSON.parse(event.data) });
        }
        if (batch.length) on.events(batch);
      }
      if (!signal.aborted) on.lost('Standin does not answer. Trying again.', false);
    } catch (e) {
      if (signal.aborted) return;
      const final = e instanceof Refused && e.status < 500;
      on.lost(final ? e.message : e.message + ' Trying again.', final);
      if (final) return;
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}
