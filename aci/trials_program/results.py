"""The checks of a job, and the record of what a text came to."""

# mypy: ignore-errors
import os

from .checks import assertion_keys, examples_of, parsed, resolvable
from .pieces import Pieces


def result(job, number, events, killed, status):
    """Return the record of one text."""
    good, bad, messages, behaviour, lines = [], [], [], [], {}
    error = stop = ""
    ended = late = tampered_with = False
    stages = 0
    last, values = {}, {}
    imported = []
    denied = []
    for event in events:
        if "c" in event:
            (good if event["ok"] else bad).append(event["c"])
            if not event["ok"]:
                messages.append(event["m"])
            if "lines" in event:
                lines[event["c"]] = event["lines"]
                last[event["c"]] = event["last"]
            if "values" in event:
                values[event["c"]] = event["values"]
            if event.get("denied") and not event["ok"]:
                denied.append(event["c"])
        elif "e" in event:
            error = error or event["e"]
        elif "stop" in event:
            stop = stop or event["stop"]
        elif "p" in event:
            behaviour.append(event["p"])
        elif "imported" in event:
            imported = event["imported"]
        elif "stage" in event:
            stages += 1
        elif "end" in event:
            ended, late, tampered_with = True, event["late"], event["tampered"]
    expected = [name for _, name in job["asserts"]] + [e["id"] for e in job["examples"] if e["wanted"]]
    if job["script"] and not job["asserts"]:
        expected.append(job["script"])
    if job["ids"] == "pytest" or job["ids"] == "unittest":
        ran = [*good, *bad]
        wanted = job["first"] + job["rest"] if stages or not job["first"] else job["first"]
        expected += [name for name in wanted if not any(one.startswith(name) for one in ran)]
        expected += ran
    dropped = set(job["dropped"])
    passed = [name for name in dict.fromkeys(good) if name not in bad and name not in dropped]
    failed = [name for name in dict.fromkeys([*bad, *expected]) if name not in passed and name not in dropped]
    message = (messages or [""])[0] or stop or error
    if killed:
        state = killed
        message = message or {"timeout": "did not end", "starved": "got too little CPU time"}[killed]
    elif error and not messages:
        state, message = "error", error
    elif tampered_with:
        state, message = "failed", "it changes the interpreter's own functions"
    elif not ended:
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        state = "timeout" if code == 75 else "failed"
        message = message or ("did not end" if code == 75 else "the program ended itself (%d)" % code)
    elif late:
        state, message = "timeout", message or "did not end"
    elif failed or not passed:
        state = "failed"
    else:
        state = "passed"
    if state != "passed" and tampered_with:
        failed, passed = [*passed, *failed], []
    behaviour += ["did not end"] * (len(job["probes"]) - len(behaviour)) if behaviour else []
    record = {"number": number, "status": state, "passed": passed, "failed": failed, "message": message}
    record["behaviour"] = behaviour
    if lines:
        record["lines"], record["last"], record["imported"] = lines, last, imported
        record["values"] = values
    if denied:
        record["denied"] = denied
    return record


def prepare(job):
    """Find out what the checks are, from the files as they were before."""
    job.setdefault("options", [])
    job["dropped"] = []
    job["asserts"] = []
    job["pieces"] = None
    if job["script"]:
        file = os.path.join(job["root"], job["script"])
        if job["script"] == job["path"]:
            source = job["original"]
        else:
            with open(file, encoding="utf-8", errors="replace") as handle:
                source = handle.read()
        job["script_source"] = source
        tree = parsed(source)
        only = set(job["only"])
        for key, node in assertion_keys(tree).items() if tree is not None else ():
            name = "{}:{}".format(job["script"], node.lineno)
            if not only or name in only:
                job["asserts"].append((key, name))
        names = [name for _, name in job["asserts"]]
        job["asserts"] = [
            (key, name if names.count(name) == 1 else f"{name}#{at + 1}")
            for at, (key, name) in enumerate(job["asserts"])
        ]
        try:
            job["pieces"] = Pieces(job, source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    job["examples"] = examples_of(job["original"], job["path"]) if job["doctests"] else []
    job["examples"] = [
        e for e in job["examples"] if not job["only_examples"] or e["id"] in job["only_examples"]
    ]
    job["examples"] = [e for e in job["examples"] if resolvable(job, e)]
