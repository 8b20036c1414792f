import type { TcpProxy } from '../link/tcp-proxy.ts';
import type { LavaSystem } from '../system/lava-system.ts';

/** A server process of a lab: faults end it, and it is started again. */
export class LabServer {
  readonly system: LavaSystem;
  /** Its way to the database, where several servers share one. */
  readonly wayToDatabase: TcpProxy | undefined;
  readonly #environment: () => NodeJS.ProcessEnv;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(system: LavaSystem, environment: () => NodeJS.ProcessEnv, wayToDatabase?: TcpProxy) {
    this.system = system;
    this.wayToDatabase = wayToDatabase;
    this.#environment = environment;
  }

  /** Its process, if it runs. */
  get pids(): number[] {
    return this.system.server?.running ? [this.system.server.pid] : [];
  }

  /** Starts it if it does not run; one call after the other. */
  ensure(): Promise<void> {
    const starting = this.#starting.catch(() => undefined).then(async () => {
      while (!this.system.server?.running) {
        try {
          await this.system.startServer({ env: this.#environment() });
        } catch (error) {
          // Another fault may have killed it, or told it to end, while it started.
          const { signalCode, exitCode } = this.system.server!.process;
          if (signalCode === null && exitCode !== 0) throw error;
        }
      }
    });
    this.#starting = starting;
    return starting;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await this.system.server?.end(signal);
  }
}
