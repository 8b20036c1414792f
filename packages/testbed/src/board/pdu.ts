import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type PowerCommand = 'on' | 'off' | 'cycle';

/** What a power switch does with a command; `fail` is answered with an error, `hang` never. */
type PowerAnswer = 'done' | 'fail' | 'hang';

/** A switched socket that is reached over HTTP: `POST /on`, `/off`, `/cycle`. */
export class Pdu {
  readonly #server: Server;
  #port = 0;

  private constructor(obey: (command: PowerCommand) => PowerAnswer) {
    this.#server = createServer((request, response) => {
      const command = request.url?.slice(1) ?? '';
      if (request.method !== 'POST' || !isPowerCommand(command)) { response.writeHead(404).end(); return; }
      const answer = obey(command);
      if (answer !== 'hang') response.writeHead(answer === 'done' ? 200 : 500).end();
    });
  }

  static async listen(obey: (command: PowerCommand) => PowerAnswer, port = 0): Promise<Pdu> {
    const pdu = new Pdu(obey);
    await new Promise<void>((resolve, reject) => {
      pdu.#server.once('error', reject);
      pdu.#server.listen(port, '127.0.0.1', resolve);
    });
    pdu.#port = (pdu.#server.address() as AddressInfo).port;
    return pdu;
  }

  get port(): number { return this.#port; }

  /** The command line that gives it a command; it needs nothing but Node. Ends with 1 when the switch refuses. */
  commandLine(command: PowerCommand): string {
    const ask = `fetch('http://127.0.0.1:${this.port}/${command}',{method:'POST'}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
    return `${process.execPath} -e "${ask}"`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    this.#server.closeAllConnections();
    await closed;
  }
}

const isPowerCommand = (text: string): text is PowerCommand => text === 'on' || text === 'off' || text === 'cycle';
