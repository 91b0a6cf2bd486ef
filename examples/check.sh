#!/usr/bin/env bash
# Runs every example and compares what it gives with what it should give.
#
#     examples/check.sh [NAME...]
#
# An example's inputs are input.json and input-CASE.json. The output is compared with expected.json or
# expected-CASE.json, as JSON; a case that has error-CASE.txt instead fails with the error named there. What
# arguments.txt holds is put on the command line. An example with a template.yaml is run from that. The binary is
# $STEPWELL, or the newest that cargo has built.
set -euo pipefail

newest_binary() {
    local target=${CARGO_TARGET_DIR:-$(dirname "$0")/../target} newest=
    for binary in "$target"/release/stepwell "$target"/debug/stepwell; do
        if [[ -x $binary && ( -z $newest || $binary -nt $newest ) ]]; then newest=$binary; fi
    done
    if [[ -z $newest ]]; then
        echo "no stepwell binary in $target: cargo build --release" >&2
        exit 2
    fi
    echo "$newest"
}

same_json() {
    python3 -c '
import json, sys

def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except ValueError as error:
        sys.exit(f"    {path}: {error}")

expected, got = map(load, sys.argv[1:])
# As text, because 1 == 1.0 == True in Python. The order of members means nothing.
texts = [json.dumps(value, sort_keys=True) for value in (expected, got)]
if texts[0] != texts[1]:
    sys.exit(f"    expected {texts[0]}\n    got      {texts[1]}")
' "$1" "$2"
}

# check_case NAME CASE: CASE is empty, or a hyphen and the name.
check_case() {
    local name=$1 case=$2 workflow arguments=() status=0
    for workflow in "$name"/workflow.asl.json "$name"/workflow.asl.yaml --template="$name"/template.yaml; do
        if [[ -f ${workflow#--template=} ]]; then break; fi
    done
    if [[ -f $name/arguments.txt ]]; then read -ra arguments <"$name/arguments.txt"; fi
    timeout 120 "$stepwell" run "$workflow" "${arguments[@]}" --input "@$name/input$case.json" \
        >"$scratch/output" 2>"$scratch/messages" </dev/null || status=$?
    if [[ -f $name/error$case.txt ]]; then
        [[ $status -eq 1 ]] && grep -qF "$(<"$name/error$case.txt")" "$scratch/messages"
    else
        [[ $status -eq 0 ]] && same_json "$name/expected$case.json" "$scratch/output"
    fi || {
        echo "    exit status $status"
        sed 's/^/    /' "$scratch/messages"
        return 1
    }
}

stepwell=${STEPWELL:-$(newest_binary)}
stepwell=$(realpath "$stepwell")
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

passed=0 failed=0
for directory in "${@:-*}"; do
    for input in $directory/input*.json; do
        name=${input%%/*} case=${input##*/input} case=${case%.json}
        if complaint=$(check_case "$name" "$case" 2>&1); then
            echo "ok      $name$case"
            passed=$((passed + 1))
        else
            echo "FAILED  $name$case"
            echo "$complaint"
            failed=$((failed + 1))
        fi
    done
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
