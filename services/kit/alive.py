"""The health check of a container: `python -m services.kit.alive backend` fails when the service does not answer.

Kubernetes asks by itself; this is for Docker and other engines, which run a command inside.
"""

import http.client
import os
import sys

from components.catalogue import CATALOGUE

_SECONDS = 4


def main(app_id: str) -> int:
    """Return 0 when `/healthz` of the service in this container answers 200, else 1."""
    port = int(os.environ.get("APP_PORT", CATALOGUE[app_id].port))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1
    except OSError as error:
        sys.stderr.write(f"{app_id} does not answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
