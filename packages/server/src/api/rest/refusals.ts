import { HttpError } from '../errors.ts';

/** An answer 400 that names what is wrong with each field. */
export const fieldError = (field: string, message: string) => new HttpError(400, 'bad-field', message, { body: { [field]: [message] } });

/** An answer 400 that names what is wrong with a field as a bare text, where LAVA sends no list. */
export const fieldText = (field: string, message: string) => new HttpError(400, 'bad-field', message, { body: { [field]: message } });

/** An answer whose body is only a detail, as LAVA's is to a request that it cannot read or serve. */
export const detailError = (status: number, detail: string) => new HttpError(status, 'refused', detail, { body: { detail } });

/** An answer whose body is only a message. */
export const messageError = (status: number, message: string) => new HttpError(status, 'refused', message, { body: { message } });
