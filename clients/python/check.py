"""Functions that the client scripts share. They run a command, compare its output,
read the journal, get tokens, and print the line for the table."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

# The mode, and the address of the control API without sandbox and proxy.
MODE, CONTROL = (sys.argv + ['', ''])[1:3]

UNAUTHENTICATED = 'The request you have made requires authentication.'
REQUEST_ID = r' \(Request-ID: req-[0-9a-f-]{36}\)'
# What OpenStack's commands print when Keystone refuses a login. The login has a
# wrong password, a token that is no longer valid, or an unknown token.
# keystoneauth raises Unauthorized for the first and NotFound for the others.
FAILS_LOGIN = re.escape(UNAUTHENTICATED) + r' \(HTTP 401\)' + REQUEST_ID
DEAD_TOKEN = r'Failed to validate token \(HTTP 404\)' + REQUEST_ID
UNKNOWN_TOKEN = r'Could not recognize Fernet token \(HTTP 404\)' + REQUEST_ID


class Result:
    """The result of a command: its exit code, and its stdout and stderr, stripped."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.strip()
        self.err = '\n'.join(
            line for line in process.stderr.strip().splitlines()
            if 'Warning' not in line and not line.startswith('  '))

    def __repr__(self):
        return f'exit {self.code}, stdout {self.out!r}, stderr {self.err!r}'


def run(*command, env=None, without=(), stdin=None):
    """Runs a command with the environment of the lines in docs/clients.md. env adds
    variables, and without names variables to remove."""
    variables = {k: v for k, v in os.environ.items() if k not in without}
    variables.update(env or {})
    return Result(subprocess.run(command, env=variables, input=stdin, text=True,
                                 capture_output=True, timeout=60))


def fail(what, got, want):
    """Ends the script. It prints what was checked, what it got and what it expected."""
    print(f'FAILED {what}\n  got:  {got}\n  want: {want}', file=sys.stderr)
    print(f'report: {what}: got {got}')
    sys.exit(1)


def same(what, got, want):
    """Fails unless got is equal to want."""
    if got != want:
        fail(what, repr(got), repr(want))


def fits(what, got, pattern):
    """Fails unless the whole of got matches a regular expression."""
    if not re.fullmatch(pattern, got, re.S):
        fail(what, repr(got), pattern)


def shows(what, result, code, out='', err=''):
    """Fails unless the exit code of a command is code and its outputs match regular expressions."""
    if result.code != code or not re.fullmatch(out, result.out, re.S) or not re.fullmatch(err, result.err, re.S):
        fail(what, result, f'exit {code}, stdout {out!r}, stderr {err!r}')


def raises(what, kinds, pattern, call, *args, **kwargs):
    """Calls and expects an exception whose message matches. It returns the message."""
    try:
        got = call(*args, **kwargs)
    except kinds as error:
        fits(what, str(error), pattern)
        return str(error)
    return fail(what, repr(got), f'{kinds}: {pattern}')


def report(text):
    """Prints a line of the table, without request ids."""
    text = re.sub(r' ?\(Request-ID: req-[0-9a-f-]+\)', '', ' '.join(text.split()))
    print('report:', text)


def http(method, url, body=None, headers=None):
    """Sends a request with a JSON body. It returns status, headers and text."""
    headers = dict(headers or {})
    if body is not None:
        headers.setdefault('Content-Type', 'application/json')
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def journal(sandbox='default', **filters):
    """Returns the exchanges of a sandbox that match, as (operation, status). The status
    is None while an exchange has no answer."""
    query = '&'.join(f'{k}={v}' for k, v in filters.items())
    status, _, text = http('GET', f'{CONTROL}/_standin/sandboxes/{sandbox}/requests?{query}')
    if status == 404:  # no request has created the sandbox yet
        return []
    same('the journal', status, 200)
    return [(e.get('operation', ''), e.get('reply', {}).get('status')) for e in json.loads(text)['requests']]


def token(auth_url, user='demo', project='demo'):
    """Logs in at Keystone and returns the token."""
    domain = {'name': 'Default'}
    status, headers, text = http('POST', auth_url + '/auth/tokens', {'auth': {
        'identity': {'methods': ['password'], 'password': {'user': {'name': user, 'password': user, 'domain': domain}}},
        'scope': {'project': {'name': project, 'domain': domain}}}})
    if status != 201:
        fail('a login', text, 201)
    return headers['X-Subject-Token']


def revoked(auth_url):
    """Returns a token of demo that has been revoked."""
    t = token(auth_url)
    status, _, text = http('DELETE', auth_url + '/auth/tokens', headers={'X-Auth-Token': t, 'X-Subject-Token': t})
    same('revoking a token', (status, text), (204, ''))
    return t


def in_sandbox(url, name):
    """Returns the same address in a sandbox."""
    scheme, rest = url.split('://')
    host, _, path = rest.partition('/')
    return f'{scheme}://{host}/~{name}/{path}'.rstrip('/')


def main(modes):
    """Runs the function of the mode. plain, sandbox and proxy use the same function."""
    name = {'sandbox': 'plain', 'proxy': 'plain', 'tls': 'plain'}.get(MODE, MODE)
    if name not in modes:
        fail('the mode', MODE, sorted(modes))
    modes[name]()
