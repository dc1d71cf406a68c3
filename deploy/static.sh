#!/bin/sh
# Readies the folder of `make dist` for a host of plain files: writes into index.html where the relay is, and the
# headers of the page into _headers, which Netlify, Cloudflare Pages and others obey. Other hosts are told the same
# headers in their own way. Without a relay the page shows the demo recording and opens files.
#
#   deploy/static.sh FOLDER [https://relay.example.org]
#
# The relay has to name the page's origin in [http] allow_origins. See "The page on another host" in deploy/README.md.
set -eu
export LC_ALL=C

folder=${1:?"say which folder: deploy/static.sh FOLDER [RELAY]"}
relay=${2:-}
relay=${relay%/}
page=$folder/index.html
[ -f "$page" ] || { echo "static.sh: $page is missing; make dist writes it" >&2; exit 1; }
case $relay in
	'') origin= ;;
	*[!A-Za-z0-9.:/_%~-]*) echo "static.sh: \"$relay\" is no plain address" >&2; exit 1 ;;
	http://?* | https://?*) origin=$(printf %s "$relay" | cut -d/ -f1-3) ;;
	*) echo "static.sh: \"$relay\" does not begin with https:// (or http://)" >&2; exit 1 ;;
esac

sed "s|<meta name=\"relay\" content=\"[^\"]*\">|<meta name=\"relay\" content=\"$relay\">|" "$page" >"$page.new"
grep -q "<meta name=\"relay\" content=\"$relay\">" "$page.new" || { echo "static.sh: $page has no place for the relay" >&2; exit 1; }
mv "$page.new" "$page"

# The page's own short scripts are allowed by their hashes, as they stand in this very file.
hashes=$(awk 'BEGIN { RS = "<script" } NR > 1 {
	end = index($0, ">"); tag = substr($0, 1, end); script = substr($0, end + 1)
	if (tag ~ /src=/) next
	hash = "openssl dgst -sha256 -binary | openssl base64"
	printf "%s", substr(script, 1, index(script, "</script") - 1) | hash
	close(hash)
}' "$page" | sed "s/.*/ 'sha256-&'/" | tr -d '\n')

cat >"$folder/_headers" <<HEADERS
/*
  Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'$hashes; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'${origin:+ $origin}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
HEADERS
