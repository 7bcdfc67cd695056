"""A stand-in for redis-server where none is installed: ``python -m adapters.redis_stand_in --port N``, loopback, one machine only."""

from __future__ import annotations

import argparse
import logging

from fakeredis import TcpFakeServer

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve until killed. Everything is held in memory and lost at the end, as anything in Redis may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    _log.warning("no redis-server on the PATH: this stand-in serves one machine only, never production")
    with TcpFakeServer(("127.0.0.1", port), server_type="redis") as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
