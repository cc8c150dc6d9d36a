"""The commands openstack secret and openstack secret container."""

import json
import os
import re

from check import FAILS_LOGIN, fits, http, in_sandbox, journal, main, report, revoked, run, same, shows, token

AUTH = os.environ['OS_AUTH_URL']
BASE = os.environ['DEVOPS_URL']
BEFORE = ['web tls', 'passwords']
JSON = ('-f', 'json')


def openstack(*args, **kwargs):
    return run('/usr/bin/python3', '/usr/bin/openstack', *args, **kwargs)


def told(what, *args):
    """Returns the JSON that a command prints."""
    result = openstack(*args, *JSON)
    shows(what, result, 0, '.*')
    return json.loads(result.out)


def refused(what, message, *args, **kwargs):
    """Expects a command to fail. The library logs the message before the command prints it."""
    result = openstack(*args, **kwargs)
    shows(what, result, 1, '', r'4xx Client error: ' + re.escape(message) + r'\n' + re.escape(message))
    return result.err.splitlines()[-1]


def containers():
    return [c['Name'] for c in told('secret container list', 'secret', 'container', 'list')]


def plain():
    stored = told('secret store', 'secret', 'store', '--name', 'db password', '--payload', 's3cret, naïve', '--secret-type', 'passphrase')
    ref = stored['Secret href']
    fits('the reference', ref, r'https?://\S+/v1/secrets/[0-9a-f-]{36}')
    got = told('secret get', 'secret', 'get', ref)
    same('secret get', {k: got[k] for k in ('Secret href', 'Name', 'Status', 'Content types', 'Secret type', 'Algorithm', 'Bit length', 'Mode')},
         {'Secret href': ref, 'Name': 'db password', 'Status': 'ACTIVE', 'Content types': {'default': 'application/octet-stream'},
          'Secret type': 'passphrase', 'Algorithm': 'aes', 'Bit length': 256, 'Mode': 'cbc'})
    same('secret get --payload', told('secret get --payload', 'secret', 'get', '--payload', ref), {'Payload': 's3cret, naïve'})
    listed = told('secret list', 'secret', 'list', '--name', 'db password')
    same('secret list', [(s['Secret href'], s['Name']) for s in listed], [(ref, 'db password')])
    container(ref)
    shows('secret delete', openstack('secret', 'delete', ref), 0)
    report(f'secret and container: store, get, payload, list, delete; then {refused("secret get of a deleted secret", GONE, "secret", "get", ref)}')


GONE = 'Not Found: Secret not found.'


def container(ref):
    made = told('secret container create', 'secret', 'container', 'create', '--name', 'app', '--secret', f'password={ref}')
    fits('the reference', made['Container href'], r'https?://\S+/v1/containers/[0-9a-f-]{36}')
    got = told('secret container get', 'secret', 'container', 'get', made['Container href'])
    same('secret container get', (got['Name'], got['Type'], got['Status'], got['Secrets']), ('app', 'generic', 'ACTIVE', f'password={ref}'))
    same('secret container list', containers(), BEFORE + ['app'])
    shows('secret container delete', openstack('secret', 'container', 'delete', made['Container href']), 0)
    same('secret container list in the end', containers(), BEFORE)


def token_expires():
    """Each command logs in. After a 401, keystoneauth logs in again within the command
    and repeats the request."""
    for _ in range(3):
        same('secret container list', containers(), BEFORE)
    same('answers 401', [s for _, s in journal(operation='barbican.*')].count(401), 1)
    same('logins', journal(operation='keystone.tokens.create'), [('keystone.tokens.create', 201)] * 4)
    report('logs in again and repeats the request; the caller sees no error')


def fails_twice():
    """keystoneauth does not retry. It fetches the list of versions first. When that
    fails it omits /v1 from the path, and nothing exists at that path."""
    said = (f'Failed to contact the endpoint at {BASE}/key-manager for discovery. Fallback to using that endpoint as the base url.\n'
            '4xx Client error: Not Found\nNot Found')
    for attempt in (1, 2):
        shows(f'command {attempt}', openstack('secret', 'container', 'list'), 1, '', re.escape(said))
    same('command 3', containers(), BEFORE)
    report('2 commands: ' + said.replace(BASE, 'HOST') + '; the 3rd works')


def errors():
    def login(case, **kwargs):
        result = openstack('secret', 'container', 'list', **kwargs)
        shows(case, result, 1, '', FAILS_LOGIN)
        report(f'{case}: {result.err}')

    def call(case, t, base=BASE):
        """Sends a token to Barbican without a login. The library reads a title that the
        body of a 401 does not have."""
        result = openstack('--os-auth-type', 'admin_token', '--os-token', t, '--os-endpoint', base + '/key-manager/v1', 'secret',
                           'container', 'list', env={'OS_TOKEN': t}, without=[k for k in os.environ if k.startswith('OS_')])
        shows(case, result, 1, '', "'title'")
        report(f'{case}: {result.err}')

    login('wrong password', env={'OS_PASSWORD': 'wrong'})
    call('expired token', 'expired-token')
    call('revoked token', revoked(AUTH))
    theirs = token(in_sandbox(AUTH, 'theirs'))
    call("another sandbox's token", theirs, in_sandbox(BASE, 'ours'))
    login('no role in the project', env={'OS_USERNAME': 'nobody', 'OS_PASSWORD': 'nobody'})
    report('role reader: ' + refused(
        'role reader', 'Forbidden: Containers(s) retrieval attempt not allowed - please review your user/project privileges',
        'secret', 'container', 'list', env={'OS_USERNAME': 'reader', 'OS_PASSWORD': 'reader'}))


main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
