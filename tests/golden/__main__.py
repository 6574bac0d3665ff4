"""`python -m tests.golden`: write the golden log of this version, and what it folds to, beside this file.

Only while the version is being developed: what a released version wrote is never written again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from audit.sqlite.store import Store
from tests.audit.parts import ticking
from tests.golden.scenario import states, written

PLACE = Path(__file__).parent


def main() -> None:
    name = version("csfailover")
    if (PLACE / f"{name}.jsonl").exists() and ".dev" not in name:
        sys.exit(f"{name} is released: its golden log stays as it is.")
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log.db"
        rows = written(log)
        with Store.open(log, clock=ticking()) as store:
            folded = dict(states(store))
    (PLACE / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="ascii")
    told = json.dumps(folded, indent=1, sort_keys=True)
    (PLACE / f"{name}.states.json").write_text(told + "\n", encoding="ascii")
    print(f"{len(rows)} rows and {len(folded)} operations of {name}")


if __name__ == "__main__":
    main()
