# SPDX-License-Identifier: BSD-3-Clause
"""Bad input for each check: what is wrong, the files of a small tree, and a text that the complaint
must contain. A check that lets one of these pass is broken."""

SPDX = '/* SPDX-License-Identifier: BSD-3-Clause */\n'


def include(what):
    return SPDX + f'#include {what}\n'


def long_function(lines):
    return SPDX + 'static void f(void)\n{\n' + '\t;\n' * (lines - 3) + '}\n'


PACKAGES = 'gcc   build   C compiler\n'

COUNTS_NOTHING = """
from types import SimpleNamespace
def count_tap(name, text, code):
    return SimpleNamespace(passed=0, failed=0, skipped=[], nothing_ran=[])
"""

# Name of the check's function: [(what is wrong, files, part of the complaint)].
# The file "libvio.c" is built into the tree's libvio.so.
SEEDS = {
    'layers': [
        ('base includes mem', {'lib/base/a.c': include('"../mem/m.h"'), 'lib/mem/m.h': SPDX},
         'above lib/base'),
        ('mem includes port', {'lib/mem/a.c': include('"../port/p.h"'), 'lib/port/p.h': SPDX},
         'above lib/mem'),
        ('the driver includes a transport',
         {'drivers/virtio/a.h': include('"../transport/loop/l.h"'),
          'drivers/transport/loop/l.h': SPDX}, 'above drivers/virtio'),
        ('a transport includes another',
         {'drivers/transport/a/a.c': include('"../b/b.h"'), 'drivers/transport/b/b.h': SPDX},
         "another transport's"),
        ('an app includes a private header',
         {'apps/t/a.c': include('"../../lib/base/err.h"'), 'lib/base/err.h': SPDX}, 'sees only'),
        ('a benchmark includes a private header',
         {'bench/a.c': include('"../lib/mem/mem.h"'), 'lib/mem/mem.h': SPDX}, 'sees only'),
        ('a public header includes a private one',
         {'lib/include/vio/a.h': include('"../../base/b.h"'), 'lib/base/b.h': SPDX}, 'above'),
        ('an include leads nowhere', {'lib/base/a.c': include('"b.h"')}, 'does not exist'),
    ],
    'headers_alone': [
        ('a header needs another one first', {'lib/base/a.h': SPDX + 'uint8_t f(void);\n'},
         'not complete for clang'),
    ],
    'headers_in_cpp': [
        ('a public header uses a word of C++', {'lib/include/vio/a.h': SPDX + 'int f(int new);\n'},
         'not C++'),
        ('a public header uses what only C has',
         {'lib/include/vio/a.h': SPDX + 'struct a {\n\tint n;\n\tint v[];\n};\n'}, 'not C++'),
    ],
    'function_length': [
        ('a function has 81 lines', {'lib/a.c': long_function(81)}, 'f() has 81 lines'),
    ],
    'file_length': [
        ('a file has 701 lines', {'lib/a.c': '\n' * 701}, '701 lines'),
    ],
    'line_width': [
        ('tabs count as 8 columns', {'lib/a.c': '\t' * 12 + 'a' * 5 + '\n'}, '101 columns'),
    ],
    'white_space': [
        ('a blank ends a line', {'lib/a.c': 'int a; \n'}, 'end of the line'),
        ('the last line has no end', {'lib/a.c': 'int a;'}, 'no line feed'),
    ],
    'clang_format': [
        ('blanks instead of a tab', {'lib/a.c': 'int f(void)\n{\n    return 0;\n}\n'}, 'lib/a.c'),
    ],
    'spdx_first': [
        ('a C file has no SPDX line', {'lib/a.c': 'int a;\n'}, 'lib/a.c'),
        ('a script has no SPDX line', {'scripts/a': '#!/bin/sh\nset -e\n'}, 'scripts/a'),
    ],
    'nothing_left_open': [
        ('a note to oneself', {'lib/a.c': '/* TO' + 'DO: later */\n'}, 'left open'),
    ],
    'no_foreign_paths': [
        ('a path of a build machine', {'docs/a.md': 'see /wor' + 'k/main\n'}, 'docs/a.md:1'),
    ],
    'one_specification': [
        ('an older version is cited', {'lib/a.c': '/* VIRTIO ' + '1.1, 2.6 */\n'}, 'lib/a.c:1'),
    ],
    'exported_symbols': [
        ('a symbol without vio_', {'libvio.c': 'int open_it(void) { return 0; }\n'}, 'open_it'),
        ('an exported name that no header has', {'libvio.c': 'int vio_x(void) { return 0; }\n'},
         'no public header'),
        ('a declared name that is missing',
         {'libvio.c': '', 'lib/include/vio/a.h': 'VIO_API int vio_y(void);\n'}, 'not exported'),
    ],
    'readme_example': [
        ('no program', {'README.md': 'words\n'}, 'no example'),
        ('the program calls what does not exist',
         {'README.md': '```c\nint main(void)\n{\n\treturn vio_nothing();\n}\n```\n'},
         'vio_nothing'),
    ],
    'dependencies_agree': [
        ('a package is not documented',
         {'scripts/packages': PACKAGES, 'docs/dependencies.md': 'nothing\n'}, 'gcc'),
        ('the documents give another reason',
         {'scripts/packages': PACKAGES, 'docs/dependencies.md': '| `gcc` | build | fun |\n'},
         'gcc'),
    ],
    'every_source_is_built': [
        ('a test that nobody runs',
         {'tests/unit/a.c': '', 'tests/unit/meson.build': "x = ['ab.c']\n"}, 'tests/unit/a.c'),
    ],
    'links_resolve': [
        ('a link to a file that is not there', {'README.md': '[guide](docs/guide.md)\n'},
         'docs/guide.md'),
    ],
    'named_files_exist': [
        ('a file that was moved away', {'docs/a.md': 'see `lib/base/gone.c`\n'}, 'gone.c'),
    ],
    'shell_is_valid': [
        ('an if without fi', {'scripts/a': '#!/bin/sh\nset -e\nif true\n'}, 'scripts/a'),
        ('errors are ignored', {'scripts/a': '#!/bin/sh\ntrue\n'}, 'no "set -e"'),
    ],
    'cppcheck': [
        ('a null pointer is followed',
         {'lib/a.c': 'int f(void)\n{\n\tint *p = 0;\n\treturn *p;\n}\n'}, 'nullPointer'),
    ],
    'tap_is_counted': [
        ('a crash goes uncounted', {'scripts/tap_count.py': COUNTS_NOTHING}, '-11'),
    ],
}
