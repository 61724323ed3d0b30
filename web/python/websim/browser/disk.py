"""Files of the browser's own disk (OPFS) as Python's: they may be larger than memory."""

import io
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_BUFFER = 1 << 20


class DiskFile(io.RawIOBase):
    """A FileSystemSyncAccessHandle."""

    def __init__(self, handle: Any) -> None:
        """Takes the handle, of a file."""
        self._handle = handle
        self._at = 0

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def writable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def seekable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See io.RawIOBase."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: int(self._handle.getSize())}
        self._at = base[whence] + offset
        return self._at

    def tell(self) -> int:
        """See io.RawIOBase."""
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """See io.RawIOBase."""
        from js import Uint8Array

        view = memoryview(buffer).cast("B")
        array = Uint8Array.new(len(view))
        count = int(self._handle.read(array, at=self._at))
        view[:count] = array.subarray(0, count).to_bytes()
        self._at += count
        return count

    def write(self, data: "ReadableBuffer") -> int:
        """See io.RawIOBase."""
        from pyodide.ffi import to_js

        count = int(self._handle.write(to_js(memoryview(data).cast("B")), at=self._at))
        self._at += count
        return count


def opened(handle: Any) -> IO[bytes]:
    """A file from its beginning, for reading and writing."""
    return cast(IO[bytes], io.BufferedRandom(DiskFile(handle), _BUFFER))
