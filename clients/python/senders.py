"""Senders for curl, Python requests and Node's fetch. Each sends a request
(method, url, headers, body) and returns (status, reason, headers, body)."""

import json
import os
import subprocess
import tempfile

from check import fail

HERE = os.path.dirname(os.path.abspath(__file__))


class Curl:
    """The command curl. It retries with --retry."""

    def send(self, method, url, headers, body, retries=0):
        command = ['curl', '-s', '-S', '-X', method, '-D', '-', '-o']
        with tempfile.NamedTemporaryFile() as out:
            command += [out.name, '--retry', str(retries)] + [a for k, v in headers.items() for a in ('-H', f'{k}: {v}')]
            if body is not None:
                command += ['-d', body]
            done = subprocess.run([*command, url], capture_output=True, text=True, timeout=60)
            if done.returncode:
                fail('curl', done.stderr, 'an answer')
            return self.parse(done.stdout, out.read().decode())

    def shell(self, command):
        """Runs the command of an example. Its output begins with the status line and the headers."""
        done = subprocess.run(['sh', '-c', command.replace('curl -s ', 'curl -si ', 1)], capture_output=True, text=True, timeout=60)
        if done.returncode:
            fail(command, f'exit {done.returncode} {done.stderr}', 'exit 0')
        head, _, body = done.stdout.partition('\n\n')
        return self.parse(head, body)

    @staticmethod
    def parse(head, body):
        """Reads the status line and headers of the last answer. After a retry there are several answers."""
        lines = head.replace('\r', '').strip().split('\n\n')[-1].splitlines()
        version, status, *reason = lines[0].split(' ', 2)
        headers = dict(line.split(': ', 1) for line in lines[1:] if ': ' in line)
        return int(status), ''.join(reason), {k.lower(): v for k, v in headers.items()}, body


class Requests:
    """The library requests. It retries with urllib3."""

    def send(self, method, url, headers, body, retries=0):
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry
        with requests.Session() as session:
            session.mount(url, HTTPAdapter(max_retries=Retry(total=retries, status_forcelist=[503], raise_on_status=False)))
            answer = session.request(method, url, headers=headers, data=body, timeout=30)
        answer.encoding = 'utf-8'
        return answer.status_code, answer.reason, {k.lower(): v for k, v in answer.headers.items()}, answer.text


class Fetch:
    """The fetch of Node. It does not retry."""

    def __init__(self):
        self.node = subprocess.Popen(['node', os.path.join(HERE, '..', 'node', 'fetch.mjs')], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, method, url, headers, body, retries=0):
        self.node.stdin.write(json.dumps({'method': method, 'url': url, 'headers': headers, 'body': body}) + '\n')
        self.node.stdin.flush()
        answer = json.loads(self.node.stdout.readline())
        if 'error' in answer:
            fail('fetch', answer['error'], 'an answer')
        return answer['status'], answer['reason'], answer['headers'], answer['body']


SENDERS = {'curl': Curl, 'requests': Requests, 'fetch': Fetch}
