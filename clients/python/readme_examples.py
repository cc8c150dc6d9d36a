"""Sends the examples of docs/getting-started.md with curl (the printed commands), and the same
requests with Python requests and Node's fetch. Usage: MODE CONTROL curl|requests|fetch."""

import base64
import json
import os
import re
import shlex
import sys

from check import MODE, UNAUTHENTICATED, fail, fits, http, in_sandbox, journal, main, report, revoked, same, token
from senders import SENDERS

KIND = sys.argv[3]
SENDER = SENDERS[KIND]()
BASE = os.environ['DEVOPS_URL']
AUTH = os.environ['OS_AUTH_URL']
ADDRESS = 'http://localhost:9311'
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')
API_CLIENTS = '/local-user-store/api/v1/api-clients'
NEEDS_LOGIN = '{"error":{"code":401,"title":"Unauthorized","message":"%s"}}' % UNAUTHENTICATED


def page(name):
    with open(os.path.join(DOCS, name), encoding='utf-8') as f:
        return f.read().replace(ADDRESS, BASE)


def examples():
    """Returns the examples of the section "Send requests", as (command, output)."""
    text = page('getting-started.md').partition('\n## Send requests\n')[2].split('\n## ')[0]
    found = []
    for block in re.findall(r'```console\n(.*?)```', text, re.S):
        for command, printed in re.findall(r'^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)', block, re.M):
            found.append((command.replace('\\\n', ' '), printed.strip()))
    if len(found) < 5:
        fail('the examples of docs/getting-started.md', found, 'at least five')
    return found


def login():
    """Returns the example of the login at PrivX."""
    found = re.search(r'```sh\n(curl [^`]*oauth/token[^`]*)```', page('callers.md'))
    return found.group(1).replace('\\\n', ' ').strip()


def parsed(command):
    """Returns the request of a curl command: method, url, headers, body."""
    words, url, headers, body, method = shlex.split(command)[1:], '', {}, None, None
    while words:
        word = words.pop(0)
        if word == '-H':
            name, _, value = words.pop(0).partition(': ')
            headers[name] = value
        elif word == '-d':
            body = words.pop(0)
            headers.setdefault('Content-Type', 'application/x-www-form-urlencoded')
        elif word == '-u':
            headers['Authorization'] = basic(words.pop(0))
        elif word == '-X':
            method = words.pop(0)
        elif not word.startswith('-'):
            url = word
    return method or ('POST' if body is not None else 'GET'), url, headers, body


def basic(pair):
    return 'Basic ' + base64.b64encode(pair.encode()).decode()


def do(command):
    """Runs an example. curl runs the printed command; the others send the same request."""
    if KIND == 'curl':
        return SENDER.shell(command)
    return SENDER.send(*parsed(command))


def send(method, path, headers=None, body=None, retries=0, base=BASE):
    """Sends a request with these headers of a caller. It returns (status, body)."""
    status, _, _, text = SENDER.send(method, base + path, headers or {}, body, retries)
    return status, text


def plain():
    for command, printed in examples():
        status, reason, headers, body = do(command)
        if printed.startswith('HTTP/'):
            head, _, printed = printed.partition('\n\n')
            lines = head.splitlines()
            if MODE == 'tls' and KIND == 'curl':  # curl uses HTTP/2 here, which has no reason phrases
                same(command, (status, reason), (int(lines[0].split()[1]), ''))
            else:
                same(command, f'HTTP/1.1 {status} {reason}', lines[0])
            for name in ('Content-Type', 'Vary'):
                same(f'{command}: {name}', [f'{name}: {headers.get(name.lower())}' in lines], [True])
        else:
            same(command, status, 200)
        fits(command, body, '.*?'.join(map(re.escape, printed.split('…'))))  # … is text that the page leaves out
    status, _, _, body = do(login())
    told = json.loads(body)
    same('the login', (status, told['token_type'], type(told['expires_in'])), (200, 'bearer', int))
    status, body = send('GET', API_CLIENTS + '?limit=1', {'Authorization': 'Bearer ' + told['access_token']})
    same('with the token of the login', (status, list(json.loads(body))), (200, ['count', 'items']))
    report(f'{len(examples())} examples print what the page prints, and the login works')


def token_expires():
    mine = {'X-Auth-Token': token(AUTH)}
    seen = [send('GET', '/v1/clients', mine) for _ in range(4)]
    same('statuses', [s for s, _ in seen], [200, 200, 401, 401])
    same('the 3rd answer', seen[2][1], NEEDS_LOGIN)
    same('after a login', send('GET', '/v1/clients', {'X-Auth-Token': token(AUTH)})[0], 200)
    report(f'200 200 401 401 {seen[2][1]}; a new login works')


def fails_twice():
    demo = {'X-Auth-Token': 'demo-token'}
    if KIND == 'fetch':
        seen = [send('GET', '/v1/clients', demo) for _ in range(3)]
        same('statuses', [s for s, _ in seen], [503, 503, 200])
        same('the 1st answer', seen[0][1], '{"title":"503 Service Unavailable"}')
        report(f'does not retry: 503 503 200 {seen[0][1]}')
    else:
        status, _ = send('GET', '/v1/clients', demo, retries=2)
        same('the answer in the end', status, 200)
        report(f'with {"--retry 2" if KIND == "curl" else "urllib3 Retry(2)"}: 200 after 503 503')
    same('the journal', journal(), [('freezer.clients.list', s) for s in (503, 503, 200)])


def errors():
    def at(case, want, got):
        same(case, got, want)
        report(f'{case}: {got[0]} {got[1]}')

    password = json.dumps({'auth': {'identity': {'methods': ['password'], 'password': {'user': {
        'name': 'demo', 'password': 'wrong', 'domain': {'name': 'Default'}}}}}})
    at('wrong password, Keystone', (401, '{"error":{"code":401,"message":"%s","title":"Unauthorized"}}' % UNAUTHENTICATED),
       send('POST', '/v3/auth/tokens', {'Content-Type': 'application/json'}, password))
    wrong = 'The API client is unknown or its secret is wrong.'
    at('wrong secret, PrivX', (400, '{"error":"invalid_grant","error_description":"%s","error_code":"BAD_REQUEST","error_message":"%s"}' % (wrong, wrong)),
       send('POST', '/auth/api/v1/oauth/token', {'Authorization': basic('privx-external:privx-secret'), 'Content-Type': 'application/x-www-form-urlencoded'},
            'grant_type=password&username=demo-client&password=wrong'))
    at('wrong password, devops', (401, ''), send('GET', '/v3/images', {'Authorization': basic('demo:wrong')}))
    at('expired token, Freezer', (401, NEEDS_LOGIN), send('GET', '/v1/clients', {'X-Auth-Token': 'expired-token'}))
    at('expired token, PrivX',
       (401, '{"error_code":"UNAUTHORIZED","error_message":"The access token is missing, unknown or expired."}'),
       send('GET', API_CLIENTS, {'Authorization': 'Bearer expired-token'}))
    at('revoked token, Barbican', (401, NEEDS_LOGIN), send('GET', '/v1/containers', {'X-Auth-Token': revoked(AUTH)}))
    theirs = {'X-Auth-Token': token(in_sandbox(AUTH, 'theirs'))}
    at("another sandbox's token, Freezer", (401, NEEDS_LOGIN), send('GET', '/~ours/v1/clients', theirs))
    http('POST', in_sandbox(BASE, 'theirs') + '/v1/clients', {'client_id': 'only-theirs', 'hostname': 'theirs'}, theirs)
    same("another sandbox's token, at the default address", send('GET', '/v1/clients/only-theirs', theirs)[0], 200)
    roleless('nobody', at)


def roleless(user, at):
    """Sends requests of the user without a role to each service."""
    mine = {'X-Auth-Token': user + '-token'}
    at('no role, Freezer', (403, '{"title":"Access Forbidden","description":"You are not allowed to access this resource"}'),
       send('GET', '/v1/clients', mine))
    at('no role, Barbican',
       (403, '{"code":403,"title":"Forbidden","description":"Containers(s) retrieval attempt not allowed - please review your user/project privileges"}'),
       send('GET', '/v1/containers', mine))
    at('no role, PrivX', (403, '{"error_code":"PERMISSION_DENIED","error_message":"The caller lacks the permission api-clients-manage."}'),
       send('GET', API_CLIENTS, {'Authorization': f'Bearer {user}-token'}))
    at('no role, devops', (403, '{"message":"Access denied for \'%s\'"}' % user), send('GET', '/v3/images', {'Authorization': basic(f'{user}:{user}')}))


main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
