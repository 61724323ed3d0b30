"""Files with tasks of the user's own: known here, and sent to the page for its workers."""

import sys
from collections.abc import Sequence
from pathlib import Path

from websim import TaskError
from websim.browser.messages import TaskFile
from websim.registry import task_class
from websim.tasks import own
from websim_server.errors import OpenError


class TaskFiles:
    """Keeps the registered tasks up to date with their files.

    Args:
        paths: the files.

    Raises:
        OpenError: one cannot be read, fails or registers nothing; names the line.
    """

    def __init__(self, paths: Sequence[Path] = ()):
        self._paths = paths
        try:
            self._files = self._read()
            for file in self._files:
                for id in own.define(file.code, file.name):
                    own.try_out(task_class(id), file.name)
        except OSError as error:
            raise OpenError(f"{error.filename} cannot be read: {error.strerror}") from None
        except (TaskError, UnicodeDecodeError) as error:
            raise OpenError(str(error)) from None

    def read(self) -> list[TaskFile]:
        """The files as they are now: a page that is loaded again gets what was edited meanwhile.

        What is wrong with it is printed; the page's workers tell it, too.
        """
        try:
            files = self._read()
            if files != self._files:
                self._files = files
                for file in files:
                    own.define(file.code, file.name)
        except (OSError, TaskError, UnicodeDecodeError) as error:
            print(f"websim: {error}", file=sys.stderr, flush=True)
        return self._files

    def _read(self) -> list[TaskFile]:
        return [TaskFile(name=path.name, code=path.read_text()) for path in self._paths]
