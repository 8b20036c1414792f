import { holds } from '../../auth/permissions.ts';
import type { User } from '../../auth/users.ts';
import { Fault } from './codec/values.ts';

/** Who may call a method at all; what of its objects he may see or change is for the method to say. */
export interface Access<U extends User | null> {
  /** For the help text. */
  readonly rule: string;
  /** Returns who asks, or throws Fault. */
  admit(user: User | null): U;
}

export const anyone: Access<User | null> = { rule: 'everybody', admit: (user) => user };

export const login: Access<User> = {
  rule: 'whoever is signed in',
  admit(user) {
    if (!user) throw new Fault(401, 'Authentication with user and token required for this API.');
    return user;
  },
};

export const staff: Access<User> = {
  rule: 'staff',
  admit(asking) {
    const user = login.admit(asking);
    if (!user.isActive) throw new Fault(101, 'user is blocked');
    if (!user.isStaff && !user.isSuperuser) throw new Fault(403, 'forbidden');
    return user;
  },
};

/** Who holds a permission for everything, by Django's name: `lava_scheduler_app.add_tag`. */
export function permission(name: string): Access<User> {
  return {
    rule: `who has the permission ${name}`,
    admit(asking) {
      const user = login.admit(asking);
      if (!holds(user, name)) throw new Fault(403, `User '${user.username}' is missing permission ${name}.`);
      return user;
    },
  };
}
