# SPDX-License-Identifier: BSD-3-Clause
"""Control commands, as QEMU's receive filter shows them, and interrupts."""

from behaviour import until
from bench import Run
from machine import Machine
from suite import Case

MODERN = 'disable-legacy=on'
PACKED = MODERN + ',packed=on,event_idx=off'
LEGACY = 'disable-modern=on'
SHORT = Run(2000)

# A call, and what query-rx-filter shows then; in this order on one device.
CALLS = (
    ('mode 0 0', {'promiscuous': False}),
    ('mode 0 1', {'promiscuous': True}),
    ('mode 1 1', {'multicast': 'all'}),
    ('mode 1 0', {'multicast': 'normal'}),
    ('mode 2 1', {'unicast': 'all'}),
    ('mode 2 0', {'unicast': 'normal'}),
    ('mode 3 1', {'multicast': 'none'}),
    ('mode 3 0', {'multicast': 'normal'}),
    ('mode 4 1', {'unicast': 'none'}),
    ('mode 4 0', {'unicast': 'normal'}),
    # QEMU says it the wrong way round.
    ('mode 5 1', {'broadcast-allowed': True}),
    ('mode 5 0', {'broadcast-allowed': False}),
    ('mac 02:00:00:00:00:99', {'main-mac': '02:00:00:00:00:99'}),
    ('table 02:00:00:00:00:01 33:33:00:00:00:01 33:33:00:00:00:02',
     {'unicast-table': ['02:00:00:00:00:01'],
      'multicast-table': ['33:33:00:00:00:01', '33:33:00:00:00:02']}),
    ('table', {'unicast-table': [], 'multicast-table': []}),
    ('vlan 7 1', {'vlan-table': [7]}),
    ('vlan 4094 1', {'vlan-table': [7, 4094]}),
    ('vlan 7 0', {'vlan-table': [4094]}),
)


def shown(value):
    return sorted(value) if isinstance(value, list) else value


def calls_runner(device, board='q35'):
    def run(bench):
        machine = Machine(bench, device, 'dgram', board)
        machine.driver.ask('open ctrl_vlan=on')
        for call, wanted in CALLS:
            machine.driver.ask('control ' + call)
            answer = machine.qmp('query-rx-filter', name='vn')[0]
            wrong = {name: answer[name] for name, value in wanted.items()
                     if shown(answer[name]) != value}
            bench.point(not wrong, call, answer)
        bench.traffic(machine, SHORT)
        bench.closes(machine)

    return run


def announce(bench):
    """QEMU asks; the port reports it, and acknowledges once."""
    machine = Machine(bench, MODERN, 'dgram')
    machine.driver.ask('open ')
    machine.qmp('announce-self', initial=50, max=550, rounds=1, step=100)
    state = until(lambda: machine.driver.ask('state'), lambda s: s['announce'])
    bench.point(state['announce'], 'is asked for', state)
    machine.driver.ask('control announce')
    state = until(lambda: machine.driver.ask('state'), lambda s: not s['announce'])
    bench.point(not state['announce'], 'is over once it is acknowledged', state)
    bench.closes(machine)


def pairs(bench):
    """The number of queue pairs in use changes while the port is up."""
    if not bench.own_network:
        bench.skip('comes up', 'needs unshare -n (or -Urn) and /dev/net/tun')
        return
    machine = Machine(bench, MODERN + ',mq=on,vectors=10', 'tap 4')
    machine.driver.ask('open queues=4')
    for n in (1, 4, 2):
        machine.driver.ask('control queues %d' % n)
    machine.driver.ask('control queues 4')
    bench.traffic(machine, SHORT, ordered=False)
    bench.closes(machine)


# Where the driver gets no time for a while, frames come before it sleeps: it has several chances.
TRIES, SIGNALS_MIN = 3, 100

# Interrupts: device, options of the port, board, own event for the configuration.
SLEEPS = (
    ('MSI-X, split', MODERN, '', 'q35', True),
    ('MSI-X, split, no event index', MODERN + ',event_idx=off', '', 'q35', True),
    ('MSI-X, packed', PACKED, '', 'q35', True),
    ('MSI-X, packed, event index', MODERN + ',packed=on', '', 'q35', True),
    ('MSI-X, two vectors', MODERN, ',msix=2', 'q35', True),
    ('MSI-X, one vector', MODERN, ',msix=1', 'q35', False),
    ('MSI-X, legacy', LEGACY, '', 'q35', True),
    ('a line, split', MODERN, ',msix=0', 'q35', False),
    ('a line, packed', PACKED, ',msix=0', 'q35', False),
    ('a line, legacy', LEGACY, ',msix=0', 'q35', False),
)


def asleep(driver):
    """300 frames that each meet a sleeping driver. Returns (what came of it, signals)."""
    before = 0
    for _ in range(TRIES):
        got = driver.ask('asleep 300')
        signals, before = got['signals'] - before, got['signals']
        if got['missed'] or signals >= SIGNALS_MIN:
            break
    return got, signals


def sleep_runner(device, options, board, own_config):
    def run(bench):
        machine = Machine(bench, device, 'dgram', board)
        machine.driver.ask('open wait=on' + options)
        got, signals = asleep(machine.driver)
        bench.point(not got['missed'] and got['good'] == 300 and signals >= SIGNALS_MIN,
                    'each of %d frames wakes, %d signals, %.1f ms each' %
                    (got['good'], signals, got['ms'] / 300), got)
        if own_config:
            for up in (False, True):
                machine.qmp('set_link', name='n0', up=up)
                woken = machine.driver.ask('config-wait 2000')['woken']
                state = machine.driver.ask('state')
                bench.point(woken == 1 and state['link_up'] == up,
                            'the link going %s wakes' % ('up' if up else 'down'), state)
        bench.traffic(machine, SHORT)
        bench.closes(machine)

    return run


def cases():
    for what, device, board in (('split', MODERN, 'q35'), ('packed', PACKED, 'q35'),
                                ('legacy', LEGACY, 'pc')):
        yield Case('control, ' + what, calls_runner(device, board))
    yield Case('announcement', announce)
    yield Case('queue pairs at run time', pairs)
    for what, *how in SLEEPS:
        yield Case('sleep: ' + what, sleep_runner(*how))
