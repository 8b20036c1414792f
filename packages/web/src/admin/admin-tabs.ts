export const adminTabs = ['users', 'groups', 'tokens', 'lab'] as const;
export type AdminTab = (typeof adminTabs)[number];
