"""Files that tests drop on the page, as a person would."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from playwright.sync_api import JSHandle, Locator, Page

#: Chromium makes no folders of files in a script's DataTransfer: entries stand in for what it
#: makes of real ones, with the same two readers.
MAKE_TRANSFER = """({ files, folder }) => {
  const bytes = (content) => (typeof content === 'number' ? new Uint8Array(content)
    : Uint8Array.from(atob(content), (c) => c.charCodeAt(0)));
  const made = Object.entries(files).map(([path, text]) => (
    [path, new File([bytes(text)], path.split('/').at(-1))]
  ));
  const transfer = new DataTransfer();
  for (const [, file] of made) transfer.items.add(file);
  if (folder) {
    const root = { isDirectory: true, fullPath: '', inside: [] };
    for (const [path, file] of made) {
      let at = root;
      const parts = path.split('/');
      for (const [i, name] of parts.entries()) {
        const fullPath = `${at.fullPath}/${name}`;
        let entry = at.inside.find((one) => one.fullPath === fullPath);
        if (!entry) {
          entry = i === parts.length - 1
            ? { isDirectory: false, fullPath, file: (resolve) => resolve(file) }
            : { isDirectory: true, fullPath, inside: [] };
          at.inside.push(entry);
        }
        at = entry;
      }
    }
    const readable = (entry) => {
      entry.createReader = () => {
        const waiting = [...(entry.inside ?? [])];
        // A browser tells some at a time.
        return { readEntries: (resolve) => resolve(waiting.splice(0, 2)) };
      };
      entry.inside?.forEach(readable);
      return entry;
    };
    const items = root.inside.map((entry) => ({ webkitGetAsEntry: () => readable(entry) }));
    Object.defineProperty(transfer, 'items', { value: items });
  }
  return transfer;
}"""


def transfer(
    page: Page, files: Mapping[str, bytes | str | int], *, folder: bool = False
) -> JSHandle:
    """A DataTransfer of files; their paths count where it is of a folder.

    Args:
        page: Where it is to be.
        files: By path what is in them, or how many zeros.
        folder: Whether a folder is dropped.
    """
    contents = {
        path: data if isinstance(data, int) else base64.b64encode(_bytes(data)).decode()
        for path, data in files.items()
    }
    return page.evaluate_handle(MAKE_TRANSFER, {"files": contents, "folder": folder})


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def drop(target: Locator, files: Mapping[str, bytes | str | int], *, folder: bool = False) -> None:
    """Drops files on an element."""
    dropped = transfer(target.page, files, folder=folder)
    target.dispatch_event("dragover", {"dataTransfer": dropped})
    target.dispatch_event("drop", {"dataTransfer": dropped})
