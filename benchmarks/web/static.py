"""A Flask application that gives a body it has ready: what the server and Flask alone cost.

Served as `benchmarks.web.static:app`; `BENCH_BODY` is the file with the body.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response

app = Flask(__name__)
BODY = Path(os.environ["BENCH_BODY"]).read_bytes()


@app.get("/plan")
def plan() -> Response:
    """Return the body."""
    return Response(BODY, mimetype="application/json")
