/**
 * Creates self-signed server certificates (RFC 5280). Knows keys and host names, not files.
 *
 * forge writes the DER; node:crypto signs, because forge has no ECDSA.
 */
import { type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type forge from 'node-forge';
// @ts-expect-error: has no types of its own. All of forge takes ten times as long to load.
import untypedAsn1 from 'node-forge/lib/asn1.js';
import { dayMs } from './certificate-facts.js';
import { canonicalHost } from './endpoint.js';
import { kindOf, pinOf, spkiOf } from './key.js';

interface CertificateRequest {
  /** P-256, another NIST curve or RSA. */
  readonly key: KeyObject;
  /** Names and addresses, at least one; the first is the common name. */
  readonly hosts: readonly string[];
  /** Validity from `now` on, 1 to 3650. */
  readonly days: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const daysMax = 3650;
// Backdated for clients whose clock is slow.
const backdateMs = 60 * 60 * 1000;
// RFC 5280 appendix A, ub-common-name.
const commonNameLength = 64;

const asn1: typeof forge.asn1 = untypedAsn1;
type Node = forge.asn1.Asn1;

const oids = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
} as const;

/**
 * A certificate in PEM: not a CA, for servers only, with a random serial number. Its subject key identifier
 * is the SHA-256 of the key (RFC 7093 section 2, method 4), which is the pin.
 * @throws RangeError for no hosts, an invalid host, days out of range or an unsupported key type
 */
export function createCertificate({ key, hosts, days, now }: CertificateRequest): string {
  const kind = kindOf(key);
  if (kind === undefined) throw new RangeError('certificates need an EC or RSA key');
  if (!Number.isInteger(days) || days < 1 || days > daysMax)
    throw new RangeError(`days must be 1 to ${daysMax}`);
  const names = hosts.map(hostOrThrow);
  const algorithm = kind === 'ec' ? sequence(oid(oids.ecdsaWithSha256)) : rsaAlgorithm();
  const name = distinguishedName(names);
  const signed = sequence(
    tagged(0, primitive(asn1.Type.INTEGER, '\x02')),
    primitive(asn1.Type.INTEGER, serial()),
    algorithm,
    name,
    sequence(time(now - backdateMs), time(now + days * dayMs)),
    name,
    asn1.fromDer(binary(spkiOf(key))),
    tagged(3, sequence(...extensions(key, names))),
  );
  const signature = sign('sha256', der(signed), key);
  const certificate = sequence(signed, algorithm, bitString(0, binary(signature)));
  return new X509Certificate(der(certificate)).toString();
}

function hostOrThrow(host: string): string {
  const canonical = canonicalHost(host);
  if (canonical === undefined) throw new RangeError('a host must be a DNS name or an IP address');
  return canonical;
}

function extensions(key: KeyObject, hosts: readonly string[]): Node[] {
  // Bit 0 is digitalSignature, bit 2 keyEncipherment (RSA only); unused bits are counted from the right.
  const usage = kindOf(key) === 'rsa' ? bitString(5, '\xa0') : bitString(7, '\x80');
  const pin = binary(Buffer.from(pinOf(key), 'base64url'));
  return [
    extension(oids.basicConstraints, sequence(), 'critical'),
    extension(oids.keyUsage, usage, 'critical'),
    extension(oids.extKeyUsage, sequence(oid(oids.serverAuth))),
    extension(oids.subjectAltName, sequence(...hosts.map(generalName))),
    extension(oids.subjectKeyIdentifier, primitive(asn1.Type.OCTETSTRING, pin)),
  ];
}

function extension(id: string, value: Node, critical?: 'critical'): Node {
  const flag = critical === undefined ? [] : [primitive(asn1.Type.BOOLEAN, '\xff')];
  return sequence(oid(id), ...flag, primitive(asn1.Type.OCTETSTRING, asn1.toDer(value).getBytes()));
}

// RFC 5280 section 4.2.1.6: dNSName is [2] IA5String, iPAddress is [7] with 4 or 16 octets.
function generalName(host: string): Node {
  if (isIPv4(host)) return context(7, String.fromCharCode(...host.split('.').map(Number)));
  return isIPv6(host) ? context(7, ipv6Octets(host)) : context(2, host);
}

function ipv6Octets(canonical: string): string {
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return String.fromCharCode(...groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function distinguishedName(hosts: readonly string[]): Node {
  const [first] = hosts;
  if (first === undefined) throw new RangeError('a certificate needs at least one host');
  const common = hosts.find((host) => host.length <= commonNameLength) ?? 'secure-chat';
  const attribute = sequence(oid(oids.commonName), primitive(asn1.Type.UTF8, common));
  return sequence(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [attribute]));
}

// RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on.
function time(ms: number): Node {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

// 128 bits; the first two are fixed so that it is positive and has full length.
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return binary(bytes);
}

function rsaAlgorithm(): Node {
  return sequence(oid(oids.sha256WithRsa), primitive(asn1.Type.NULL, ''));
}

function sequence(...items: Node[]): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, items);
}

function tagged(tag: 0 | 3, item: Node): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [item]);
}

function context(tag: 2 | 7, bytes: string): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, bytes);
}

function primitive(type: forge.asn1.Type, bytes: string): Node {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, bytes);
}

function bitString(unused: number, bytes: string): Node {
  return primitive(asn1.Type.BITSTRING, String.fromCharCode(unused) + bytes);
}

function oid(dotted: string): Node {
  return primitive(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());
}

function der(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

// forge represents bytes as strings, one byte per character.
function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
