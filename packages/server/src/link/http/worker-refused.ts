/** What a worker asked for is refused: the status of HTTP, and the text that LAVA's worker knows. */
export class WorkerRefused extends Error {
  override readonly name = 'WorkerRefused';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}
