"""Runs real clients against replicas of Standin through nginx, and kills a replica meanwhile.

    check.py STANDIN CLIENTS [SANDBOXES]

STANDIN is the program, CLIENTS the folder with the built programs of clients/go. Each client works in a
sandbox of its own. The output says, step by step, what the clients saw. The exit code is 1 if a client saw
anything else than what this program expects.
"""

import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import standin

HERE = pathlib.Path(__file__).parent
REPLICAS = 4
LOST = 2  # the replica that is killed
PROGRAMS = ['gophercloud', 'privx']

# What a client sees. privx-sdk-go shows no status, and only texts in PrivX's own form.
EXPECTED = 'as expected'
SILENT = 'an error of the SDK without status and text'

LOGIN = {'auth': {
    'identity': {'methods': ['password'], 'password': {'user': {'name': 'demo', 'password': 'demo', 'domain': {'id': 'default'}}}},
    'scope': {'project': {'name': 'demo', 'domain': {'id': 'default'}}}}}


def fail(text):
    sys.exit(f'FAILED: {text}')


def address(number):
    return f'127.0.0.{number}'


class Replicas:
    """Replicas of Standin at 127.0.0.1, 127.0.0.2 and so on, all with the same port."""

    def __init__(self, program):
        self.program = program
        self.running = [self._start(1, 0)]
        self.port = int(self.running[0].url.rpartition(':')[2])
        for number in range(2, REPLICAS + 1):
            self.running.append(self._start(number, self.port))

    def _start(self, number, port):
        return standin.start(binary=self.program, listen=f'{address(number)}:{port}', lost_sandboxes='gone', log='off')

    def kill(self, number):
        server = self.running[number - 1]
        server._process.kill()
        server.stop()

    def restart(self, number):
        self.running[number - 1] = self._start(number, self.port)

    def stop(self):
        for server in self.running:
            server.stop()

    def command(self, *arguments):
        """Runs a command of standin that asks all replicas, and returns its JSON."""
        done = subprocess.run([self.program, *arguments, '--format', 'json'], text=True, capture_output=True, check=True)
        return json.loads(done.stdout)

    def urls(self):
        return [s.url for s in self.running]

    def sandboxes(self):
        """Returns the number of the replica of each sandbox."""
        homes = {}
        for found in self.command('sandboxes', *(f'--url={u}' for u in self.urls())):
            if found['name'] == 'default':
                continue
            if found['name'] in homes:
                fail(f'sandbox {found["name"]} is on two replicas')
            homes[found['name']] = self.urls().index(found['emulator']) + 1
        return homes


def proxy(work, port):
    """Starts nginx by deploy/nginx/start, and returns it with its URL."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        listen = f'127.0.0.1:{free.getsockname()[1]}'
    variables = dict(os.environ, REPLICAS=str(REPLICAS), REPLICA=f'127.0.0.%:{port}', LISTEN=listen, WORK=work)
    log = open(f'{work}/nginx.log', 'w', encoding='utf-8')
    process = subprocess.Popen([HERE / 'nginx' / 'start'], env=variables, stdout=log, stderr=log)
    for _ in range(500):
        if process.poll() is not None:
            break
        try:
            return process, standin.connect(f'http://{listen}')
        except standin.Unreachable:
            time.sleep(0.02)
    process.kill()
    return fail('nginx did not start: ' + pathlib.Path(log.name).read_text(encoding='utf-8'))


def send(url, headers, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {'Content-Type': 'application/json', **headers}, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def create(front, number, other=None):
    """Creates a sandbox in one of the ways in which that is possible. other is one that exists, if any does."""
    ways = ['name', 'text', 'nothing']
    if other:
        ways += ['name, at another sandbox', 'name, header of another sandbox', 'nothing, token of another sandbox', 'fork']
    way, name = ways[number % len(ways)], f'named-{number}'
    if way == 'name':
        return front.sandbox(exact_name=name)
    if way == 'text':
        return front.sandbox(f'tests/test_{number}.py::test[{number}]')
    if way == 'nothing':
        return front.sandbox()
    if way == 'fork':
        return front.sandbox(fork=other.name)
    at, headers, body = front.url, {}, {'name': name}
    if 'at' in way:
        at = other.url
    elif 'header' in way:
        headers = {'X-Standin-Sandbox': other.name}
    else:
        headers, body = {'X-Auth-Token': login(other)}, {}
    info = json.loads(send(at + '/_standin/sandboxes', headers, body)[1])
    if info['url'] != f'{front.url}/~{info["name"]}':
        fail(f'a sandbox created by {way} is at {info["url"]}')
    return standin.Sandbox(front._control, info)


def login(box):
    return send(box.url + '/identity/v3/auth/tokens', {}, LOGIN)[0]['X-Subject-Token']


class Clients:
    """The sandboxes, each with a client."""

    def __init__(self, folder, boxes):
        self.folder = folder
        self.boxes = boxes

    def one(self, number):
        """Runs the client of a sandbox, and returns what it saw. After success, the sandbox is reset for the next client."""
        box = self.boxes[number]
        program = PROGRAMS[number % len(PROGRAMS)]
        variables = {'PATH': os.environ['PATH'], 'HOME': '/nonexistent', **box.environ()}
        done = subprocess.run([f'{self.folder}/{program}', 'sandbox', box.url], env=variables, text=True, capture_output=True, check=False)
        if done.returncode == 0:
            with contextlib.suppress(standin.StandinError):
                box.reset()
            return EXPECTED
        text = done.stdout + done.stderr
        status = re.search(r'but got (502|410) instead', text)
        if status:
            return status[1]
        return SILENT if re.search(r'got error:\s*$', text, re.M) else text

    def round(self, during=None):
        """Runs all clients, and returns what each saw. It calls during with the number of clients that have ended."""
        saw = {}
        with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            running = {pool.submit(self.one, n): n for n in range(len(self.boxes))}
            for done in concurrent.futures.as_completed(running):
                saw[running[done]] = done.result()
                if during:
                    during(len(saw))
        return saw


def away(front):
    """While a replica is away, most new sandboxes are made elsewhere: of those that nginx tries twice, one in sixteen fails."""
    made = 0
    for _ in range(40):
        with contextlib.suppress(standin.Refused):
            front.sandbox('while a replica is away').delete()
            made += 1
    print(f'  while a replica is away, {made} of 40 new sandboxes are made')
    if made < 30:
        fail('too few new sandboxes are made while a replica is away')


def told(title, saw, homes, boxes):
    """Prints how many clients saw what, for the replica that is killed and for the others."""
    counts = collections.Counter((homes[boxes[n].name] == LOST, what) for n, what in saw.items())
    print(title)
    for (lost, what), count in sorted(counts.items()):
        print(f'  {count:5} clients on {"replica " + str(LOST) if lost else "the others"}: {what}')
    return counts


def tokens(front, boxes):
    """A token that was issued in a sandbox, and the header, lead into it."""
    for box in boxes:
        for header in ({'X-Auth-Token': login(box)}, {'X-Standin-Sandbox': box.name, 'X-Auth-Token': 'demo-token'}):
            send(front.url + '/v1/clients', header)
        ways = [r['sandbox_by'] for r in box.requests(operation='freezer.clients.list')]
        if ways != ['token', 'header']:
            fail(f'sandbox {box.name} was reached by {ways}')


def passed_on(box):
    """The time of the sandbox reaches the client, and a broken connection ends."""
    send(box.url + '/_standin/clock', {}, {'freeze': '2015-10-15T17:56:18Z'}, 'PUT')
    date = send(box.url + '/v1/clients', {'X-Auth-Token': 'demo-token'})[0]['Date']
    if date != 'Thu, 15 Oct 2015 17:56:18 GMT':
        fail(f'the time of the sandbox is {date}')
    for fault in ('empty', 'reset'):
        try:
            send(box.url + '/v1/clients', {'X-Auth-Token': 'demo-token', 'X-Standin-Fault': f'connection={fault}'})
            fail(f'a connection is not broken by {fault}')
        except urllib.error.HTTPError as error:
            if error.code != 502:
                fail(f'a connection broken by {fault} is a status {error.code}')
    box.reset()


def main(program, folder, count='60'):
    count = int(count)
    with tempfile.TemporaryDirectory() as work:
        replicas = Replicas(program)
        nginx = None
        try:
            nginx, front = proxy(work, replicas.port)
            rehearse(replicas, front, folder, count)
        finally:
            if nginx:
                nginx.terminate()
                nginx.wait()
            replicas.stop()


def rehearse(replicas, front, folder, count):
    boxes = []
    for n in range(count):
        boxes.append(create(front, n, boxes and boxes[n // 2]))
    homes = replicas.sandboxes()
    if sorted(homes) != sorted(b.name for b in boxes):
        fail('a sandbox is not where its replica is')
    print(f'{count} sandboxes on {REPLICAS} replicas: {sorted(collections.Counter(homes.values()).items())}')
    tokens(front, boxes[:50])
    passed_on(boxes[0])
    clients = Clients(folder, boxes)

    saw = told('all replicas run', clients.round(), homes, boxes)
    if set(saw) != {(True, EXPECTED), (False, EXPECTED)}:
        fail('a client did not see what it expects')
    if replicas.sandboxes() != homes:
        fail('sandboxes are on other replicas than before')
    covered = replicas.command('report', 'coverage', *replicas.urls())
    print(f'  {sum(o["requests"] for o in covered["operations"])} requests, {covered["summary"]["provoked"]} documented answers were met')

    def during(done):
        if done == count // 3:
            replicas.kill(LOST)
            away(front)
        elif done == 2 * count // 3:
            replicas.restart(LOST)

    saw = told(f'replica {LOST} is killed after a third of the clients, and is back after two thirds', clients.round(during), homes, boxes)
    if set(saw) - {(True, EXPECTED), (True, '502'), (True, '410'), (True, SILENT), (False, EXPECTED)} or len(saw) < 3:
        fail('a client saw something else')
    saw = told(f'replica {LOST} is back, without its sandboxes', clients.round(), homes, boxes)
    if set(saw) - {(True, '410'), (True, SILENT), (False, EXPECTED)}:
        fail('a client saw something else')

    for n, box in enumerate(boxes):
        if homes[box.name] == LOST:
            boxes[n] = front.sandbox(exact_name=box.name)
    if replicas.sandboxes() != homes:
        fail('a sandbox that was created again is on another replica')
    saw = told('its sandboxes are created again', clients.round(), homes, boxes)
    if set(saw) != {(True, EXPECTED), (False, EXPECTED)}:
        fail('a client did not see what it expects')


if __name__ == '__main__':
    main(*sys.argv[1:])
