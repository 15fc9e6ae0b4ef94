#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Do the bursts in libvio.a have the barriers of lib/base/atomics.h, and no others? TAP.

    VIO_BUILD=build/arm64 tests/barriers/run.py aarch64

The machine code is read, since a test on one machine can't see what another one may reorder.
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/harness'))

from proc import ProcError, output_of  # pylint: disable=wrong-import-position
from suite import Tap, missing, skip_all  # pylint: disable=wrong-import-position

BUILD = Path(os.environ.get('VIO_BUILD', TOP / 'build/gcc')).resolve()


@dataclass
class Machine:
    """Instructions of a kind of processor, as regular expressions on 'mnemonic operands'."""
    objdump: str
    packages: str
    orders: str   # whatever orders memory
    read: dict    # by layout: acquire of what tells that the device has used a buffer
    step: str     # a part of what looks for four completions of a packed ring at once
    steps: int    # parts of each step
    show: dict    # by layout: release of what shows buffers to the device
    fence: str    # full
    fenced: bool  # showing is a full fence by itself
    bell: str     # between memory and a register of the device; '': nothing is needed
    load: str
    store: str
    branch: str   # to a place that is given
    always: str   # of these, the unconditional ones
    leave: str    # return, call, or branch through a register
    enter: str    # acquire of whether a queue's gate is shut; '': a plain load is one
    go: str       # release of having been inside


MACHINES = {
    'aarch64': Machine(
        objdump='aarch64-linux-gnu-objdump', packages='binutils-aarch64-linux-gnu',
        orders=r'(dmb|dsb|isb)\b|ldap|lda|stl|ldx|stx|cas|swp|ld(add|clr|set|eor|[su]m(ax|in))',
        read={'split': r'ld(ar|apr|apur)h ', 'packed': r'ld(ar|apr|apur) [wx]'},
        step=r'ld(ar|apr|apur) x', steps=4,
        show={'split': r'stlu?rh ', 'packed': r'stlu?r x'},
        fence=r'dmb ish$', fenced=False, bell=r'dmb osh(st)?$', load=r'ld', store=r'st[^l]',
        branch=r'(b(\.\w+)?|cbn?z|tbn?z) ', always=r'b ', leave=r'(ret|br|bl|blr)\b',
        enter=r'ld(ar|apr|apur) w', go=r'stlu?r wzr'),
    'x86_64': Machine(
        objdump='objdump', packages='binutils',
        orders=r'lock |[lms]fence|xchg .*\(|cmpxchg|xadd',
        read={'split': '', 'packed': ''},
        step=r'v?movhp[sd] .*\(.*,%xmm', steps=2,  # the second of two, behind a movq
        show={'split': r'xchg %([a-ds][ixp]|r\d+w),.*\(',
              'packed': r'xchg %r([a-ds][ixp]|\d+),.*\('},
        fence=r'lock (addl|orq?l?) |mfence', fenced=True, bell='',
        load=r'$^', store=r'v?mov\w* [^(]*,.*\(',
        branch=r'j\w+ ', always=r'jmp ', leave=r'(ret|call)',
        enter='', go=''),
}

LAYOUTS = ('split', 'packed')
# What bursts do, by source and by what stands in front of the variant's name; '': all others.
DOES = {
    'rx': {'': ('read', 'show'), 'rx_': ('gate', 'read', 'show')},
    'tx': {'': ('show',), 'reclaim_': ('read',), 'tx_': ('gate', 'show')},
}
SENTENCES = {
    ('read',): 'looks for completions with acquire',
    ('show',): 'shows buffers with release, then fences',
    ('read', 'show'): 'looks for completions with acquire, shows buffers with release, then fences',
    ('gate', 'show'): 'passes the gate, shows buffers with release, then fences',
    ('gate', 'read', 'show'):
        'passes the gate, looks for completions with acquire, shows buffers with release, '
        'then fences',
}


class Function:
    """@code: (address, 'mnemonic operands') in order."""

    def __init__(self, name, code):
        self.name, self.code = name, code
        self.index = {address: i for i, (address, _) in enumerate(code)}

    def matching(self, pattern):
        return [i for i, (_, text) in enumerate(self.code) if pattern and re.match(pattern, text)]

    def after(self, i, machine):
        """Indices of what may run behind instruction @i; None: outside of the function."""
        text = self.code[i][1]
        following = [i + 1 if i + 1 < len(self.code) else None]
        if not re.match(machine.branch, text):
            return following
        target = re.search(r'([0-9a-f]+) <([^+>]+)[^>]*>$', text)
        inside = target and target[2] == self.name
        to = self.index.get(int(target[1], 16)) if inside else None
        return [to] if re.match(machine.always, text) else following + [to]

    def first_of(self, start, stop, bad, machine):
        """
        Follow each path from @start until @stop. Return: the first instruction that is @bad or
        leaves the function, '' if there is none.
        """
        todo, seen = [start], set()
        while todo:
            i = todo.pop()
            if i is None:
                return 'a branch elsewhere'
            text = self.code[i][1]
            if i in seen or re.match(stop, text):
                continue
            if re.match(bad, text):
                return text
            seen.add(i)
            todo += self.after(i, machine)
        return ''


def parse(text):
    """Disassembly of an archive. Return: {member without suffix: [Function]}."""
    members, functions, code = {}, [], None
    for line in text.splitlines():
        member = re.match(r'(?:.*_)?(\w+)\.c\.o: +file format', line)
        title = re.match(r'[0-9a-f]+ <([^>]+)>:$', line)
        insn = re.match(r' *([0-9a-f]+):\t(.*)$', line)
        if member:
            functions = members.setdefault(member[1], [])
        elif title:
            code = []
            functions.append((title[1], code))
        elif insn and code is not None:
            plain = re.sub(r'\s+(//|#\s).*$', '', insn[2])  # objdump's comments
            code.append((int(insn[1], 16), re.sub(r'\s+', ' ', plain).strip()))
    return {m: [Function(n, c) for n, c in found] for m, found in members.items()}


def check_gate(function, machine):
    """Nobody returns from behind the gate without saying so. Return: barriers, complaints."""
    enter, go = function.matching(machine.enter)[:1], function.matching(machine.go)
    if not machine.enter:
        return [], []
    if not enter:
        return go, ['no acquire where it looks at the gate']
    bad = function.first_of(enter[0] + 1, machine.go, 'ret', machine)
    return enter + go, [f'"{bad}" comes before the gate is left with release'] if bad else []


def check_hot(function, layout, does, machine):
    """What is wrong with a burst of @layout that reads or shows or both. Return: complaints."""
    gate, out = check_gate(function, machine) if 'gate' in does else ([], [])
    read = function.matching(machine.read[layout]) if 'read' in does else []
    read = [i for i in read if i not in gate]
    show = function.matching(machine.show[layout]) if 'show' in does else []
    if 'read' in does and machine.read[layout] and not read:
        out.append('no acquire where it looks for completions')
    if 'show' in does and not show:
        out.append('no release where it shows buffers')
    fences = []
    if not machine.fenced:
        fences = function.matching(machine.fence)
        for i in show:
            early = f'{machine.load}|{machine.leave}'
            bad = function.first_of(i + 1, machine.fence, early, machine)
            out += [f'"{bad}" stands between "{function.code[i][1]}" and a fence'] if bad else []
        if len(fences) > len(show):
            out.append('more fences than places that show buffers')
    for i in sorted(set(function.matching(machine.orders)) - set(gate + read + show + fences)):
        out.append(f'"{function.code[i][1]}" is not needed')
    return out


def check_steps(function, layout, wide, machine):
    """Every part of a step is an acquire by itself. @wide: there has to be a step."""
    found = len(function.matching(machine.step)) if layout == 'packed' else 0
    wanted = -(-found // machine.steps) * machine.steps or machine.steps * wide
    return [f'{found} of {wanted} acquires of steps of four'] if found != wanted else []


def check_take_one(function, machine):
    return [f'no acquire for {layout} rings' for layout in LAYOUTS
            if machine.read[layout] and not function.matching(machine.read[layout])]


def check_pending(function, machine):
    """Two halfwords: the used index, and a packed descriptor's flags."""
    halfwords = machine.read['split']
    return ['no two halfwords are read with acquire'] \
        if halfwords and len(function.matching(halfwords)) < 2 else []


def check_arm(function, machine):
    """B7: the caller's last look comes after a fence, which comes after all stores."""
    out, fences = [], function.matching(machine.fence)
    if function.first_of(0, machine.fence, machine.leave, machine):
        out.append('it can return without a fence')
    for i in fences:
        bad = function.first_of(i + 1, 'ret', machine.store, machine)
        out += [f'"{bad}" comes behind the fence'] if bad else []
    return out


def check_kick(function, machine):
    """B8: the register is written behind a barrier."""
    bells = function.matching(machine.bell)
    if machine.bell and not bells:
        return ['no barrier in front of the doorbell']
    if not machine.bell and function.matching(machine.orders):
        return ['a barrier that is not needed']
    return [f'"{bad}" comes before the doorbell is rung' for bad in (
        function.first_of(i + 1, machine.store, machine.leave, machine) for i in bells) if bad]


# Functions of vring.c, what is checked, and that in words.
OTHERS = [
    ('vring_take_one', check_take_one, 'looks for completions with acquire'),
    ('vring_pending', check_pending, 'looks for completions with acquire'),
    ('vring_arm', check_arm, 'fences behind its stores, whatever the ring'),
    ('vring_kick', check_kick, 'has the barrier that its doorbell needs'),
    ('vring_kick_beside', check_kick, 'has the barrier that its doorbell needs'),
]

# Listings, what is to be said of them ('': nothing), and that in words: do the checks above see it?
A, X = 'aarch64', 'x86_64'
BURST = 'ldarh w0, [x1]; stlrh w2, [x3]; dmb ish; ldrh w0, [x1]; ret'
SEEDS = [
    (A, 'split', BURST, '', 'a split burst as it should be'),
    (A, 'packed', 'ldar w0, [x1]; stlr x2, [x3]; dmb ish; ldr w0, [x1]; ret', '',
     'a packed burst as it should be'),
    (A, 'split', BURST.replace('ldarh', 'ldrh'), 'no acquire', 'a plain look at the used index'),
    (A, 'packed', 'ldr w0, [x1]; stlr x2, [x3]; dmb ish; ret', 'no acquire',
     'a plain look at flags'),
    (A, 'split', BURST.replace('stlrh', 'strh'), 'no release', 'a plain store of the index'),
    (A, 'packed', 'ldar w0, [x1]; str x2, [x3]; dmb ish; ret', 'no release',
     'a plain store of flags'),
    (A, 'packed', BURST, 'no acquire', 'the barriers of the other layout'),
    (A, 'split', BURST.replace('dmb ish; ', ''), 'stands between', 'no fence before the look'),
    (A, 'split', BURST.replace('dmb ish;', 'dmb ishst;'), 'stands between',
     'a fence that orders stores only'),
    (A, 'split', 'ldarh w0, [x1]; stlrh w2, [x3]; ldrh w0, [x1]; dmb ish; ret', 'stands between',
     'a fence behind the look'),
    (A, 'split', 'ldarh w0, [x1]; stlrh w2, [x3]; cbz w0, 4 <f+0x4>; dmb ish; ret', '',
     'a loop in front of the fence'),
    (A, 'split', 'ldarh w0, [x1]; stlrh w2, [x3]; cbz w0, 10 <f+0x10>; dmb ish; ret',
     '"ret" stands between', 'a path round the fence'),
    (A, 'split', BURST.replace('ret', 'dmb ish; ret'), 'more fences', 'a fence too many'),
    (A, 'split', BURST.replace('ret', 'dsb sy; ret'), 'not needed', 'a stronger barrier'),
    (A, 'split', BURST.replace('ret', 'ldaddal x0, x1, [x2]; ret'), 'not needed',
     'an atomic counter'),
    (X, 'split', 'xchg %ax,0x2(%rcx); testb $0x1,(%rax); ret', '', 'a burst on x86'),
    (X, 'packed', 'xchg %rax,0x8(%rdx); mov (%rax),%eax; ret', '', 'a packed one'),
    (X, 'split', 'mov %ax,0x2(%rcx); testb $0x1,(%rax); ret', 'no release', 'no fence at all'),
    (X, 'packed', 'xchg %ax,0x8(%rdx); ret', 'no release', 'a fence of the other layout'),
    (X, 'split', 'xchg %ax,0x2(%rcx); lock addl $0x0,-0x4(%rsp); ret', 'not needed',
     'a fence too many on x86'),
]
# Likewise, of functions that are to pass a gate.
GATED = 'ldar w3, [x3]; ldarh w0, [x1]; stlrh w2, [x3]; dmb ish; stlr wzr, [x4]; ret'
GATE_SEEDS = [
    (A, 'split', GATED, '', 'a burst behind a gate'),
    (A, 'packed', 'ldar w3, [x3]; ldar w0, [x1]; stlr x2, [x3]; dmb ish; stlr wzr, [x4]; ret', '',
     'a packed one'),
    (A, 'packed', 'ldar w3, [x3]; ldr w0, [x1]; stlr x2, [x3]; dmb ish; stlr wzr, [x4]; ret',
     'no acquire where it looks for', 'a gate in place of a look at flags'),
    (A, 'split', GATED.replace('ldar w', 'ldr w'), 'at the gate', 'a plain look at the gate'),
    (A, 'split', GATED.replace('stlr w', 'str w'), 'before the gate',
     'a gate left by a plain store'),
    (A, 'split', GATED.replace('dmb', 'cbz w0, 18 <f+0x18>; dmb'), 'before the gate',
     'a way round the gate'),
]
FOUR = '; '.join(f'ldar x{n}, [x{n}]' for n in range(4))
SSE = 'movq 0x8(%rsi),%xmm0; movhps 0x18(%rsi),%xmm0; movups %xmm0,(%rdi)'
# Likewise, of functions that are to take steps.
STEP_SEEDS = [
    (A, 'packed', f'{FOUR}; ldar w5, [x5]', '', 'a step of four, and the rest one by one'),
    (A, 'packed', f'{FOUR}; {FOUR}', '', 'two steps'),
    (A, 'packed', FOUR.replace('ldar x2', 'ldr x2'), '3 of 4', 'a plain look in a step'),
    (A, 'packed', 'ldp q0, q1, [x1]; ldar w5, [x5]', '0 of 4', 'a step of plain looks'),
    (X, 'packed', f'{SSE}; {SSE}', '', 'a step with SSE'),
    (X, 'packed', f'{SSE}; movdqu 0x20(%rsi),%xmm1; movhpd %xmm1,(%rdi)', '1 of 2',
     'a look at two descriptors at once'),
]
ARM_SEEDS = [
    (A, check_arm, 'strh w0, [x1]; dmb ish; ret', '', 'arming as it should be'),
    (A, check_arm, 'strh w0, [x1]; ret', 'without a fence', 'arming without a fence'),
    (A, check_arm, 'dmb ish; strh w0, [x1]; ret', 'behind the fence', 'arming behind the fence'),
    (X, check_arm, 'mov %ax,(%rdx); je 10 <f+0x10>; lock addl $0x0,-0x4(%rsp); ret; ret',
     'without a fence', 'a way round the fence on x86'),
    (A, check_kick, 'dmb oshst; ldrb w2, [x1]; str w1, [x0]; ret', '', 'a doorbell'),
    (A, check_kick, 'ldrb w2, [x1]; str w1, [x0]; ret', 'no barrier', 'a doorbell by itself'),
    (A, check_kick, 'str w1, [x0]; dmb oshst; ret', 'before the doorbell', 'a barrier too late'),
    (A, check_take_one, 'ldarh w0, [x1]; ldr w0, [x1]; ret', 'packed', 'half of the layouts'),
    (A, check_pending, 'ldarh w0, [x1]; ldrh w0, [x1]; ret', 'no two', 'a plain look for more'),
]


def listing(text):
    return Function('f', [(4 * i, one.strip()) for i, one in enumerate(text.split(';'))])


def check_seeds(tap):
    for name, layout, text, wanted, what in SEEDS:
        found = check_hot(listing(text), layout, ('read', 'show'), MACHINES[name])
        judge_seed(tap, found, wanted, what)
    for name, layout, text, wanted, what in GATE_SEEDS:
        found = check_hot(listing(text), layout, ('gate', 'read', 'show'), MACHINES[name])
        judge_seed(tap, found, wanted, what)
    for name, layout, text, wanted, what in STEP_SEEDS:
        judge_seed(tap, check_steps(listing(text), layout, True, MACHINES[name]), wanted, what)
    for name, check, text, wanted, what in ARM_SEEDS:
        judge_seed(tap, check(listing(text), MACHINES[name]), wanted, what)


def judge_seed(tap, found, wanted, what):
    ok = any(wanted in one for one in found) if wanted else not found
    tap.point(ok, f'{what} is called {"wrong" if wanted else "right"}', '\n'.join(found))


def bursts(member):
    """
    Functions that a source makes of its table of variants. Return: for each its name, the variant,
    what it does, and whether it is to take steps of four completions.
    """
    text = (TOP / f'drivers/virtio/{member}.c').read_text()
    made = re.search(r'#define X\(name, \.\.\.\) \\\n(.*?\n)[RT]X_VARIANTS', text, re.DOTALL)
    for one in re.split(r'^\tstatic ', made[1], flags=re.MULTILINE)[1:]:
        prefix = re.search(r'(\w+)##name\(', one)
        if not prefix:  # not a function
            continue
        does = DOES[member].get(prefix[1], DOES[member][''])
        wide = '.wide = true' in one and 'read' in does
        for variant in re.findall(r'^\tX\((\w+),', text, re.MULTILINE):
            yield prefix[1] + variant, variant, does, wide and variant.startswith('packed')


def without_clone(name):
    return re.sub(r'\.(isra|constprop|part)\.\d+', '', name)


def check_bursts(tap, member, functions, machine):
    """Every burst of every variant of rx.c or tx.c."""
    made = list(bursts(member))
    tap.point(made, f'{member}.c has variants')
    for name, variant, does, wide in made:
        layout = variant.split('_')[0]
        found = [f for f in functions if without_clone(f.name) == name]
        complaints = [] if found else ['it is not there']
        for function in found:
            complaints += check_hot(function, layout, does, machine)
            if 'read' in does:
                complaints += check_steps(function, layout, wide, machine)
        tap.point(*verdict(f'{member}.c: {name}', SENTENCES[does], complaints))


def check_code(tap, members, machine):
    for member in ('rx', 'tx'):
        check_bursts(tap, member, members.get(member, []), machine)
    functions = {f.name: f for f in members.get('vring', [])}
    for name, check, sentence in OTHERS:
        found = check(functions[name], machine) if name in functions else ['it is not there']
        tap.point(*verdict(f'vring.c: {name}', sentence, found))


def verdict(where, sentence, complaints):
    return not complaints, f'{where} {sentence}', '\n'.join(complaints)


def main():
    machine = MACHINES.get(sys.argv[1])
    if not machine:
        skip_all(f'nobody has told what the barriers of {sys.argv[1]} are')
        return 0
    lacking = missing({machine.objdump: machine.packages})
    if lacking:
        skip_all(lacking)
        return 0
    tap = Tap()
    check_seeds(tap)
    try:
        text = output_of([machine.objdump, '-d', '--no-show-raw-insn', BUILD / 'libvio.a'], 50)
        check_code(tap, parse(text), machine)
    except (ProcError, OSError, subprocess.TimeoutExpired) as error:
        tap.point(False, 'the library can be read', error)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
