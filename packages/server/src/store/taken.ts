/** The database refused a row because there is one of that name. */
export const isTaken = (error: unknown): boolean => (error as { code?: string } | null)?.code === '23505';
