"""The library of python-barbicanclient, with a keystoneauth session."""

import logging
import os
import re

from barbicanclient import client as barbican
from barbicanclient import exceptions
from keystoneauth1 import exceptions as keystone_errors
from keystoneauth1 import session as keystone_session
from keystoneauth1 import token_endpoint
from keystoneauth1.identity import v3

from check import FAILS_LOGIN, fits, http, in_sandbox, journal, main, raises, report, revoked, same, token

logging.disable(logging.CRITICAL)

AUTH = os.environ['OS_AUTH_URL']
BASE = os.environ['DEVOPS_URL']
BEFORE = ['web tls', 'passwords']


def client(**changes):
    """Logs in with the values of the environment and with changes to them."""
    login = dict(auth_url=AUTH, username=os.environ['OS_USERNAME'], password=os.environ['OS_PASSWORD'],
                 project_name=os.environ['OS_PROJECT_NAME'], user_domain_name=os.environ['OS_USER_DOMAIN_NAME'],
                 project_domain_name=os.environ['OS_PROJECT_DOMAIN_NAME'])
    return barbican.Client(session=keystone_session.Session(auth=v3.Password(**{**login, **changes})))


def with_token(t, base=BASE):
    """Returns a client that sends a fixed token to an address and never logs in."""
    auth = token_endpoint.Token(base + '/key-manager', t)
    return barbican.Client(session=keystone_session.Session(auth=auth), endpoint=base + '/key-manager')


def names(things):
    return [t.name for t in things]


def payloads(c):
    """Stores secrets: one of text, one of bytes, and one whose payload is sent later."""
    text = c.secrets.create(name='db password', payload='s3cret, naïve', secret_type='passphrase')
    text.store()
    fits('the reference', text.secret_ref, r'https?://\S+/v1/secrets/[0-9a-f-]{36}')
    again = c.secrets.get(text.secret_ref)
    same('the secret', (again.name, again.status, again.secret_type, again.content_types),
         ('db password', 'ACTIVE', 'passphrase', {'default': 'text/plain'}))
    same('the payload', again.payload, 's3cret, naïve')
    key = c.secrets.create(name='key', payload=b'\x00\xff\x01', algorithm='aes', bit_length=24, mode='cbc')
    key.store()
    same('the payload in bytes', c.secrets.get(key.secret_ref).payload, b'\x00\xff\x01')
    later = c.secrets.create(name='later')
    later.store()
    c.secrets.update(later.secret_ref, 'now')
    same('the later payload', c.secrets.get(later.secret_ref).payload, 'now')
    raises('a second payload', exceptions.HTTPClientError,
           re.escape('Conflict: Secret already has data, cannot modify it.'), c.secrets.update, later.secret_ref, 'again')
    same('secrets by name', [s.secret_ref for s in c.secrets.list(name='later')], [later.secret_ref])
    later.delete()
    raises('the deleted secret', exceptions.HTTPClientError, re.escape('Not Found: Secret not found.'),
           lambda ref: c.secrets.get(ref).name, absent(again.secret_ref))
    return text, key


def absent(ref):
    """Returns a reference to a secret that does not exist."""
    return ref.rsplit('/', 1)[0] + '/00000000-0000-4000-8000-000000000000'


def plain():
    c = client()
    text, key = payloads(c)
    made = c.containers.create(name='app', secrets={'password': text, 'key': key})
    made.store()
    fits('the reference', made.container_ref, r'https?://\S+/v1/containers/[0-9a-f-]{36}')
    consumers(c, made.container_ref)
    rsa = c.containers.create_rsa(name='pair', public_key=text, private_key=key)
    rsa.store()
    same('the rsa container', (type(c.containers.get(rsa.container_ref)).__name__, c.containers.get(rsa.container_ref).public_key.secret_ref),
         ('RSAContainer', text.secret_ref))
    certificate = c.containers.create_certificate(name='cert', certificate=text)
    certificate.store()
    same('containers', names(c.containers.list()), BEFORE + ['app', 'pair', 'cert'])
    same('containers by type', names(c.containers.list(type='rsa')), ['pair'])
    for container in (made, rsa, certificate):
        container.delete()
    same('containers after the deletions', names(c.containers.list()), BEFORE)
    for secret in (text, key):
        secret.delete()
    report('secrets with payload, containers of three types, consumers, 404, 409')


def consumers(c, ref):
    told = c.containers.register_consumer(ref, 'lb', 'http://lb/1')
    same('the consumer', told.consumers, [{'name': 'lb', 'URL': 'http://lb/1'}])
    told = c.containers.register_consumer(ref, 'web', 'http://web/1')
    got = c.containers.get(ref)
    same('the container', (got.name, got.status, sorted(got.secret_refs), [u['name'] for u in got.consumers]),
         ('app', 'ACTIVE', ['key', 'password'], ['lb', 'web']))
    c.containers.remove_consumer(ref, 'lb', 'http://lb/1')
    same('consumers after one was removed', c.containers.get(ref).consumers, [{'name': 'web', 'URL': 'http://web/1'}])
    raises('a consumer that there is not', exceptions.HTTPClientError, re.escape('Not Found: Consumer not found.'),
           c.containers.remove_consumer, ref, 'lb', 'http://lb/1')


def token_expires():
    """keystoneauth logs in again after a 401 and repeats the request."""
    c = client()
    for _ in range(4):
        same('containers', names(c.containers.list()), BEFORE)
    same('logins', journal(operation='keystone.tokens.create'), [('keystone.tokens.create', 201)] * 2)
    same('answers 401', [s for _, s in journal(operation='barbican.*')].count(401), 1)
    report('logs in again and repeats the request; the caller sees no error')


def fails_twice():
    """keystoneauth does not retry. It fetches the list of versions first. When that
    fails it omits /v1 from the path, and nothing exists at that path."""
    c, seen = client(), []
    for _ in range(3):
        try:
            seen.append(names(c.containers.list()))
        except exceptions.HTTPClientError as error:
            seen.append(str(error))
    same('three calls', seen, ['Not Found', 'Not Found', BEFORE])
    same('the journal', [e for e in journal() if not e[0].startswith('keystone.')],
         [('barbican.versions.list', 503), ('', 404)] * 2 + [('barbican.versions.list', 300), ('barbican.containers.list', 200)])
    report('2 calls: Not Found (it cannot list versions, and omits /v1); the 3rd works')


def errors():
    def at(case, kind, pattern, c):
        report(f'{case}: ' + raises(case, kind, pattern, lambda: names(c.containers.list())))

    unauthorized = keystone_errors.Unauthorized
    at('wrong password', unauthorized, FAILS_LOGIN, client(password='wrong'))
    # The library reads a title that Keystone's body does not have.
    at('expired token', KeyError, "'title'", with_token('expired-token'))
    at('revoked token', KeyError, "'title'", with_token(revoked(AUTH)))
    theirs = token(in_sandbox(AUTH, 'theirs'))
    at("another sandbox's token", KeyError, "'title'", with_token(theirs, in_sandbox(BASE, 'ours')))
    http('POST', in_sandbox(BASE, 'theirs') + '/v1/containers', {'type': 'generic', 'name': 'theirs'}, {'X-Auth-Token': theirs})
    same("another sandbox's token, at the default address", names(with_token(theirs).containers.list()), BEFORE + ['theirs'])
    at('no role in the project', unauthorized, FAILS_LOGIN, client(username='nobody', password='nobody'))
    at('role reader', exceptions.HTTPClientError,
       re.escape('Forbidden: Containers(s) retrieval attempt not allowed - please review your user/project privileges'),
       client(username='reader', password='reader'))


main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
