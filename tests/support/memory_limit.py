"""A limit of memory for one process and its children, by a control group."""

import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# Folder, file of the limit: version 1, then version 2.
KINDS = [(ROOT / "memory", "memory.limit_in_bytes"), (ROOT, "memory.max")]


class MemoryLimit:
    """A process that goes beyond is killed by the kernel. `enforced` tells whether this machine lets us
    make such a group; if not, nothing is limited."""

    serial = 0

    def __init__(self, limit_bytes):
        MemoryLimit.serial += 1
        self.folder = None
        for parent, limit in KINDS:
            folder = parent / f"millrace-{os.getpid()}-{MemoryLimit.serial}"
            try:
                folder.mkdir()
            except OSError:
                continue
            try:
                if (folder / limit).exists():  # in other folders the kernel lets nobody make files
                    (folder / limit).write_text(str(limit_bytes))
                    self.folder = folder
                    return
            except OSError:
                pass
            folder.rmdir()

    @property
    def enforced(self):
        return self.folder is not None

    def wrap(self, command):
        """The command line that runs a command in the group, under the same process id."""
        if not self.enforced:
            return command
        return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self.folder / "cgroup.procs"), *command]

    def close(self):
        """After the processes have ended."""
        if self.enforced:
            self.folder.rmdir()
            self.folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
