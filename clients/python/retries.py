"""Real Python clients that meet failures: retries.py CLIENT. They read several times and create
once. The first error ends them, as it ends most programs. clients/verdicts runs this file."""

import logging
import os
import subprocess
import sys
import tempfile
import types

E = os.environ
LOGIN = dict(auth_url=E['OS_AUTH_URL'], username=E['OS_USERNAME'], password=E['OS_PASSWORD'], project_name=E['OS_PROJECT_NAME'],
             user_domain_name=E['OS_USER_DOMAIN_NAME'], project_domain_name=E['OS_PROJECT_DOMAIN_NAME'])


def commands(*all):
    for c in all:
        subprocess.run(['/usr/bin/python3', *c], check=True)


def freezer():
    with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
        f.write('{"client_id": "node7", "hostname": "node7"}')
        f.flush()
        command = '/usr/bin/freezer'
        commands([command, 'client-list'], [command, 'client-list'], [command, 'client-register', '--file', f.name], [command, 'client-list'])


def freezer_sessions():
    """The library's call that removes a job of a session."""
    from freezerclient.v1.client import Client
    sessions = Client(endpoint_type='public', cacert=None, **LOGIN).sessions
    for job in 'abcd':
        sessions.remove_job('session', job)


def freezer_scheduler():
    """The scheduler's function that starts a session, with the library's client."""
    from freezer.scheduler.scheduler_job import Job
    from freezerclient.v1.client import Client
    sessions = Client(endpoint_type='public', cacert=None, **LOGIN).sessions
    for job in 'abcd':
        Job.start_session(types.SimpleNamespace(session_id='nightly', id=job, session_tag=0, scheduler=sessions))


def barbicanclient(**retries):
    from barbicanclient import client
    from keystoneauth1 import session
    from keystoneauth1.identity import v3
    c = client.Client(session=session.Session(auth=v3.Password(**LOGIN)), **retries)
    for _ in range(3):
        list(c.containers.list())
    c.containers.create(name='app').store()
    c.secrets.create(name='later').store()


def keystoneauth():
    """barbicanclient, told to retry by the means of keystoneauth."""
    barbicanclient(connect_retries=3, status_code_retries=3, retriable_status_codes=[429, 503])


def openstack():
    command = '/usr/bin/openstack'
    commands([command, 'secret', 'list'], [command, 'secret', 'list'], [command, 'secret', 'store', '--name', 'later'], [command, 'secret', 'list'])


logging.basicConfig(level=logging.CRITICAL)
try:
    globals()[sys.argv[1].replace('-', '_')]()
except Exception as e:
    sys.exit(f'{type(e).__name__}: {str(e)[:150]}')
