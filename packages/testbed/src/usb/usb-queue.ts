/** What a device has for the host on one endpoint. */
export class UsbQueue {
  readonly #ready: Buffer[] = [];
  readonly #waiting: ((data: Buffer) => void)[] = [];

  push(data: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(data);
    else this.#ready.push(data);
  }

  /** The next piece, when there is one. A host that no longer waits takes none. */
  take(signal: AbortSignal): Promise<Buffer> {
    const ready = this.#ready.shift();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        const place = this.#waiting.indexOf(resolve);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(new Error('the host no longer waits'));
      }, { once: true });
    });
  }
}
