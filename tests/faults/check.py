"""Tries the inputs of the fault files on a service that runs with CRM_PROFILE=test:

    python3 tests/faults/check.py http://127.0.0.1:8000 [file ...]

A case is good when all its checks hold. Files that are about HTTP or about a set-up are not judged here: tests of the
project are. Ends with 1 if a case is not good. Text outside ASCII stands in the files as it is meant: do not normalise
them."""
import glob, json, os, sys, urllib.error, urllib.request

def ask(base, token, query, variables=None, raw=None):
    body = json.dumps({"query": query})[:-1] + ',"variables":' + (raw or json.dumps(variables or {})) + "}"
    head = {"content-type": "application/json", **({"authorization": "Bearer " + token} if token else {})}
    request = urllib.request.Request(base + "/graphql", data=body.encode(), headers=head)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())

def at(value, path):
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value

def filled(value, kept):
    if isinstance(value, dict):
        return {k: filled(v, kept) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, kept) for v in value]
    return kept.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value

def holds(answer, check):
    if "is" in check:
        return at(answer, check["path"]) == check["is"]
    return at(answer, check["path"]) != check["is_not"] and at(answer, "data") is not None

def set_up(base, token, fault):
    kept = {}
    for step in fault["setup"]:
        answer = ask(base, token, step["query"], filled(step.get("variables"), kept))
        for name, path in step.get("keep", {}).items():
            kept[name] = at(answer, path)
            if kept[name] is None:
                sys.exit(f"{fault['id']} {fault['name']}: the set-up failed: {answer}")
    return kept

def main():
    base, files = sys.argv[1], sys.argv[2:]
    files = files or sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.json")))
    sign_in = "mutation($i:LoginInput!){login(input:$i){token}}"
    admin = {"email": "admin@example.com", "password": "development-only"}
    token = ask(base, None, sign_in, {"i": admin})["data"]["login"]["token"]
    good = bad = 0
    for file in files:
        fault = json.load(open(file, encoding="utf-8"))
        if fault["how"] != "graphql":
            continue
        kept = set_up(base, token, fault)
        for number, case in enumerate(fault["cases"], 1):
            who = None if case.get("anonymous") else token
            answer = ask(base, who, case["query"], filled(case["variables"], kept), case.get("raw_variables"))
            is_good = all(holds(answer, check) for check in case["checks"])
            good, bad = good + is_good, bad + (not is_good)
            if not is_good:
                print(f"{fault['id']} {fault['name']}, case {number}: {json.dumps(answer, ensure_ascii=False)[:300]}")
    print(f"{good} good, {bad} faults")
    sys.exit(bad > 0)

main()
