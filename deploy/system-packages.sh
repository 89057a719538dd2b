#!/usr/bin/env bash
# System packages that Python packages cannot bring: text layout for WeasyPrint and Pillow (FriBidi
# orders Hebrew and Arabic for both), a browser for the tests. Installs them by apt-get as root or
# through sudo; otherwise prints what to do.
#   deploy/system-packages.sh run|test
set -euo pipefail

case "${1:-run}" in
  run) packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libfribidi0 fontconfig python3-venv) ;;
  # Chromium without its windows, at little more than half of the processor time. Playwright drives
  # it through a Node of its own, which needs libatomic. WebKit is what iPhones run; it has no mode
  # without windows, so it gets a virtual screen. Firefox speaks WebDriver BiDi itself. The
  # pooler and the proxy are for tests of installations on several machines; another program's
  # opinion of sealed PDFs, and a token with a key.
  test) packages=(chromium-headless-shell libatomic1 webkit2gtk-driver xvfb firefox-esr pgbouncer nginx-light poppler-utils libnss3-tools softhsm2) ;;
  *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  # A Python from elsewhere has venv built in; only Debian's own splits it off.
  if [ "$package" = python3-venv ] && python3 -c 'import ensurepip' 2>/dev/null; then continue; fi
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo)
else
  echo "Laudo needs these packages; install them with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
