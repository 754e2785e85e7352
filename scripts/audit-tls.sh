#!/bin/sh
# Audits a new server's TLS with testssl and sslscan, before and after it reloads its certificate. Fails on any finding that
# is not expected below. Takes about two minutes; nothing leaves this machine.
#
#     npm run build && scripts/audit-tls.sh        needs: apt install testssl.sh sslscan
set -eu

cd "$(dirname "$0")/.."
testssl=$(command -v testssl || command -v testssl.sh) || { echo 'audit-tls: install testssl.sh' >&2; exit 69; }
command -v sslscan >/dev/null || { echo 'audit-tls: install sslscan' >&2; exit 69; }

folder=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server" || true; } 2>/dev/null
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The scanners make thousands of handshakes from one address.
node dist/bin/secure-chat.js server --data "$folder/data" --host 127.0.0.1 --port 0 --per-address 1000000 \
  >"$folder/out" 2>"$folder/log" &
server=$!
# At most 30 s, on a slow machine.
for _ in $(seq 300); do
  grep -q '^join link:' "$folder/out" && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
port=$(sed -n 's|^join link: secure-chat://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$folder/out")
[ -n "$port" ] || { echo 'audit-tls: the server did not start' >&2; cat "$folder/log" >&2; exit 69; }

sslscan --no-colour --xml="$folder/sslscan.xml" "127.0.0.1:$port" >/dev/null
# Its exit code counts findings; the report is judged below.
"$testssl" --quiet --color 0 --warnings off --nodns none --openssl-timeout 10 --jsonfile "$folder/testssl.json" \
  --protocols --std --fs --server-preference --server-defaults --vulnerable "127.0.0.1:$port" >"$folder/testssl.txt" || true
kill -HUP "$server"
for _ in $(seq 300); do
  grep -q 'certificate reloaded' "$folder/log" && break
  sleep 0.1
done
sslscan --no-colour --xml="$folder/reloaded.xml" "127.0.0.1:$port" >/dev/null

node --input-type=module - "$folder" <<'JS'
import { readFileSync } from 'node:fs';

const folder = process.argv[2];
const read = (name) => readFileSync(`${folder}/${name}`, 'utf8');
let failed = false;
function check(what, ok, detail = '') {
  if (!ok) failed = true;
  console.log(`${ok ? 'ok      ' : 'NOT OK  '}${what}${ok || detail === '' ? '' : `: ${detail}`}`);
}
function same(what, found, wanted) {
  const list = [...new Set(found)].sort().join(' ');
  check(`${what}: ${wanted.toSorted().join(' ')}`, list === wanted.toSorted().join(' '), `found ${list || 'none'}`);
}

for (const name of ['sslscan.xml', 'reloaded.xml']) {
  const when = name === 'reloaded.xml' ? ' after a reload' : '';
  const all = (pattern) => [...read(name).matchAll(pattern)].map(([, value]) => value);
  same(`sslscan: protocols${when}`, all(/<protocol type="(?:ssl|tls)" version="([\d.]+)" enabled="1"/g), ['1.3']);
  same(`sslscan: ciphers${when}`, all(/<cipher [^>]*\bcipher="([^"]+)"/g), [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
  ]);
  same(`sslscan: groups${when}`, all(/<group [^>]*\bname="([^" ]+)/g), ['secp256r1', 'secp384r1', 'x25519']);
}

/** Findings of testssl that are meant to be: clients know a server by its key, and no authority stands behind it. */
const expected = new Map([
  ['cert_chain_of_trust', /self signed/],
  ['cert_revocation', /Neither CRL nor OCSP URI provided/],
  ['DNS_CAArecord', /./],
  // It looks for a web or mail server.
  ['service', /Couldn't determine service/],
]);
const findings = JSON.parse(read('testssl.json'));
const of = (id) => findings.find((finding) => finding.id === id);
for (const id of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'TLS1_2']) {
  check(`testssl: ${id} is not offered`, /^not offered/.test(of(id)?.finding ?? ''), of(id)?.finding ?? 'not tested');
}
check('testssl: TLS1_3 is offered', /^offered/.test(of('TLS1_3')?.finding ?? ''), of('TLS1_3')?.finding ?? 'not tested');
const noted = findings.filter(({ severity }) => severity !== 'OK' && severity !== 'INFO');
for (const { id, severity, finding } of noted) {
  if (expected.get(id)?.test(finding)) console.log(`expected ${id}: ${finding}`);
  else check(`testssl: ${id}`, false, `${severity}, ${finding}`);
}
check(`testssl: nothing else among ${findings.length} findings`, !failed);
process.exitCode = failed ? 1 : 0;
JS
