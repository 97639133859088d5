import type { Device, LabelRoute } from "../model/device.ts";
import { placeAt, type LabelRow, type PlaceId } from "../model/network.ts";

/** What the places of labels need of those of their device. */
export type LabelNeeds = {
  /** Where a packet is sent to a gateway that is asked for on an interface. */
  readonly sends: (route: LabelRoute) => PlaceId;
  /** Where it is sent to the interface without asking anybody. */
  readonly lost: PlaceId;
};

/**
 * What a device does with each label (M1): to a gateway it goes with whatever labels are left; to a VRF, or back into the
 * device, only without any, and is looked up there.
 */
export function labelRows(device: Device, { sends, lost }: LabelNeeds): LabelRow[] {
  return (device.labels ?? []).map((route): LabelRow => {
    const { label, swap, because } = route;
    const common = { label, swap, because: because ? [because] : [] };
    const iface = device.ifaces.find((one) => one.name === route.iface);
    if (route.gateway !== null) {
      const next = sends(route);
      return { ...common, next, bare: next };
    }
    const bare =
      iface?.layer.kind === "vrf"
        ? placeAt.send(device.name, iface.name)
        : iface?.ownsNetworks
          ? placeAt.forward(device.name, null)
          : lost;
    return { ...common, next: lost, bare };
  });
}
