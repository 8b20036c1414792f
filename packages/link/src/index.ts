export { isDialable } from './address.ts';
export * from './messages.ts';
export { createCertificate, formatCertificate, parseCertificate, readCertificate, readSecretCertificate, type Certificate } from './certificates.ts';
export { CertificateDirectory } from './certificate-directory.ts';
export type { Hello, Verdict } from './greeter.ts';
export { ServerEndpoint, type ServerEndpointOptions, type ServerHandlers, type Session, type SessionMessage } from './server-endpoint.ts';
export { WorkerEndpoint, type Order, type Report, type WorkerEndpointOptions, type WorkerHandlers } from './worker-endpoint.ts';
export { optionValue, readSettingsFile } from './settings-file.ts';
export * from './enrolment.ts';
