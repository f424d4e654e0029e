"""Writes what `cargo deny list -f json -l crate` says as a list to be read: a crate a line."""

import json
import sys

crates = {}
for crate, found in json.load(sys.stdin).items():
    name = crate.split(" ")[0]
    crates.setdefault(name, set()).update(found["licenses"])
del crates["crm"]
for name in sorted(crates, key=str.lower):
    print(f"{name}: {', '.join(sorted(crates[name]))}")
