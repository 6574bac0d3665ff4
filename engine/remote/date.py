"""The time on a Front End: the Date of its answer to a request that does not sign in and changes nothing."""

from __future__ import annotations

import http.client
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime

from engine.remote.settings import RemoteSettings


def date_of(settings: RemoteSettings, host: str) -> datetime | None:
    """None where it does not answer, gives no time, or is behind a proxy. The rest of its answer does not matter."""
    if settings.proxy:
        return None
    where = settings.address()
    address, port, path = settings.reached_at(host), int(where["port"]), f"/{where['path']}"
    connection: http.client.HTTPConnection
    if settings.ssl:
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
        connection = http.client.HTTPSConnection(address, port, timeout=settings.connection_timeout, context=context)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=settings.connection_timeout)
    try:
        connection.request("HEAD", path)
        return parsedate_to_datetime(connection.getresponse().headers["Date"])
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
    finally:
        connection.close()
