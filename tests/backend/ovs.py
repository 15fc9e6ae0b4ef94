# SPDX-License-Identifier: BSD-3-Clause
"""A private Open vSwitch with DPDK in a folder of its own; never the system's."""

import os
import shutil
import subprocess
import time

from proc import Proc, ProcError

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'
DAEMON = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk'


class Ovs:
    """One bridge, forwarding on processor 1, without huge pages."""

    def __init__(self, folder, deadline=300):
        self.folder = folder
        self.bridge = 'vio%d' % (os.getpid() % 100000)
        self.prefix = 'vio-ovs-%d' % os.getpid()
        self.env = dict(os.environ, OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        self.db = 'unix:%s/db.sock' % folder
        subprocess.run(['ovsdb-tool', 'create', folder + '/conf.db', SCHEMA], env=self.env,
                       check=True, timeout=20)
        self.server = Proc(['ovsdb-server', folder + '/conf.db',
                            '--remote=punix:%s/db.sock' % folder,
                            '--unixctl=%s/db.ctl' % folder], 'ovsdb-server', deadline,
                           env=self.env)
        self._wait_file('db.sock')
        self.vsctl('--no-wait', 'init')
        self.vsctl('--no-wait', 'set', 'Open_vSwitch', '.', *self._config())
        self.switch = Proc([DAEMON, self.db, '--unixctl=%s/vs.ctl' % folder,
                            '-vconsole:info'], 'ovs-vswitchd', deadline, env=self.env)
        self.vsctl('add-br', self.bridge, '--', 'set', 'bridge', self.bridge,
                   'datapath_type=netdev')
        self.ofctl('del-flows', self.bridge)

    def _config(self):
        # OVS adds --in-memory, which DPDK refuses without huge pages, unless --legacy-mem stands.
        extra = ('--no-huge --legacy-mem -m 1024 --no-pci --no-telemetry --file-prefix %s' %
                 self.prefix)
        settings = {'dpdk-init': 'true', 'dpdk-lcore-mask': '0x1', 'pmd-cpu-mask': '0x2',
                    # Otherwise one pool of 262144 buffers, which ordinary pages hardly give.
                    'per-port-memory': 'true', 'dpdk-extra': '"%s"' % extra}
        return ['other_config:%s=%s' % item for item in settings.items()]

    def _wait_file(self, name, timeout=10):
        end = time.monotonic() + timeout
        while not os.path.exists(os.path.join(self.folder, name)):
            if time.monotonic() > end:
                raise ProcError('%s: %s did not appear' % (self.server.name, name))
            time.sleep(0.02)

    def _tool(self, *args):
        done = subprocess.run(args, env=self.env, timeout=40, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise ProcError('%s: %s\n%s' % (' '.join(args), done.stderr, self.tail()))
        return done.stdout

    def vsctl(self, *args):
        return self._tool('ovs-vsctl', '--db=' + self.db, '-t', '30', *args)

    def ofctl(self, *args):
        return self._tool('ovs-ofctl', *args)

    def add_port(self, name, path=None):
        """A vhost-user port; with @path the other side listens there. Returns its socket."""
        if path:
            kind = ['type=dpdkvhostuserclient', 'options:vhost-server-path=' + path]
        else:
            kind = ['type=dpdkvhostuser']
        self.vsctl('add-port', self.bridge, name, '--', 'set', 'interface', name, *kind)
        return path or os.path.join(self.folder, name)

    def connect(self, a, b):
        """Forward everything between the two ports."""
        for i, o in ((a, b), (b, a)):
            self.ofctl('add-flow', self.bridge, 'in_port=%s,actions=output:%s' % (i, o))

    def stats(self, name):
        """Counters of a port as a dict."""
        text = self.vsctl('get', 'interface', name, 'statistics')
        pairs = (pair.split('=') for pair in text.strip().strip('{}').split(', ') if pair)
        return {key.strip('"'): int(value) for key, value in pairs}

    @property
    def alive(self):
        return self.switch.alive

    def tail(self):
        return self.switch.out[-1500:] if hasattr(self, 'switch') else ''

    def close(self):
        self.switch.kill()
        self.server.kill()
        shutil.rmtree('/run/dpdk/' + self.prefix, ignore_errors=True)
