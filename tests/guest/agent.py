# SPDX-License-Identifier: BSD-3-Clause
"""Runs in the guest: starts processes that the host asks for and hands their output over.

One JSON object a line on a virtio-serial port. The host sends
    {"id": 1, "run": [program, argument...], "env": {}}   start
    {"id": 1, "in": "text"}      to its standard input; null closes it
    {"id": 1, "signal": 9}       to its process group
    {"quit": true}               power off
and gets {"id": 1, "pid": 7}, {"id": 1, "out": "text"} and, at the end, {"id": 1, "code": 0}.
"""

import glob
import json
import os
import subprocess
import sys
import threading

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'


class Agent:
    def __init__(self, port):
        self.port = os.open(port, os.O_RDWR)
        self.lock, self.children = threading.Lock(), {}

    def say(self, **what):
        data = (json.dumps(what) + '\n').encode()
        with self.lock:
            while data:
                data = data[os.write(self.port, data):]

    def start(self, number, argv, env):
        try:
            child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, bufsize=0, start_new_session=True,
                                     env={**os.environ, 'PATH': PATH, 'HOME': '/root', **env})
        except OSError as error:
            self.say(id=number, out='%s\n' % error)
            self.say(id=number, code=127)
            return
        self.children[number] = child
        self.say(id=number, pid=child.pid)
        threading.Thread(target=self.follow, args=(number, child), daemon=True).start()

    def follow(self, number, child):
        while True:
            data = child.stdout.read(16384)
            if not data:
                break
            self.say(id=number, out=data.decode('utf-8', 'replace'))
        self.say(id=number, code=child.wait())

    def feed(self, child, text):
        try:
            if text is None:
                child.stdin.close()
            else:
                child.stdin.write(text.encode())
        except OSError:
            pass

    def signal(self, child, number):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass

    def handle(self, message):
        number = message['id']
        if 'run' in message:
            self.start(number, message['run'], message.get('env', {}))
        elif number in self.children and 'in' in message:
            self.feed(self.children[number], message['in'])
        elif number in self.children and 'signal' in message:
            self.signal(self.children[number], message['signal'])

    def serve(self):
        self.say(ready=True)
        pending = b''
        while True:
            data = os.read(self.port, 65536)
            if not data:
                return
            *lines, pending = (pending + data).split(b'\n')
            for line in lines:
                message = json.loads(line)
                if 'quit' in message:
                    return
                self.handle(message)


if __name__ == '__main__':
    ports = glob.glob('/dev/vport*')
    if not ports:
        sys.exit('agent: no virtio-serial port')
    Agent(ports[0]).serve()
