"""Sends the requests of devops-client, on the documented v3 paths. Its first call has no
credentials, and Basic follows after the challenge. It sends a bare "?", and "{}" with DELETE.
It sends PUT, and after a 404 it sends POST with the same body."""

import base64
import http.client
import json
import os
import urllib.parse

from check import journal, main, report, same

URL = urllib.parse.urlsplit(os.environ['DEVOPS_URL'])
IMAGE = {'provider': 'ec2', 'name': 'test-image', 'id': 'ami-7f00', 'remote_user': 'ec2-user', 'bootstrap_template': None}


class Failed(Exception):
    """An answer with an error status, and the message that devops-client prints."""


class Client:
    """The handler of devops-client over HTTPClient. It uses one connection, and it
    sends the login with every request after the server has asked for it."""

    def __init__(self, user=os.environ['DEVOPS_USERNAME'], password=os.environ['DEVOPS_PASSWORD']):
        kind = http.client.HTTPSConnection if URL.scheme == 'https' else http.client.HTTPConnection
        self.connection = kind(URL.hostname, URL.port)
        self.login = 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()
        self.asked = False
        self.statuses = []

    def get(self, path):
        return self.call('GET', path + '?', None, {'Accept': 'application/json', 'Accept-Language': 'en'})

    def write(self, method, path, body):
        return self.call(method, path, body, {
            'Accept': 'application/json', 'Accept-Language': 'en', 'Content-Type': 'application/json; charset=UTF-8'})

    def call(self, method, path, body, headers):
        answer = self.send(method, path, body, headers)
        if answer.status == 401 and not self.asked and (answer.getheader('WWW-Authenticate') or '').startswith('Basic'):
            self.asked = True
            answer.read()
            answer = self.send(method, path, body, headers)
        return self.parse(answer)

    def send(self, method, path, body, headers):
        if self.asked:
            headers = {**headers, 'Authorization': self.login}
        self.connection.request(method, URL.path + path, body, headers)
        answer = self.connection.getresponse()
        self.statuses.append(answer.status)
        return answer

    def parse(self, answer):
        text = answer.read().decode()
        is_json = 'application/json' in (answer.getheader('Content-Type') or '')
        if 200 <= answer.status < 300:
            return json.loads(text) if is_json else text
        if is_json:
            text = json.loads(text)['message']
        elif answer.status == 401:
            text = 'unauthorized'
        raise Failed(f'{answer.status}: {text}')

    def upsert(self, image):
        """Updates an image by PUT. If the image does not exist, POST sends the same body."""
        body = json.dumps(image, indent=2)
        try:
            return self.write('PUT', '/v3/image/' + image['id'], body)
        except Failed as error:
            if not str(error).startswith('404: '):
                raise
            return self.write('POST', '/v3/image', body)


def refused(what, message, call, *args):
    try:
        got = call(*args)
    except Failed as error:
        got = str(error)
    same(what, got, message)
    return got


def ids(images):
    return [i['id'] for i in images]


BEFORE = ['36dc7618-4178-4e29-be43-286fbfe90f50', '08093b30-8393-42c3-8fb3-c4df56deb967', 'ami-63071b0a']
STORED = {'id': 'ami-7f00', 'provider': 'ec2', 'remote_user': 'ec2-user', 'name': 'test-image'}


def plain():
    c = Client()
    same('list', ids(c.get('/v3/images')), BEFORE)
    same('the first call is challenged', c.statuses, [401, 200])
    same('show', c.get('/v3/image/ami-63071b0a'),
         {'id': 'ami-63071b0a', 'provider': 'ec2', 'remote_user': 'ec2-user', 'name': 'test-ec2'})
    refused('show what is not there', "404: Image 'ami-7f00' does not exist", c.get, '/v3/image/ami-7f00')
    del c.statuses[:]
    same('PUT of what is not there, then POST', c.upsert(IMAGE), {'id': 'ami-7f00', 'message': 'Created'})
    same('PUT, POST', c.statuses, [404, 200])
    same('show what was made', c.get('/v3/image/ami-7f00'), STORED)
    refused('create again', "400: Duplicate key error: image with id 'ami-7f00'", c.write, 'POST', '/v3/image', json.dumps(IMAGE))
    renamed = {**STORED, 'name': 'renamed'}
    same('PUT', c.upsert({**IMAGE, 'name': 'renamed'}), {'image': renamed, 'message': 'Updated'})
    same('list with it', ids(c.get('/v3/images')), BEFORE + ['ami-7f00'])
    same('DELETE with {}', c.write('DELETE', '/v3/image/ami-7f00', '{}'), {'id': 'ami-7f00', 'message': 'Deleted'})
    refused('DELETE again', "404: Image 'ami-7f00' not found", c.write, 'DELETE', '/v3/image/ami-7f00', '{}')
    report('401 and challenge, Basic, bare ?, PUT then POST on 404, DELETE with {}')


def token_expires():
    """Basic has no tokens, so the scenario has no effect."""
    c = Client()
    for _ in range(4):
        same('list', ids(c.get('/v3/images')), BEFORE)
    same('statuses', c.statuses, [401, 200, 200, 200, 200])
    report('has no tokens: nothing happens')


def fails_twice():
    """devops-client does not retry. The server sends the 503 before the challenge."""
    c = Client()
    for _ in range(2):
        message = refused('list', '503: Service Unavailable', c.get, '/v3/images')
    same('list', ids(c.get('/v3/images')), BEFORE)
    same('the journal', journal(), [('devops.images.list', s) for s in (503, 503, 401, 200)])
    report(f'2 calls: {message}; the 3rd is challenged and works')


def errors():
    for case, user, password, message, call in (
            ('wrong password', 'demo', 'wrong', '401: unauthorized', lambda c: c.get('/v3/images')),
            ('without policies', 'nobody', 'nobody', "403: Access denied for 'nobody'", lambda c: c.get('/v3/images')),
            ('reader, create', 'reader', 'reader', "403: Access denied for 'reader'",
             lambda c: c.write('POST', '/v3/image', json.dumps(IMAGE)))):
        report(f'{case}: ' + refused(case, message, call, Client(user, password)))
    report('tokens expired, revoked, of another sandbox: has none')


if __name__ == '__main__':
    main({'plain': plain, 'token-expires-mid-run': token_expires, 'fails-twice-then-works': fails_twice, 'errors': errors})
