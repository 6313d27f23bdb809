#!/bin/sh
# Sees to it that the tests find a browser: Debian's chromium, and a font with Chinese in it.
#
# Quick when both are there.  What is missing is installed by apt-get, which needs root, or sudo
# that asks for no password; where neither is to be had, it says what to install.  Then the tests
# that need a browser are skipped; with CI=true this fails instead.
set -u

missing() {
    command -v chromium >/dev/null 2>&1 || echo chromium
    [ -n "$(fc-list :lang=zh-cn family 2>/dev/null | head -n 1)" ] || echo fonts-noto-cjk
}

install() {
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif sudo -n true 2>/dev/null; then as_root="sudo -n"
    else return 1
    fi
    echo "Installing for the tests in a browser: $*" >&2
    options="-qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
    $as_root apt-get $options update >&2 &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get $options install --yes --no-install-recommends "$@" >&2
}

wanted=$(missing | tr '\n' ' ')
[ -n "$wanted" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && install $wanted; then
    wanted=$(missing | tr '\n' ' ')
    [ -n "$wanted" ] || exit 0
fi

echo "The tests in a browser need what is not here: $wanted" >&2
echo "On Debian: apt-get install $wanted (as root).  Elsewhere: Chromium on the PATH as 'chromium'" \
    "and a font with Chinese." >&2
[ "${CI:-}" != true ]
