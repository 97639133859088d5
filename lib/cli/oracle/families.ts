import { Chance } from "./chance.ts";
import { Draft, type Drawn } from "./draft.ts";
import { dockerChains, iptablesRules, nftRules, translations } from "./families/filtered.ts";
import { addressing, chain, policies, twoWays } from "./families/routed.ts";
import { bridges, containers, instances, macvlans, vxlans } from "./families/switched.ts";
import { ipvlans, tenantOverlays, trunks, vlanBridges, vrfs } from "./families/tagged.ts";

/** A kind of network that is drawn: how often among a hundred or so, and the kernel that it needs. */
export type Family = {
  readonly name: string;
  readonly share: number;
  readonly kernel: "host" | "uml";
  /** What a kernel needs beside namespaces, bridges and packet filters: types of links. */
  readonly needs: readonly string[];
  readonly draw: (draft: Draft) => void;
};

export const FAMILIES: readonly Family[] = [
  { name: "addressing", share: 8, kernel: "host", needs: [], draw: addressing },
  { name: "chain", share: 9, kernel: "host", needs: [], draw: chain },
  { name: "two-ways", share: 5, kernel: "host", needs: [], draw: twoWays },
  { name: "policies", share: 8, kernel: "host", needs: [], draw: policies },
  { name: "bridges", share: 9, kernel: "host", needs: [], draw: bridges },
  { name: "containers", share: 7, kernel: "host", needs: [], draw: containers },
  { name: "macvlan", share: 5, kernel: "host", needs: ["macvlan"], draw: macvlans },
  { name: "vxlan", share: 6, kernel: "host", needs: ["vxlan"], draw: vxlans },
  { name: "instances", share: 5, kernel: "host", needs: [], draw: instances },
  { name: "iptables", share: 11, kernel: "host", needs: [], draw: iptablesRules },
  { name: "nft", share: 9, kernel: "host", needs: [], draw: nftRules },
  { name: "translations", share: 8, kernel: "host", needs: [], draw: translations },
  { name: "docker-chains", share: 6, kernel: "host", needs: [], draw: dockerChains },
  { name: "vrf", share: 5, kernel: "uml", needs: ["vrf"], draw: vrfs },
  { name: "trunks", share: 6, kernel: "uml", needs: ["vlan"], draw: trunks },
  { name: "vlan-bridges", share: 2, kernel: "uml", needs: ["vlan"], draw: vlanBridges },
  { name: "ipvlan", share: 3, kernel: "uml", needs: ["ipvlan"], draw: ipvlans },
  {
    name: "tenant-overlays",
    share: 3,
    kernel: "uml",
    needs: ["vrf", "vxlan"],
    draw: tenantOverlays,
  },
];

/** Families of the recorded networks that are not drawn, and why. */
export const NOT_DRAWN: readonly (readonly [family: string, why: string])[] = [
  ["ovs-*", "no family draws them yet; the recorded networks hold the engine to them"],
  ["macvlan private on a port that sends frames back", "sets of packets carry no source MAC"],
  ["ipvlan modes l3 and l3s", "no family draws them yet"],
  ["mpls-vpn", "no family draws it yet; the recorded networks hold the engine to it"],
];

/** The network of a seed, of one of the families. The same seed and families, the same network. */
export function drawn(
  seed: number,
  families: readonly Family[],
): { family: Family; network: Drawn } {
  const chance = new Chance(seed);
  let left = chance.between(
    1,
    families.reduce((sum, one) => sum + one.share, 0),
  );
  const family = families.find((one) => (left -= one.share) <= 0)!;
  const draft = new Draft(chance);
  family.draw(draft);
  return { family, network: draft.drawn(seed, family.name) };
}
