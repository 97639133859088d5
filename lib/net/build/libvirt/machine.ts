import type { LinuxLink } from "../../model/linux/link.ts";
import type { DirectMode, DomainDefinition, NicDefinition } from "../../parse/libvirt/domain.ts";
import type { Unsimulated } from "../../parse/libvirt/known.ts";
import type { NetworkDefinition } from "../../parse/libvirt/network.ts";
import type { Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";

/** What libvirt keeps of a network or a machine beside its definition. */
type Kept<T> = {
  definition: T;
  readonly uuid: string;
  /** Without a kept definition it is gone once it stops. */
  persistent: boolean;
  autostart: boolean;
  /** Someone has stopped it, so that it does not start by itself. */
  stopped: boolean;
  /** The lab's file that it was read from; `null` for one that a command named. */
  file: string | null;
};

/** A network that libvirt knows. */
export type NetworkState = Kept<NetworkDefinition> & {
  /** The bridge that it makes or uses; `null` where guests share a device. */
  readonly bridge: string | null;
  active: ActiveNetwork | null;
};

export type ActiveNetwork = {
  readonly definition: NetworkDefinition;
  /** The bridge that was made for it. */
  readonly made: LinuxLink | null;
  /** How many guests share each device of the network. */
  readonly uses: Map<string, number>;
  /** The addresses that it has granted. */
  readonly leased: Set<Ip>;
};

/** A virtual machine that libvirt knows. */
export type DomainState = Kept<DomainDefinition> & {
  /** As the next start plugs them in, each with its MAC address. */
  nics: readonly Nic[];
  running: RunningDomain | null;
};

export type Nic = NicDefinition & { readonly mac: string };

export type RunningDomain = {
  readonly name: string;
  readonly because: Span;
  readonly cards: Card[];
  /** How many cards were ever plugged in: the next one's number. */
  plugged: number;
  readonly unsimulated: readonly Unsimulated[];
};

/** A network card of a machine that runs. */
export type Card = {
  /** As the machine calls it: eth0, eth1, … in the order of the XML. */
  readonly name: string;
  readonly nic: Nic;
  readonly plug: Plug;
  isLinked: boolean;
  readonly unsimulated: readonly Unsimulated[];
};

/** What a card is plugged into. */
export type Plug =
  /** The machine's end of a cable, on a bridge, on a switch, or on nothing. */
  | { readonly kind: "tap"; readonly link: LinuxLink; readonly onSwitch: boolean }
  /** A share of a device (macvtap): the frames of one MAC address, `link` being its name on the host. */
  | {
      readonly kind: "direct";
      readonly link: LinuxLink;
      readonly parent: LinuxLink;
      readonly mode: DirectMode;
      /** The MAC address that the device had before. */
      readonly mac: string;
    }
  | { readonly kind: "nothing" };

/** Thrown where libvirt refuses, in its words; the command or the start that wanted it tells. */
export class LibvirtRefused {
  readonly said: string;
  readonly at: Span;
  constructor(said: string, at: Span) {
    this.said = said;
    this.at = at;
  }
}
