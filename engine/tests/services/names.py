"""Names of members as SDK integrations have them, made apart from the engine so that the two can be held against each other."""


def uncapitalised(name):
    end = 1
    while end < len(name) and name[end].isupper() and not (end + 1 < len(name) and name[end + 1].islower()):
        end += 1
    return name[:end].lower() + name[end:]


def member(name):
    if name in ("equals", "Equals"):
        return "EqualsValue"
    if name == "NULL":
        return "Nul"
    small = uncapitalised(name)
    return small[:1].upper() + small[1:]


def action(operation):
    tail = operation[-10:]
    if len(tail) == 10 and tail[4] == "_" and tail[7] == "_" and tail.replace("_", "").isdigit():
        operation = operation[:-10]
    return uncapitalised(operation)
