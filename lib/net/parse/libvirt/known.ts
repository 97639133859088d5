import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { Element } from "./xml.ts";

/** An element that libvirt knows: where it stands, its attributes, its help, whether it is simulated. */
export type LibvirtElement = {
  /** From the root: `network/forward/nat`. */
  readonly path: string;
  readonly attributes: string;
  readonly help: string;
  /** What is below an inert or unsimulated element is of the same kind, and not looked at. */
  readonly state: "simulated" | "inert" | "unsimulated";
};

/** Something that could matter and is not simulated, and where it is said. */
export type Unsimulated = { readonly what: string; readonly span: Span };

const VLAN = (path: string): LibvirtElement[] => [
  { path: `${path}/vlan`, attributes: "trunk", help: "The VLANs of the port, on a switch that knows them", state: "simulated" },
  { path: `${path}/vlan/tag`, attributes: "id nativeMode", help: "A VLAN, and whether it is the native one", state: "simulated" },
  { path: `${path}/virtualport`, attributes: "type", help: "What kind of switch the port is on: openvswitch", state: "simulated" },
  { path: `${path}/virtualport/parameters`, attributes: "interfaceid profileid instanceid managerid typeid typeidversion", help: "Names for the port", state: "inert" },
  { path: `${path}/bandwidth`, attributes: "", help: "Rates and queues", state: "unsimulated" },
]; // prettier-ignore

/** What may stand in a network's XML (libvirt 10, formatnetwork). */
export const networkElements: readonly LibvirtElement[] = [
  { path: "network", attributes: "ipv6 trustGuestRxFilters connections", help: "A virtual network", state: "simulated" },
  { path: "network/name", attributes: "", help: "Its name", state: "simulated" },
  { path: "network/uuid", attributes: "", help: "Its identifier", state: "simulated" },
  { path: "network/title", attributes: "", help: "A note", state: "inert" },
  { path: "network/description", attributes: "", help: "A note", state: "inert" },
  { path: "network/metadata", attributes: "", help: "Notes of other programs", state: "inert" },
  { path: "network/forward", attributes: "mode dev managed", help: "How guests reach other networks: nat, route, open, bridge, private, vepa, passthrough; without the element they do not", state: "simulated" },
  { path: "network/forward/nat", attributes: "ipv6", help: "What guests' packets look like outside", state: "simulated" },
  { path: "network/forward/nat/address", attributes: "start end", help: "Source addresses for packets that leave", state: "simulated" },
  { path: "network/forward/nat/port", attributes: "start end", help: "Source ports for packets that leave", state: "simulated" },
  { path: "network/forward/interface", attributes: "dev connections", help: "A device of the host that leads out", state: "simulated" },
  { path: "network/forward/pf", attributes: "dev", help: "A device whose virtual functions guests get", state: "unsimulated" },
  { path: "network/forward/driver", attributes: "name", help: "How a virtual function is handed on", state: "unsimulated" },
  { path: "network/forward/address", attributes: "type domain bus slot function", help: "A virtual function", state: "unsimulated" },
  { path: "network/bridge", attributes: "name stp delay zone macTableManager", help: "The bridge that guests are plugged into", state: "simulated" },
  { path: "network/mac", attributes: "address", help: "The MAC address of that bridge", state: "simulated" },
  { path: "network/mtu", attributes: "size", help: "The largest packet", state: "simulated" },
  { path: "network/domain", attributes: "name localOnly register", help: "The domain of names", state: "inert" },
  { path: "network/dns", attributes: "enable forwardPlainNames", help: "The server for names", state: "simulated" },
  { path: "network/dns/host", attributes: "ip", help: "A name", state: "inert" },
  { path: "network/dns/txt", attributes: "name value", help: "A note under a name", state: "inert" },
  { path: "network/dns/srv", attributes: "service protocol target port priority weight domain name", help: "Where a service is", state: "inert" },
  { path: "network/dns/forwarder", attributes: "addr domain", help: "Who is asked for other names", state: "inert" },
  { path: "network/ip", attributes: "address netmask prefix family localPtr", help: "An address of the host in the network", state: "simulated" },
  { path: "network/ip/tftp", attributes: "root", help: "Files for machines that start", state: "inert" },
  { path: "network/ip/dhcp", attributes: "", help: "The server for addresses", state: "simulated" },
  { path: "network/ip/dhcp/range", attributes: "start end", help: "Addresses that it leases", state: "simulated" },
  { path: "network/ip/dhcp/range/lease", attributes: "expiry unit", help: "For how long", state: "inert" },
  { path: "network/ip/dhcp/host", attributes: "mac id name ip", help: "The address of one guest", state: "simulated" },
  { path: "network/ip/dhcp/host/lease", attributes: "expiry unit", help: "For how long", state: "inert" },
  { path: "network/ip/dhcp/bootp", attributes: "file server", help: "Files for machines that start", state: "inert" },
  { path: "network/route", attributes: "family address netmask prefix gateway metric", help: "A route of the host to a network behind a guest", state: "simulated" },
  { path: "network/port", attributes: "isolated", help: "Guests do not reach each other", state: "simulated" },
  { path: "network/portgroup", attributes: "name default trustGuestRxFilters", help: "Settings that an interface asks for by name", state: "simulated" },
  ...VLAN("network/portgroup"),
  ...VLAN("network"),
]; // prettier-ignore

const NIC = "domain/devices/interface";

/** What may stand in a domain's XML (libvirt 10, formatdomain); of its devices only interfaces concern packets. */
export const domainElements: readonly LibvirtElement[] = [
  { path: "domain", attributes: "type id", help: "A virtual machine", state: "simulated" },
  { path: "domain/name", attributes: "", help: "Its name", state: "simulated" },
  { path: "domain/uuid", attributes: "", help: "Its identifier", state: "simulated" },
  { path: "domain/memory", attributes: "unit slots dumpCore", help: "Its memory, which every domain says", state: "simulated" },
  { path: "domain/os", attributes: "firmware", help: "What it starts", state: "simulated" },
  { path: "domain/os/type", attributes: "arch machine", help: "A whole machine: hvm", state: "simulated" },
  ...inert("domain/os", "loader nvram boot bootmenu bios kernel initrd cmdline dtb smbios init initarg initenv initdir inituser initgroup acpi firmware shim", "How it starts"),
  ...inert("domain", "genid title description metadata maxMemory currentMemory vcpu vcpus cputune iothreads iothreadids defaultiothread memoryBacking memtune numatune blkiotune numa resource sysinfo bootloader bootloader_args features cpu clock on_poweroff on_reboot on_crash on_lockfailure pm perf idmap keywrap seclabel launchSecurity qemu:commandline qemu:capabilities qemu:override qemu:deprecation throttlegroups", "A part of the machine that concerns no packet"),
  { path: "domain/devices", attributes: "", help: "What is plugged into it", state: "simulated" },
  ...inert("domain/devices", "emulator disk filesystem controller lease input tpm graphics video sound audio console parallel serial channel watchdog memballoon rng panic shmem memory iommu vsock crypto pstore hub redirdev redirfilter smartcard nvram", "A device that concerns no packet"),
  { path: "domain/devices/hostdev", attributes: "mode type managed sgio rawio", help: "A device of the host, which may be a network card", state: "unsimulated" },
  { path: NIC, attributes: "type trustGuestRxFilters managed", help: "A network card: network, bridge, direct, ethernet", state: "simulated" },
  { path: `${NIC}/source`, attributes: "network portgroup bridge dev mode portid", help: "What it is plugged into", state: "simulated" },
  { path: `${NIC}/mac`, attributes: "address type check currentAddress", help: "Its MAC address", state: "simulated" },
  { path: `${NIC}/target`, attributes: "dev managed", help: "The name of its other end on the host", state: "simulated" },
  { path: `${NIC}/mtu`, attributes: "size", help: "The largest packet", state: "simulated" },
  { path: `${NIC}/link`, attributes: "state", help: "Whether the cable is in", state: "simulated" },
  { path: `${NIC}/port`, attributes: "isolated", help: "Does not reach others that are isolated, too", state: "simulated" },
  { path: `${NIC}/ip`, attributes: "address family prefix peer", help: "For containers only", state: "simulated" },
  { path: `${NIC}/route`, attributes: "family address netmask prefix gateway metric", help: "For containers only", state: "simulated" },
  { path: `${NIC}/filterref`, attributes: "filter", help: "Filters of libvirt's own", state: "unsimulated" },
  { path: `${NIC}/teaming`, attributes: "type persistent", help: "Two cards as one", state: "unsimulated" },
  { path: `${NIC}/portForward`, attributes: "proto address dev", help: "Ports of the host for a card of type user", state: "unsimulated" },
  ...inert(NIC, "model driver boot address alias rom tune guest script downscript backend coalesce acpi", "A setting of the card that concerns no packet"),
  ...VLAN(NIC),
]; // prettier-ignore

function inert(path: string, names: string, help: string): LibvirtElement[] {
  return names
    .split(" ")
    .map((name) => ({ path: `${path}/${name}`, attributes: "", help, state: "inert" }));
}

/**
 * What is to be said of elements and attributes as such: libvirt reads over those that it does not know, and some of
 * those that it does know are not simulated.
 */
export function lookedOver(
  root: Element,
  known: readonly LibvirtElement[],
): { diagnostics: Diagnostic[]; unsimulated: Map<Element, Unsimulated[]> } {
  const byPath = new Map(known.map((one) => [one.path, one]));
  const diagnostics: Diagnostic[] = [];
  const unsimulated = new Map<Element, Unsimulated[]>();
  const visit = (element: Element, parent: Element, path: string): void => {
    const found = byPath.get(path);
    if (!found) {
      const what = `<${element.name}>`;
      diagnostics.push(diagnostic("libvirt-ignored", element.span, { what, where: parent.name }));
      return;
    }
    if (found.state === "inert") return;
    if (found.state === "unsimulated") {
      const what = `<${element.name}> in <${parent.name}>`;
      diagnostics.push(diagnostic("unsimulated", element.span, { what }));
      const noted = unsimulated.get(parent) ?? [];
      unsimulated.set(parent, [...noted, { what, span: element.span }]);
      return;
    }
    const names = new Set(found.attributes.split(" "));
    for (const [name, { span }] of element.attributes)
      if (!names.has(name) && !/^xmlns(:|$)/.test(name))
        diagnostics.push(
          diagnostic("libvirt-ignored", span, { what: `${name}="…"`, where: element.name }),
        );
    for (const child of element.children) visit(child, element, `${path}/${child.name}`);
  };
  visit(root, root, root.name);
  return { diagnostics, unsimulated };
}
