# SPDX-License-Identifier: BSD-3-Clause
"""What a device does in the middle of things: link changes, resets, faults, death."""

import struct
import time

from bench import Run
from machine import Machine
from suite import Case

MODERN = 'disable-legacy=on'
SHORT = Run(4000)
ABOVE = 1 << 32  # where the guest has our memory


def until(ask, wanted, seconds=5):
    """Ask until the answer is as wanted; the last answer."""
    end = time.monotonic() + seconds
    answer = ask()
    while not wanted(answer) and time.monotonic() < end:
        time.sleep(0.005)
        answer = ask()
    return answer


def link(bench):
    """Down and up again, by the network's side and by the device's."""
    machine = Machine(bench, MODERN, 'dgram')
    machine.driver.ask('open ')
    for name in ('n0', 'vn'):
        for up in (False, True):
            machine.qmp('set_link', name=name, up=up)
            state = until(lambda: machine.driver.ask('state'), lambda s: s['link_up'] == up)
            bench.point(state['link_up'] == up and state['state'] == 'up',
                        'is %s by %s' % ('up' if up else 'down', name), state)
    bench.traffic(machine, SHORT)
    bench.closes(machine)


def reset_runner(device, board):
    def run(bench):
        """Close with frames on their way, and begin anew, several times."""
        machine = Machine(bench, device, 'dgram', board)
        for stop_at in (1, 100, 777):
            machine.driver.ask('open ')
            got = machine.driver.ask('traffic 100000 60 1514 200 1 %d' % stop_at)
            left = machine.driver.ask('close')
            bench.point(left == {'out': 0, 'bad_puts': 0} and not got['driver']['bad'] and
                        got['sent'] > got['driver']['good'],
                        'after %d frames, with %d on their way' %
                        (got['driver']['good'], got['sent'] - got['driver']['good']), (left, got))
            machine.driver.ask('open ')
            machine.driver.ask('drain')
            machine.driver.ask('close')
        machine.driver.ask('open ')
        bench.traffic(machine, SHORT)
        bench.closes(machine)

    return run


def device_path(qmp):
    return next(d['path'] for d in qmp('x-query-virtio') if d['name'] == 'virtio-net')


def bad_head(bench):
    """What would be a driver's mistake makes the device ask for a reset."""
    machine = Machine(bench, MODERN, 'dgram')
    machine.driver.ask('open ')
    queue = machine.qmp('x-query-virtio-queue-status',
                                path=device_path(machine.qmp), queue=1)
    with open(machine.driver.memory['memory'], 'r+b', buffering=0) as memory:
        avail = queue['vring-avail'] - ABOVE
        memory.seek(avail + 4)
        memory.write(struct.pack('<H', 0x7fff))  # a descriptor that is none
        memory.seek(avail + 2)
        memory.write(struct.pack('<H', 1))
    machine.driver.ask('kick 0')
    state = until(lambda: machine.driver.ask('state'), lambda s: s['state'] != 'up')
    bench.point(state['state'] == 'needs reset', 'the port says so', state)
    state = until(lambda: machine.driver.ask('state'), lambda s: s['state'] == 'up')
    bench.point(state['state'] == 'up', 'and comes back', state)
    bench.traffic(machine, SHORT)
    bench.closes(machine)


def killed(bench):
    """QEMU dies; the port notices, and everything comes back."""
    machine = Machine(bench, MODERN, 'dgram')
    machine.driver.ask('open ')
    machine.driver.ask('traffic 100000 60 1514 200 1 500')
    machine.qemu.kill()
    state = machine.driver.ask('state')
    bench.point(state['state'] == 'backend gone', 'the port says so', state)
    left = machine.driver.ask('close')
    bench.point(left == {'out': 0, 'bad_puts': 0}, 'closes with every buffer back', left)


def queue_reset(bench):
    """One queue is given back without the others."""
    machine = Machine(bench, MODERN, 'dgram')
    machine.driver.ask('open ')
    for index in (1, 0):
        answer = machine.driver.ask('queue-reset %d' % index)
        bench.point(answer == {}, 'queue %d' % index, answer)
    bench.closes(machine)
    machine = Machine(bench, MODERN + ',queue_reset=off', 'dgram')
    machine.driver.ask('open ')
    answer = machine.driver.refuse('queue-reset 1')
    bench.point(answer['code'] == -95, 'is refused where it was not negotiated', answer)
    bench.closes(machine)


# What the device, or the port's address, makes impossible, and what the error says.
REFUSED = (
    ('a feature that is not offered', MODERN, 'packed=on', 'VIO-DEV-01', 'packed'),
    ('a ring that is too large', MODERN, 'size=1024', 'VIO-DEV-06', '1024'),
    ('a legacy ring of another size', 'disable-modern=on', 'size=64', 'VIO-DEV-06', '64'),
    ('an MTU above the buffers', MODERN + ',host_mtu=9000', 'mrg_rxbuf=off', 'VIO-DEV-11',
     '9014'),
)


def refused_runner(device, port, code, text):
    def run(bench):
        machine = Machine(bench, device, 'dgram')
        answer = machine.driver.refuse('open ' + port)
        bench.point(answer['id'] == code and text in answer['error'], 'is refused', answer)
        machine.driver.ask('open ' + ('mtu=off' if 'mtu' in device else ''))
        bench.traffic(machine, SHORT)
        bench.closes(machine)

    return run


def cases():
    yield Case('link down and up', link)
    yield Case('reset in mid-traffic, split', reset_runner(MODERN, 'q35'))
    yield Case('reset in mid-traffic, packed',
               reset_runner(MODERN + ',packed=on,event_idx=off', 'q35'))
    yield Case('reset in mid-traffic, legacy', reset_runner('disable-modern=on', 'pc'))
    yield Case('a device that needs a reset', bad_head)
    yield Case('a device that dies', killed)
    yield Case('reset of a queue', queue_reset)
    for what, device, port, code, text in REFUSED:
        yield Case('refused: ' + what, refused_runner(device, port, code, text))
