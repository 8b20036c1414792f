import { HttpError } from '../errors.ts';

/** An answer 400 that names what is wrong with each field. */
export const fieldError = (field: string, message: string) => new HttpError(400, 'bad-field', message, { body: { [field]: [message] } });

/** An answer whose body is only a message. */
export const messageError = (status: number, message: string) => new HttpError(status, 'refused', message, { body: { message } });
