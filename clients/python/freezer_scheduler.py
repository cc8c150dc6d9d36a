"""The registration of freezer-scheduler, in two forms. The command itself registers
by v2. Its function do_register is called with the v1 library."""

import json
import os
import re
import socket
import subprocess
import tempfile
import time

from check import DEAD_TOKEN, FAILS_LOGIN, UNKNOWN_TOKEN, fail, http, in_sandbox, journal, main, report, revoked, run, same, shows, token

AUTH = os.environ['OS_AUTH_URL']
PROJECT = 'b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f'
HOST = socket.gethostname()
COMMAND = ('/usr/bin/python3', '/usr/bin/freezer-scheduler', '--no-daemon')

# Registers as the scheduler does, with the v1 library, which the command itself does
# not reach. It prints what do_register returned.
REGISTER = """
import os
from freezer.scheduler.utils import do_register
from freezerclient.v1.client import Client
e = os.environ.get
print(do_register(Client(
    auth_url=e('OS_AUTH_URL'), username=e('OS_USERNAME'), password=e('OS_PASSWORD'), token=e('OS_TOKEN'),
    project_name=e('OS_PROJECT_NAME'), user_domain_name=e('OS_USER_DOMAIN_NAME'),
    project_domain_name=e('OS_PROJECT_DOMAIN_NAME'), endpoint_type='public', cacert=e('OS_CACERT'))))
"""


def register(**kwargs):
    result = run('/usr/bin/python3', '-c', REGISTER, **kwargs)
    if result.code:  # the last line of a traceback is the message
        result.err = result.err.splitlines()[-1]
    return result


def sandbox():
    """Returns the sandbox that the address of the environment selects."""
    name = re.search('/~([^/]+)/', AUTH)
    return name.group(1) if name else 'default'


def v1_command():
    """The command with --enable-v1-api ends before it sends a request. The v1 client
    of the library does not accept the arguments that the command passes."""
    before = len(journal(sandbox()))
    with tempfile.TemporaryDirectory() as jobs:
        shows('freezer-scheduler --enable-v1-api', run(*COMMAND, '--enable-v1-api', '--conf', jobs, 'start'), 1,
              r".*\nClient.__init__\(\) got an unexpected keyword argument 'opts'", '.*')
    same('requests of freezer-scheduler --enable-v1-api', len(journal(sandbox())), before)


def v2_command():
    """Starts the command twice, until it has registered and asked for jobs. The first
    run registers a new client, the second one a known client."""
    for status, says in ((201, ''), (409, 'Client already registered')):
        with tempfile.TemporaryDirectory() as jobs:
            out = start(('--conf', jobs, '--client-id', 'by-v2', 'start'), status)
        same(f'freezer-scheduler says of {status}', says in out, True)
        if not says:
            same('freezer-scheduler says nothing of a first registration', 'already' in out, False)


def start(arguments, status):
    """Runs the command until its registration got the status, and the poll for jobs
    after it got an answer. It returns the output of the command."""
    before = len(journal(sandbox()))
    process = subprocess.Popen(COMMAND + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, 'PYTHONUNBUFFERED': '1'})
    try:
        for _ in range(200):
            seen = journal(sandbox())[before:]
            made = [i for i, (op, s) in enumerate(seen) if op.startswith('freezer.') and op.endswith('create') and s == status]
            if made and any(s for _, s in seen[made[-1] + 1:]):
                break
            if process.poll() is not None:
                fail('freezer-scheduler', process.communicate()[0], 'to run on')
            time.sleep(0.05)
        else:
            fail('the registration of freezer-scheduler', seen, status)
    finally:
        process.terminate()
        out = process.communicate()[0]
    return out


def plain():
    v1_command()
    first = register()
    shows('do_register, v1', first, 0, '0')
    again = register()
    shows('do_register again, v1 (409)', again, 0, 'Client already registered\n73')
    status, _, text = http('GET', AUTH.replace('/identity/v3', '') + f'/v1/clients/{PROJECT}_{HOST}',
                           headers={'X-Auth-Token': token(AUTH)})
    same('what was registered', (status, json.loads(text)['client']['hostname']), (200, HOST))
    v2_command()
    report('v2 command registers, reads 409 as "Client already registered"; v1 library does the same; v1 command fails before a request')


def token_expires():
    """Every run logs in. do_register returns 73 for any error and prints nothing."""
    shows('1st', register(), 0, '0')
    shows('2nd', register(), 0, 'Client already registered\n73')
    shows('3rd (401)', register(), 0, '73')
    shows('4th', register(), 0, 'Client already registered\n73')
    report('v1 library, 3rd run: 73 without a message; the 4th works')


def fails_twice():
    shows('1st (503)', register(), 0, '73')
    shows('2nd (503)', register(), 0, '73')
    shows('3rd', register(), 0, '0')
    report('v1 library, 2 runs: 73 without a message; the 3rd registers')


def errors():
    def at(case, expected, code=1, **kwargs):
        result = register(**kwargs)
        shows(case, result, code, '73' if code == 0 else '', expected)
        report(f'{case}: {result.err or "73 without a message"}')

    def by_token(t, url=AUTH):
        return {'env': {'OS_TOKEN': t, 'OS_AUTH_URL': url}, 'without': ('OS_USERNAME', 'OS_PASSWORD')}

    unauthorized = 'keystoneauth1.exceptions.http.Unauthorized: ' + FAILS_LOGIN
    not_found = 'keystoneauth1.exceptions.http.NotFound: '
    at('wrong password', unauthorized, env={'OS_PASSWORD': 'wrong'})
    at('expired token', not_found + DEAD_TOKEN, **by_token('expired-token'))
    at('revoked token', not_found + DEAD_TOKEN, **by_token(revoked(AUTH)))
    at("another sandbox's token", not_found + UNKNOWN_TOKEN,
       **by_token(token(in_sandbox(AUTH, 'theirs')), in_sandbox(AUTH, 'ours')))
    at('no role in the project', unauthorized, env={'OS_USERNAME': 'nobody', 'OS_PASSWORD': 'nobody'})
    at('role reader', '', code=0, env={'OS_USERNAME': 'reader', 'OS_PASSWORD': 'reader'})


main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
