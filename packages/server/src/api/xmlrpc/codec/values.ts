/** What an XML-RPC value can be. Numbers without a fraction are `<int>`, or `<i8>` beyond 32 bits. */
export type XmlRpcValue =
  | null | boolean | number | bigint | string | Double | Date | Uint8Array
  | readonly XmlRpcValue[] | ReadonlyMap<string, XmlRpcValue> | XmlRpcStruct;

/** Members that are undefined are left out. */
export interface XmlRpcStruct { readonly [name: string]: XmlRpcValue | undefined }

/** A `<double>`, which stays one although its value may be whole. */
export class Double {
  readonly value: number;

  constructor(value: number) { this.value = value; }
}

/** An answer that says no: a number and a text that clients know. */
export class Fault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
