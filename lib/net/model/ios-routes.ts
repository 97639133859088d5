import type { WrittenRoute } from "./device.ts";
import { formatPrefix, type Prefix } from "./prefix.ts";

/** The static routes that an IOS device was told, by table and network. */
export class IosRoutes {
  private readonly tables = new Map<string | null, Map<string, Map<string, WrittenRoute>>>();
  size = 0;

  all(): WrittenRoute[] {
    return [...this.tables.values()].flatMap((networks) =>
      [...networks.values()].flatMap((routes) => [...routes.values()]),
    );
  }

  /** The same destination by the same way is the same route, whatever its distance. */
  add(route: WrittenRoute): void {
    const networks = this.tables.get(route.table) ?? new Map<string, Map<string, WrittenRoute>>();
    this.tables.set(route.table, networks);
    const key = formatPrefix(route.to);
    const routes = networks.get(key) ?? new Map<string, WrittenRoute>();
    networks.set(key, routes);
    const before = routes.size;
    routes.set(wayKey(route), route);
    this.size += routes.size - before;
  }

  /** Take out the routes to `to` that `gone` says; how many there were. */
  remove(table: string | null, to: Prefix, gone: (route: WrittenRoute) => boolean): number {
    const networks = this.tables.get(table);
    const routes = networks?.get(formatPrefix(to));
    if (!networks || !routes) return 0;
    const before = routes.size;
    for (const [key, route] of routes) if (gone(route)) routes.delete(key);
    if (routes.size === 0) networks.delete(formatPrefix(to));
    this.size -= before - routes.size;
    return before - routes.size;
  }

  removeTable(table: string): void {
    for (const routes of this.tables.get(table)?.values() ?? []) this.size -= routes.size;
    this.tables.delete(table);
  }
}

function wayKey({ gateway, iface, gatewayTable, action }: WrittenRoute): string {
  return `${gateway} ${iface} ${gatewayTable} ${action}`;
}
