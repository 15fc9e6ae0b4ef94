# SPDX-License-Identifier: BSD-3-Clause
"""A source tree as the style checks see it."""
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED_FOLDERS = re.compile(r'^(build[^/]*|\.git|.*__pycache__)(/|$)')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


@dataclass
class Function:
    path: str
    name: str
    line: int
    lines: int   # from the line with its name to the closing brace


class Tree:
    """Files below @root that are part of the product; @build: folder of a build of it, or None."""

    def __init__(self, root, build=None):
        self.root = Path(root)
        self.build = Path(build) if build else None

    @cached_property
    def files(self):
        """Relative paths: what git knows or would add; where there is no git, what is there."""
        git = subprocess.run(['git', '-C', self.root, 'ls-files', '-co', '--exclude-standard'],
                             capture_output=True, text=True, check=False)
        if git.returncode == 0:
            paths = git.stdout.split('\n')
        else:
            paths = [str(p.relative_to(self.root)) for p in self.root.rglob('*')]
        return sorted(p for p in set(paths)
                      if p and not SKIPPED_FOLDERS.match(p) and (self.root / p).is_file())

    def text(self, path):
        return (self.root / path).read_text(encoding='utf-8', errors='replace')

    def matching(self, pattern):
        """Paths that @pattern (a regular expression) matches as a whole."""
        return [p for p in self.files if re.fullmatch(pattern, p)]

    @property
    def sources(self):
        return self.matching(r'.*\.(c|h|cc)')

    @property
    def scripts(self):
        """Python and shell, by suffix or by their first line."""
        plain = [p for p in self.matching(r'(.*/)?[^.]+|\.ci/run')
                 if self.text(p).startswith('#!')]
        return sorted(set(self.matching(r'.*\.(py|sh)') + plain))

    @property
    def public_headers(self):
        return self.matching(r'lib/include/vio/[^/]+\.h')

    def includes(self, path):
        """(quoted or angled, what) of each include in @path."""
        return INCLUDE.findall(self.text(path))

    def functions(self, path):
        """Functions of a C file in kernel style: the body's braces stand alone in column 0."""
        found, lines = [], self.text(path).split('\n')
        start = None
        for i, line in enumerate(lines):
            if line == '{':
                start = i
            elif line == '}' and start is not None:
                first, name = signature(lines, start)
                found.append(Function(path, name, first + 1, i - first + 1))
                start = None
        return found


def signature(lines, brace):
    """Index of the line that begins the function whose body opens at @brace, and its name."""
    first = brace
    while first > 0 and re.match(r'[\w\s*(]', lines[first - 1]) and lines[first - 1].strip():
        first -= 1
        if re.match(r'\w', lines[first]) and '(' in lines[first]:
            break
    name = re.search(r'(\w+)\s*\(', ' '.join(lines[first:brace]))
    return first, name[1] if name else '?'


def without_comments(text):
    """C text with comments blanked."""
    return re.sub(r'/\*.*?\*/|//[^\n]*', ' ', text, flags=re.DOTALL)
