/** An ICMP message by type and code, as packets carry them: `dport` and `sport`. */
export type IcmpError = { readonly dport: number; readonly sport: number };

const unreachable = (code: number): IcmpError => ({ dport: 3, sport: code });

// RFC 792, RFC 1812 §5.2.7.1; by the names that filters and measurements have for them.
const ERRORS: Readonly<Record<string, IcmpError>> = {
  "net-unreachable": unreachable(0),
  "host-unreachable": unreachable(1),
  "proto-unreachable": unreachable(2),
  "port-unreachable": unreachable(3),
  "prot-unreachable": unreachable(2),
  "fragmentation-needed": unreachable(4),
  "net-prohibited": unreachable(9),
  "host-prohibited": unreachable(10),
  "admin-prohibited": unreachable(13),
  "ttl-exceeded": { dport: 11, sport: 0 },
};

/** The message that says `error`; one of no known name is that the host cannot be reached. */
export function icmpError(error: string): IcmpError {
  return ERRORS[error.replace(/^icmp-/, "")] ?? unreachable(1);
}
