#!/bin/sh
# Pictures of a report: the dashboard on a desktop, a phone, a dark screen and paper, and the first pages of the workbook.
# usage: render.sh PYTHON [REPORT]   without the folder of a report the demo makes one; what is not installed is left out, and said.
set -eu
python=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 1 ]; then
    report=$(cd "$2" && pwd)
else
    "$python" -m itsm_bridge demo --out "$work/demo" >"$work/said"
    report=$(dirname "$(sed -n 's/^The workbook: *//p' "$work/said")")
fi

has() { command -v "$1" >/dev/null || { echo "$1 is not installed: no picture of the $2"; false; }; }
browse() { chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "$@" >/dev/null 2>&1; }

if has chromium dashboard; then
    page="file://$report/dashboard.html"
    # a window is never as narrow as a phone, but a frame is
    printf '<body style="margin:0"><iframe src="%s" style="border:0;width:390px;height:1600px"></iframe>' "$page" >"$work/phone.html"
    browse --window-size=1180,860 --screenshot="$here/dashboard.png" "$page"
    browse --window-size=1180,860 --force-dark-mode --blink-settings=preferredColorScheme=0 --screenshot="$here/dashboard-dark.png" "$page"
    browse --window-size=500,1600 --allow-file-access-from-files --screenshot="$here/dashboard-phone.png" "file://$work/phone.html"
    browse --no-pdf-header-footer --print-to-pdf="$work/dashboard.pdf" "$page"
    has pdftoppm "printed pages" && pdftoppm -png -r 60 -f 1 -l 4 "$work/dashboard.pdf" "$here/dashboard-page"
fi
if has soffice workbook && has pdftoppm workbook; then
    soffice --headless -env:UserInstallation="file://$work/office" --convert-to pdf --outdir "$work" "$report"/*.xlsx >/dev/null 2>&1
    pdftoppm -png -r 60 -f 1 -l 3 "$work"/itsm-bridge_*.pdf "$here/workbook-page"
fi
ls -l "$here"/*.png
