import { formatAddress } from './address.js';
import { ListenerError, type ListenerErrorCode } from './errors.js';

/** What the operating system said when a port could not be bound, in our words. */
export function bindError(host: string, port: number, cause: unknown): ListenerError {
  const where = formatAddress(host, port);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [name, detail] = BIND_ERRORS[code] ?? ['listen_failed', 'could not be bound'];
  return new ListenerError(name, `${where} ${detail}`, { cause });
}

const BIND_ERRORS: Readonly<Record<string, readonly [ListenerErrorCode, string]>> = {
  EADDRINUSE: ['address_in_use', 'is already in use'],
  EADDRNOTAVAIL: ['address_unavailable', 'is not an address of this machine'],
  EAFNOSUPPORT: ['address_unavailable', 'belongs to an address family this machine does not have'],
  EINVAL: ['address_unavailable', 'is not an address a port can be bound on'],
  EACCES: ['permission_denied', 'may not be bound by this process'],
  EPERM: ['permission_denied', 'may not be bound by this process'],
};
