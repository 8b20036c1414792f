/** Version of all programs of this project, as `--version`, the greeting of the link and the APIs report it. */
export const version = '2026.11';
