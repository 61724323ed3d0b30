"""A client that shows a response as it came: no decoding, no merged headers, no cache."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of every header of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        (value,) = self.all(name)
        return value


def fetch(address: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """Asks for a path as it is written; `accept_encoding="br"` sends that header."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        names = {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection.request(method, path, headers={"Accept-Encoding": "identity", **names})
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()
