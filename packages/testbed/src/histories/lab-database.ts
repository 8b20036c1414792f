import { Client, type QueryResultRow } from 'pg';

/** Looks at the server's database, which may be away at any time. */
export class LabDatabase {
  readonly #socketFolder: string;
  #client: Client | undefined;

  constructor(socketFolder: string) {
    this.#socketFolder = socketFolder;
  }

  /** @throws when the database does not answer within seconds */
  async rows<T extends QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    try {
      this.#client ??= await this.#connect();
      return (await this.#client.query<T>(text, values)).rows;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => undefined);
  }

  async #connect(): Promise<Client> {
    const client = new Client({ host: this.#socketFolder, port: 5432, user: 'lava', database: 'lava', application_name: 'fault histories', connectionTimeoutMillis: 2000, query_timeout: 2000 });
    // The server's restart takes its database along; the next look opens a new session.
    client.on('error', () => { if (this.#client === client) this.#client = undefined; });
    await client.connect();
    return client;
  }
}
