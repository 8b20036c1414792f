/** Reason codes that jobs can end with; docs/job-failures.md explains each. Any other `download-STATUS` may come, too. */
export const failureReasons: readonly string[] = [
  'action-shape', 'action-timeout', 'arch-missing', 'attempt-lost', 'avh-api', 'avh-instance', 'avh-model', 'avh-project', 'avh-token', 'boot-not-supported',
  'boot-without-commands', 'boot-without-method', 'bootloader-error', 'bootloader-no-prompt', 'bootloader-timeout', 'bootscript', 'bug', 'canceled',
  'canceled-again', 'cleanup-failed', 'command-failed', 'command-quoting', 'command-shape', 'command-status', 'configuration-file', 'connection-address',
  'connection-closed', 'connection-command', 'connection-command-missing', 'connection-denied', 'connection-timeout', 'constant-missing', 'container-image',
  'container-start', 'decompression', 'decompressor-missing', 'definition-from', 'definition-no-mapping', 'definition-unreadable', 'definitions-no-list',
  'deleted', 'deploy-missing', 'deploy-not-supported', 'deploy-without-to', 'device-configuration', 'device-reset', 'dispatcher-died', 'download-403',
  'download-404', 'download-500', 'download-broken', 'download-checksum', 'download-connection', 'download-key', 'download-program', 'download-size',
  'download-timeout', 'download-url', 'drive-mount', 'ended-by-admin', 'environment', 'environment-file', 'expect-role', 'failure-message', 'fastboot-failed',
  'fastboot-missing', 'flash-failed', 'flash-image-missing', 'flash-timeout', 'fvp-argument', 'git-clone', 'git-repos', 'git-timeout', 'group-key',
  'group-nack', 'group-refused', 'group-step', 'group-timeout', 'images', 'install-failed', 'installation-failed', 'installation-size', 'installation-timeout',
  'installer-files', 'interactive-command', 'interactive-failure', 'invalid-job', 'invalid-pattern', 'invalid-signal', 'invalid-yaml', 'journal-write',
  'kernel-not-started', 'kernel-panic', 'kernel-type', 'kexec-file', 'lease-expired', 'login-failed', 'login-timeout', 'menu-pattern', 'menu-selection',
  'message-too-long', 'model-timeout', 'modules-nowhere', 'nbd-serve', 'nfs-root', 'no-actions', 'no-connection', 'no-git', 'no-group-line', 'no-installation',
  'no-overlay', 'no-shell-prompt', 'nodebooter-api', 'nothing-to-run', 'overlay-debugfs', 'overlay-links', 'overlay-missing', 'overlay-name',
  'overlay-no-cpio', 'overlay-partition', 'overlay-push', 'overlay-space', 'overlays', 'password-prompt', 'pattern-too-slow', 'power-failed', 'power-timeout',
  'program-missing', 'program-not-executable', 'program-too-old', 'prompt-timeout', 'protocol-call', 'protocol-timeout', 'qemu-command', 'rclone-variables',
  'recovery-image', 'replaceable-missing', 'reserved-namespace', 'result-format', 'results-dir', 'retry-and-repeat', 'schroot-command', 'scratch-folder',
  'serial-busy', 'serial-closed', 'serial-garbage', 'serial-missing', 'serial-refused', 'serial-settings', 'serial-silent', 'serial-unreachable', 'serve-file',
  'service-from', 'setting-cache-size', 'soft-reboot-failed', 'sparse-image', 'ssh-host', 'ssh-key', 'start-failed', 'test-not-supported', 'test-raise',
  'test-set', 'test-timeout', 'tftp-folder', 'tftp-serve', 'tftp-too-large', 'uart-missing', 'udev-ended', 'unknown-action', 'unspecified', 'url-directory',
  'url-scheme', 'usb-gadget', 'usb-missing', 'usb-path', 'user-command', 'worker-disabled', 'worker-too-old',
];

/** Classes of errors, in LAVA's words, that a job may end with by itself. */
export const failureClasses: readonly string[] = ['Infrastructure', 'Configuration', 'Bug', 'Job', 'Test', 'MultinodeTimeout'];
