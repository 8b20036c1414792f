import { randomBytes } from 'node:crypto';
import type { Certificate } from './certificates.ts';
import type { CertificateDirectory } from './certificate-directory.ts';
import { oldestProtocol, protocolVersion, type WorkerMessage } from './messages.ts';
import { checkProof, sharedSecret } from './proof.ts';

/** What a worker says about itself in its greeting, after its name has been proven. */
export interface Hello {
  readonly hostname: string;
  readonly version: string;
  /** Newest version of the protocol that both sides speak. */
  readonly protocol: number;
  readonly capabilities: readonly string[];
  readonly instance: string;
  /** Name of the certificate it proved to hold; undefined on plain connections. */
  readonly certificate: string | undefined;
}

/** The server's decision about a worker; `retry` false makes the worker give up. */
export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly reason: string; readonly retry?: boolean };

type Judgement =
  | { readonly challenge: string }
  | { readonly accepted: true; readonly protocol: number; readonly certificate: string | undefined; readonly key: string | undefined }
  | { readonly accepted: false; readonly reason: string; readonly retry?: boolean };

interface GreeterOptions {
  /** Both undefined on plain connections. */
  readonly own: Certificate & { secretKey: string } | undefined;
  readonly directory: CertificateDirectory | undefined;
  certificateOf(hostname: string): string | undefined | Promise<string | undefined>;
  welcome(hello: Hello): Verdict | Promise<Verdict>;
}

/** The newest version that a worker and this server both speak; undefined when there is none. */
function commonProtocol({ protocol: oldest, newest = oldest }: Pick<Extract<WorkerMessage, { type: 'HELLO' }>, 'protocol' | 'newest'>): number | undefined {
  const common = Math.min(newest, protocolVersion);
  return common >= Math.max(oldest, oldestProtocol) ? common : undefined;
}

const validHostname = /^[-_a-zA-Z0-9.]{1,255}$/;
/** Challenges that wait for their answer; the oldest is forgotten when there are more. */
const mostChallenges = 1000;

/** Judges greetings: the protocol, the form of the name, the proof that name and key belong together, the server's word. */
export class Greeter {
  readonly #options: GreeterOptions;
  #challenges = new Map<string, string>();
  #busy = new Set<string>();

  constructor(options: GreeterOptions) {
    this.#options = options;
  }

  /** Undefined: nothing to answer, as the route is being judged already, or its proof answers a challenge of the past. */
  async judge(route: Buffer, hello: Extract<WorkerMessage, { type: 'HELLO' }>): Promise<Judgement | undefined> {
    const address = route.toString('hex');
    if (this.#busy.has(address)) return undefined;
    this.#busy.add(address);
    try {
      return await this.#judge(address, hello);
    } finally {
      this.#busy.delete(address);
    }
  }

  async #judge(address: string, hello: Extract<WorkerMessage, { type: 'HELLO' }>): Promise<Judgement | undefined> {
    const { hostname } = hello;
    const protocol = commonProtocol(hello);
    if (protocol === undefined) {
      return {
        accepted: false, retry: false,
        reason: `${hostname.slice(0, 255)} using protocol v${hello.newest ?? hello.protocol} while master is using v${protocolVersion}; install the same release on both`,
      };
    }
    if (!validHostname.test(hostname) || hello.instance.length > 200) {
      return { accepted: false, retry: false, reason: 'a hostname has 1 to 255 letters, digits, dots, dashes and underscores' };
    }
    const { own, directory } = this.#options;
    let bound: { certificate: string; key: string } | undefined;
    if (own && directory) {
      const expected = this.#challenges.get(address);
      // Greetings pile up while no server is there. All of them get one challenge, and an answer that comes too late gets
      // none: two challenges on their way would each outdate the other's answer, for ever.
      if (hello.proof === undefined || hello.challenge === undefined) return { challenge: expected ?? this.#challenge(address) };
      if (hello.challenge !== expected) return undefined;
      this.#challenges.delete(address);
      const named = await this.#options.certificateOf(hostname);
      const certificate = named ?? hostname;
      const key = directory.keyOf(certificate);
      const hint = `if its certificate has another name, run on the server: lava-server manage workers update ${hostname} --certificate NAME`;
      if (key === undefined) {
        return { accepted: false, reason: `worker ${hostname} must hold the certificate ${certificate}, and there is no ${certificate}.key in the server's ${directory.path}; ${hint}` };
      }
      const proven = checkProof(sharedSecret(own, key), { challenge: hello.challenge, hostname, instance: hello.instance }, hello.proof);
      if (!proven) return { accepted: false, reason: `worker ${hostname} must hold the certificate ${certificate}, but this process uses another one; ${hint}` };
      bound = { certificate, key };
    }
    const verdict = await this.#options.welcome({
      hostname, version: hello.version, protocol, capabilities: hello.capabilities, instance: hello.instance, certificate: bound?.certificate,
    });
    return verdict.accepted ? { accepted: true, protocol, certificate: bound?.certificate, key: bound?.key } : verdict;
  }

  #challenge(address: string): string {
    const challenge = randomBytes(32).toString('base64url');
    this.#challenges.delete(address);
    this.#challenges.set(address, challenge);
    if (this.#challenges.size > mostChallenges) this.#challenges.delete(this.#challenges.keys().next().value ?? '');
    return challenge;
  }
}
