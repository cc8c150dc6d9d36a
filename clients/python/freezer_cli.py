"""The command freezer of python-freezerclient, v1."""

import json
import os
import re
import tempfile

from check import DEAD_TOKEN, FAILS_LOGIN, UNAUTHENTICATED, UNKNOWN_TOKEN, http, in_sandbox, journal, main, report, revoked, run, same, shows, token

AUTH = os.environ['OS_AUTH_URL']
# What the command prints for every answer to client-register except 201. It
# reads an attribute that the exception does not have.
NOT_REGISTERED = re.escape("'ApiClientException' object has no attribute 'message'")
COLUMNS = ('-f', 'json')


def freezer(*args, **kwargs):
    return run('/usr/bin/python3', '/usr/bin/freezer', *args, **kwargs)


def client_file(**client):
    handle, path = tempfile.mkstemp(suffix='.json')
    with os.fdopen(handle, 'w') as f:
        json.dump(client, f)
    return path


def rows(result):
    if result.code != 0:
        shows('freezer client-list', result, 0)
    return [tuple(row[c] for c in ('Client ID', 'hostname', 'description')) for row in json.loads(result.out)]


BEFORE = [
    ('b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f_web-01.example.com', 'web-01.example.com', 'front end'),
    ('b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f_db-01.example.com', 'db-01.example.com', 'database, backed up at night'),
]
NODE7 = {'client_id': 'demo_node7.example.com', 'hostname': 'node7.example.com', 'description': 'seventh',
         'uuid': 'aaaabbbbccccddddeeeeffff00001111'}


def plain():
    same('client-list', rows(freezer('client-list', *COLUMNS)), BEFORE)
    path = client_file(**NODE7)
    shows('client-register', freezer('client-register', '--file', path), 0,
          err='Client demo_node7.example.com registered')
    shows('client-register again (409)', freezer('client-register', '--file', path), 1, err=NOT_REGISTERED)
    shown = freezer('client-show', NODE7['client_id'], *COLUMNS)
    same('client-show', json.loads(shown.out), {
        'Client ID': NODE7['client_id'], 'Client UUID': NODE7['uuid'], 'hostname': NODE7['hostname'],
        'description': NODE7['description']})
    # The command sends the text under _all. A list of pairs there is the search.
    found = freezer('client-list', '--search', '[{"hostname": "node7.example.com"}]', '--limit', '5', *COLUMNS)
    same('client-list --search', [r[0] for r in rows(found)], [NODE7['client_id']])
    shows('client-delete', freezer('client-delete', NODE7['client_id']), 0,
          err='Client demo_node7.example.com deleted')
    shows('client-delete again (404)', freezer('client-delete', NODE7['client_id']), 1,
          err=re.escape('[*] Error 404: No Client found with ID:demo_node7.example.com'))
    shows('client-show of what is gone (404)', freezer('client-show', NODE7['client_id']), 1, err='Client not found')
    report('list, register, 409, show, search, delete, 404 as with the real server')


def token_expires():
    """Each command logs in and does not retry. The third command reports the 401,
    and the fourth works."""
    for attempt in (1, 2, 4):
        if attempt == 4:
            third = freezer('client-list', *COLUMNS)
            shows('the third command', third, 1, err=re.escape(
                '[*] Error 401: {"error":{"code":401,"title":"Unauthorized","message":"%s"}}' % UNAUTHENTICATED))
        same(f'command {attempt}', rows(freezer('client-list', *COLUMNS)), BEFORE)
    same('the journal', journal(operation='freezer.*'), [('freezer.clients.list', s) for s in (200, 200, 401, 200)])
    report('3rd command: ' + third.err + '; the 4th works')


def fails_twice():
    """The command does not retry."""
    for attempt in (1, 2):
        failed = freezer('client-list', *COLUMNS)
        shows(f'command {attempt}', failed, 1, err=re.escape('[*] Error 503: {"title":"503 Service Unavailable"}'))
    same('command 3', rows(freezer('client-list', *COLUMNS)), BEFORE)
    same('the journal', journal(operation='freezer.*'), [('freezer.clients.list', s) for s in (503, 503, 200)])
    report('2 commands: ' + failed.err + '; the 3rd works')


def errors():
    def at(case, expected, *command, **kwargs):
        result = freezer(*command, **kwargs)
        shows(case, result, 1, err=expected)
        report(f'{case}: {result.err}')

    def by_token(t, url=AUTH):
        return {'env': {'OS_TOKEN': t, 'OS_AUTH_URL': url}, 'without': ('OS_USERNAME', 'OS_PASSWORD')}

    at('wrong password', FAILS_LOGIN, 'client-list', env={'OS_PASSWORD': 'wrong'})
    at('expired token', DEAD_TOKEN, 'client-list', **by_token('expired-token'))
    at('revoked token', DEAD_TOKEN, 'client-list', **by_token(revoked(AUTH)))
    theirs = in_sandbox(AUTH, 'theirs')
    http('POST', in_sandbox(AUTH, 'theirs').split('/identity')[0] + '/v1/clients',
         {'client_id': 'only-theirs', 'hostname': 'theirs'}, {'X-Auth-Token': token(theirs)})
    at("another sandbox's token", UNKNOWN_TOKEN, 'client-list', **by_token(token(theirs), in_sandbox(AUTH, 'ours')))
    led = freezer('client-list', *COLUMNS, **by_token(token(theirs)))
    same('a token of a sandbox, at the address of no sandbox', rows(led)[-1][0], 'only-theirs')
    report("another sandbox's token, at the default address: selects that sandbox")
    at('no role in the project', FAILS_LOGIN, 'client-list', env={'OS_USERNAME': 'nobody', 'OS_PASSWORD': 'nobody'})
    reader = {'env': {'OS_USERNAME': 'reader', 'OS_PASSWORD': 'reader'}}
    at('role reader, client-delete', re.escape('[*] Error 403: You are not allowed to access this resource'),
       'client-delete', BEFORE[0][0], **reader)
    at('role reader, client-register', NOT_REGISTERED, 'client-register', '--file', client_file(**NODE7), **reader)


main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
