import { createHmac, createPrivateKey, createPublicKey, diffieHellman, timingSafeEqual } from 'node:crypto';
import { LavaBug } from '@lava/base';
import { decodeZ85 } from './z85.ts';

/*
 * ZeroMQ tells who may connect but not which key a message came from. So the greeting proves it: CURVE keys are X25519
 * keys, hence both sides (and nobody else) can compute the same secret from one's own secret key and the other's public
 * key; an HMAC over the server's fresh challenge shows that the sender holds the key bound to the hostname it claims.
 */

function bytesOf(key: string): string {
  const bytes = decodeZ85(key);
  if (bytes?.length !== 32) throw new LavaBug('a CURVE key must be 40 Z85 characters', { code: 'curve-key' });
  return bytes.toString('base64url');
}

/** X25519 of one side's key pair and the other side's public key, all as Z85. */
export function sharedSecret(own: { publicKey: string; secretKey: string }, otherPublicKey: string): Buffer {
  const x = bytesOf(own.publicKey);
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d: bytesOf(own.secretKey), x }, format: 'jwk' });
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: bytesOf(otherPublicKey) }, format: 'jwk' });
  return diffieHellman({ privateKey, publicKey });
}

export interface Claim {
  readonly challenge: string;
  readonly hostname: string;
  readonly instance: string;
}

/** The answer to a challenge: hex HMAC-SHA256 over the claim. */
export function proveClaim(secret: Buffer, claim: Claim): string {
  return createHmac('sha256', secret).update(JSON.stringify(['lava-link-greeting', claim.challenge, claim.hostname, claim.instance])).digest('hex');
}

/** Compares in constant time. */
export function checkProof(secret: Buffer, claim: Claim, proof: string): boolean {
  const expected = Buffer.from(proveClaim(secret, claim));
  const given = Buffer.from(proof);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
