"""Little programs of Python clients: explored.py CLIENT. Each creates records, reads them back,
changes one and deletes one. The first error ends it. clients/explored runs this file."""

import json
import logging
import os
import subprocess
import sys
import tempfile

E = os.environ
LOGIN = dict(auth_url=E['OS_AUTH_URL'], username=E['OS_USERNAME'], password=E['OS_PASSWORD'], project_name=E['OS_PROJECT_NAME'],
             user_domain_name=E['OS_USER_DOMAIN_NAME'], project_domain_name=E['OS_PROJECT_DOMAIN_NAME'])


def freezer():
    """The command freezer. It has no command that changes a client."""
    def run(*words):
        subprocess.run(['/usr/bin/python3', '/usr/bin/freezer', *words], check=True)

    for name in ('node7', 'node8'):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
            json.dump({'client_id': name, 'hostname': name, 'description': 'a node'}, f)
            f.flush()
            run('client-register', '--file', f.name)
    run('client-show', 'node7')
    run('client-delete', 'node8')
    run('client-list')


def barbican(**options):
    from barbicanclient import client
    from keystoneauth1 import session
    from keystoneauth1.identity import v3
    return client.Client(session=session.Session(auth=v3.Password(**LOGIN), **options))


def barbicanclient():
    c = barbican()
    password = c.secrets.create(name='db password', payload='s3cret')
    password.store()
    key = c.secrets.create(name='db key')
    key.store()
    c.secrets.update(key.secret_ref, 'the key')
    box = c.containers.create(name='db', secrets={'password': password, 'key': key})
    ref = box.store()
    c.containers.register_consumer(ref, 'web', 'http://web/1')
    c.containers.register_consumer(ref, 'old', 'http://old/1')
    c.containers.remove_consumer(ref, 'old', 'http://old/1')
    stored = c.containers.get(ref)
    print(stored.name, stored.consumers)
    print(c.secrets.get(stored.secret_refs['password']).payload)
    spare = c.containers.create(name='spare')
    spare.store()
    spare.delete()
    print([b.name for b in c.containers.list()])


def barbicanclient_rename():
    """Renames a secret. Barbican cannot, so it is stored again. The session has a time limit."""
    c = barbican(timeout=10)
    made = c.secrets.create(name='db password', payload='s3cret')
    made.store()
    old = c.secrets.get(made.secret_ref)
    c.secrets.create(name='web password', payload=old.payload).store()
    old.delete()


def devops():
    """The requests of devops-client."""
    from devops_pattern import Client
    c = Client()
    for name in ('ami-0001', 'ami-0002'):
        c.upsert({'provider': 'ec2', 'name': name, 'id': name, 'remote_user': 'ec2-user', 'bootstrap_template': None})
    print(c.get('/v3/image/ami-0001')['name'])
    c.upsert({'provider': 'ec2', 'name': 'renamed', 'id': 'ami-0001', 'remote_user': 'ec2-user', 'bootstrap_template': None})
    c.write('DELETE', '/v3/image/ami-0002', '{}')
    print([i['name'] for i in c.get('/v3/images')])


logging.basicConfig(level=logging.CRITICAL)
try:
    globals()[sys.argv[1].replace('-', '_')]()
except Exception as e:
    sys.exit(f'{type(e).__name__}: {str(e)[:150]}')
